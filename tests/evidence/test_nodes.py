"""Nodes that lie about proofs, or have none: no lie reaches an archive, and none stops it while
others are there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from ledger.chain.nodes.quorum import QuorumReader
from ledger.core.errors import CouldNotCheck
from ledger.evidence.confirmed import Confirmed
from ledger.evidence.live import Live
from ledger.evidence.making import Made, final_view, make
from tests.evidence.conftest import Ledger, made
from tests.support.proxy import Fault, Proxy, error, lie, start_proxy

Change = Callable[[Any], Any]


def told(change: Change) -> Fault:
    """Another answer, where the node has one."""
    return lie(lambda params, result: result if result is None else change(result))


def with_place(change: Change) -> Change:
    """Of a proof: its first place, where there is one."""

    def changed(result: Any) -> Any:
        places = result["storageProof"]
        return {**result, "storageProof": [change(one) for one in places[:1]] + places[1:]}

    return changed


def spoiled(text: str) -> str:
    """Hex with another last digit."""
    return text[:-1] + ("0" if text[-1] != "0" else "1")


FAULTS: dict[str, tuple[str, Fault]] = {
    "another word": ("eth_getProof", told(with_place(lambda one: {**one, "value": "0x77"}))),
    "no word": ("eth_getProof", told(with_place(lambda one: {**one, "value": "0x0"}))),
    "a spoiled node": (
        "eth_getProof",
        told(with_place(lambda one: {**one, "proof": [spoiled(n) for n in one["proof"]]})),
    ),
    "no proof": ("eth_getProof", told(with_place(lambda one: {**one, "proof": []}))),
    "no places": ("eth_getProof", told(lambda result: {**result, "storageProof": []})),
    "no account": ("eth_getProof", told(lambda result: {**result, "accountProof": []})),
    "a list": ("eth_getProof", told(lambda result: [result])),
    "numbers": ("eth_getProof", told(lambda result: {**result, "balance": 7})),
    "other code": ("eth_getCode", told(spoiled)),
    "no code": ("eth_getCode", told(lambda result: "0x")),
    "another header": (
        "eth_getBlockByNumber",
        told(lambda result: {**result, "extraData": "0x77"}),
    ),
    "half a header": (
        "eth_getBlockByNumber",
        told(lambda result: {**result, "stateRoot": result["stateRoot"][:-2]}),
    ),
    "another receipt": (
        "eth_getTransactionReceipt",
        told(lambda result: {**result, "cumulativeGasUsed": "0x1"}),
    ),
    "half a receipt": (
        "eth_getTransactionReceipt",
        told(lambda result: {name: result[name] for name in result if name != "logsBloom"}),
    ),
    "no transactions": (
        "eth_getBlockByNumber",
        told(lambda result: {**result, "transactions": None}),
    ),
    "transactions without a name": (
        "eth_getBlockByNumber",
        told(lambda result: {**result, "transactions": [{"hash": 7}]}),
    ),
    "a number below zero": (
        "eth_getBlockByNumber",
        told(lambda result: {**result, "gasUsed": "-0x1"}),
    ),
    "a receipt of no type": (
        "eth_getTransactionReceipt",
        told(lambda result: {**result, "type": "0x1ff"}),
    ),
    "no receipts": ("eth_getTransactionReceipt", error(-32000, "no")),
    "no such method": ("eth_getProof", error(-32601, "the method does not exist")),
    "pruned": ("eth_getProof", error(-32000, "missing trie node: state is not available")),
}


@pytest.fixture(scope="module")
def proxies(founded: Ledger) -> Iterator[list[Proxy]]:
    with ExitStack() as stack:
        url = founded.network.anvil.url
        yield [stack.enter_context(start_proxy(url)) for _ in range(3)]


def made_by(ledger: Ledger, proxies: list[Proxy], receipt: bytes) -> Made:
    """Of three nodes, of which two must agree."""
    network = ledger.network
    file = network.with_rpc([proxy.url for proxy in proxies], 2)
    clock = network.anvil.head_time()
    with closing(QuorumReader(file, now=lambda: clock, patience=1.0)) as reader:
        return make(final_view(reader), file, [receipt])


@pytest.mark.parametrize("name", FAULTS)
def test_one_of_three(ledger: Ledger, proxies: list[Proxy], name: str) -> None:
    """The first one to be asked. The archive is that of honest nodes."""
    method, fault = FAULTS[name]
    receipt = ledger.beijing.receipt(0)
    honest = made(ledger.network, receipt)
    proxies[0].on(method, fault)
    try:
        assert made_by(ledger, proxies, receipt).data == honest.data
    finally:
        proxies[0].clear()


@pytest.mark.parametrize("name", ["another word", "no such method", "pruned", "other code"])
def test_all_of_them(ledger: Ledger, proxies: list[Proxy], name: str) -> None:
    method, fault = FAULTS[name]
    for proxy in proxies:
        proxy.on(method, fault)
    try:
        with pytest.raises(CouldNotCheck) as caught:
            made_by(ledger, proxies, ledger.beijing.receipt(0))
    finally:
        for proxy in proxies:
            proxy.clear()
    assert caught.value.code == ("node-pruned" if name == "pruned" else "no-node")


def test_a_header_that_is_not_final_is_not_confirmed(founded: Ledger) -> None:
    """Nodes have it now, and may have another one tomorrow."""
    file, clock = founded.network.file, founded.network.anvil.head_time()
    with closing(QuorumReader(file, now=lambda: clock)) as reader:
        newest, final = Live(reader.head()).header, Live(final_view(reader)).header
        assert newest.number > final.number
        nodes = Confirmed(reader)
        nodes.demand(final)
        assert nodes.knows(final)
        with pytest.raises(CouldNotCheck) as caught:
            nodes.demand(newest)
    assert caught.value.code == "unchecked"
