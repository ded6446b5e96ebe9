"""What nodes tell, read strictly where it matters and not at all where it does not."""

from typing import Any

import pytest

from ledger.chain.errors import RpcNonsense
from ledger.chain.nodes.blocks import (
    Reader,
    parse_block,
    parse_log,
    parse_receipt,
    parse_transaction,
    quantity,
)

HASH = "0x" + "ab" * 32
ADDRESS = "0x" + "cd" * 20
BLOCK: dict[str, Any] = {
    "number": "0x10",
    "hash": HASH,
    "parentHash": "0x" + "00" * 32,
    "timestamp": "0x6b0485b8",
    "baseFeePerGas": "0x3b9aca00",
    "extraData": "0x",
}
LOG: dict[str, Any] = {
    "address": ADDRESS,
    "topics": [HASH, HASH],
    "data": "0x1234",
    "blockNumber": "0x10",
    "blockHash": HASH,
    "transactionHash": HASH,
    "logIndex": "0x0",
    "removed": False,
}
RECEIPT: dict[str, Any] = {
    "transactionHash": HASH,
    "blockNumber": "0x10",
    "blockHash": HASH,
    "status": "0x1",
    "contractAddress": None,
    "gasUsed": "0x5208",
    "logs": [LOG],
}


def without(value: dict[str, Any], field: str) -> dict[str, Any]:
    return {name: item for name, item in value.items() if name != field}


def test_a_block() -> None:
    block = parse_block("node", BLOCK)
    assert (block.number, block.time, block.base_fee) == (16, 0x6B0485B8, 10**9)


@pytest.mark.parametrize(
    "change",
    [
        {"extraData": "0x" + "d8" * 97},  # clique: vanity, signers, seal
        {"extraData": "0x" + "f8" * 5000},  # QBFT with many validators
        {"extraData": None, "sealFields": ["0x", "0x"]},
        {"difficulty": "0x2", "totalDifficulty": "0x" + "ff" * 20, "nonce": None},
        {"hash": HASH.upper().replace("0X", "0x")},
    ],
)
def test_headers_of_other_engines(change: dict[str, Any]) -> None:
    assert parse_block("node", BLOCK | change) == parse_block("node", BLOCK)


@pytest.mark.parametrize(
    "block", [without(BLOCK, "baseFeePerGas"), BLOCK | {"baseFeePerGas": None}]
)
def test_networks_without_base_fee(block: dict[str, Any]) -> None:
    assert parse_block("node", block).base_fee is None


@pytest.mark.parametrize("field", ["number", "hash", "parentHash", "timestamp"])
@pytest.mark.parametrize(
    "value", [None, 1, "", "0x", "10", "0xzz", "-0x1", [], {}, True, "0x" + "f" * 65]
)
def test_bad_fields_of_a_block(field: str, value: Any) -> None:
    with pytest.raises(RpcNonsense):
        parse_block("node", BLOCK | {field: value})
    with pytest.raises(RpcNonsense):
        parse_block("node", without(BLOCK, field))


@pytest.mark.parametrize("value", [None, 1, "x", []])
def test_what_is_no_object(value: Any) -> None:
    for parse in (parse_block, parse_log, parse_receipt):
        with pytest.raises(RpcNonsense):
            parse("node", value)


def test_numbers_have_a_bound() -> None:
    assert quantity("node", "0x7fffffffffffffff") == 2**63 - 1
    with pytest.raises(RpcNonsense):
        quantity("node", "0x8000000000000000")


def test_a_log() -> None:
    log = parse_log("node", LOG)
    assert log.place == (16, 0)
    assert log.data == b"\x12\x34"
    assert log.topics == (b"\xab" * 32,) * 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("topics", HASH),
        ("topics", [HASH] * 5),
        ("topics", ["0x12"]),
        ("data", "0x123"),
        ("data", None),
        ("removed", True),
        ("blockNumber", None),  # pending
        ("blockHash", None),
        ("address", HASH),
        ("logIndex", "0"),
    ],
)
def test_bad_logs(field: str, value: Any) -> None:
    with pytest.raises(RpcNonsense):
        parse_log("node", LOG | {field: value})


def test_a_receipt() -> None:
    receipt = parse_receipt("node", RECEIPT)
    assert receipt.success
    assert receipt.contract is None
    assert receipt.logs == (parse_log("node", LOG),)
    assert not parse_receipt("node", RECEIPT | {"status": "0x0"}).success
    assert parse_receipt("node", RECEIPT | {"contractAddress": ADDRESS}).contract == ADDRESS


@pytest.mark.parametrize(
    ("field", "value"), [("status", None), ("logs", None), ("logs", [1]), ("contractAddress", 1)]
)
def test_bad_receipts(field: str, value: Any) -> None:
    with pytest.raises(RpcNonsense):
        parse_receipt("node", RECEIPT | {field: value})
    with pytest.raises(RpcNonsense):
        parse_receipt("node", without(RECEIPT, "status"))


TRANSACTION: dict[str, Any] = {
    "hash": HASH,
    "blockNumber": "0x10",
    "blockHash": HASH,
    "to": ADDRESS,
    "input": "0x0a",
    "value": "0x0",
}


def test_a_transaction() -> None:
    found = parse_transaction("node", TRANSACTION)
    assert (found.tx, found.block, found.to, found.input) == (HASH, 16, ADDRESS, b"\n")
    assert parse_transaction("node", without(TRANSACTION, "to")).to is None


@pytest.mark.parametrize("field", ["hash", "blockNumber", "blockHash", "to", "input"])
@pytest.mark.parametrize("value", [7, "", "0x0g", []])
def test_bad_transactions(field: str, value: Any) -> None:
    with pytest.raises(RpcNonsense):
        parse_transaction("node", TRANSACTION | {field: value})


def test_a_transaction_that_is_not_mined_or_another_one() -> None:
    class Node:
        name = "node"
        answer: Any = None

        def call(self, method: str, params: Any = ()) -> Any:
            assert (method, *params) == ("eth_getTransactionByHash", HASH)
            return self.answer

    node = Node()
    assert Reader(node).transaction(HASH) is None
    node.answer = TRANSACTION | {"blockHash": None}
    assert Reader(node).transaction(HASH) is None
    node.answer = TRANSACTION
    assert Reader(node).transaction(HASH) == parse_transaction("node", TRANSACTION)
    for node.answer in (TRANSACTION | {"hash": "0x" + "00" * 32}, [], "0x"):
        with pytest.raises(RpcNonsense):
            Reader(node).transaction(HASH)
