"""Headers: of a real chain, as QBFT hashes them, and what is none."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.core.canonical import hex0x
from ledger.core.errors import Malformed, ProofMismatch
from ledger.core.ids import keccak256
from ledger.evidence.header import MAX_HEADER, encode_header, parse_header
from ledger.evidence.items import encode
from tests.evidence.conftest import Ledger

FIELDS: dict[str, Any] = {
    "parentHash": "0x" + "11" * 32,
    "sha3Uncles": "0x" + "22" * 32,
    "miner": "0x" + "33" * 20,
    "stateRoot": "0x" + "44" * 32,
    "transactionsRoot": "0x" + "55" * 32,
    "receiptsRoot": "0x" + "66" * 32,
    "logsBloom": "0x" + "00" * 256,
    "difficulty": "0x1",
    "number": "0x2a",
    "gasLimit": "0x1c9c380",
    "gasUsed": "0x0",
    "timestamp": "0x6b49d200",
    "extraData": "0x",
    "mixHash": "0x" + "77" * 32,
    "nonce": "0x" + "00" * 8,
}
"""What a node says of a block."""


def values(**changes: Any) -> list[bytes]:
    """The items of its header, spelled by hand."""
    said = {**FIELDS, **changes}
    numbers = {"difficulty", "number", "gasLimit", "gasUsed", "timestamp", "baseFeePerGas"}
    return [
        bytes.fromhex(f"{int(text, 16):x}".rjust(len(f"{int(text, 16):x}") + 1 & ~1, "0"))
        if name in numbers and int(text, 16)
        else b""
        if name in numbers
        else bytes.fromhex(text[2:])
        for name, text in said.items()
    ]


def hash_of(items: list[bytes]) -> str:
    return hex0x(keccak256(encode(items)))


def test_of_a_real_chain(ledger: Ledger) -> None:
    for number in ("0x0", "0x1", "latest"):
        said = ledger.network.anvil.call("eth_getBlockByNumber", number, False)
        header = parse_header(encode_header(said, said["hash"]))
        assert hex0x(header.hash) == said["hash"]
        assert hex0x(header.parent) == said["parentHash"]
        assert header.number == int(said["number"], 16)
        assert header.time == int(said["timestamp"], 16)
        assert hex0x(header.state_root) == said["stateRoot"]


def test_before_and_after_upgrades() -> None:
    for more in (
        {},
        {"baseFeePerGas": "0x7"},
        {"baseFeePerGas": "0x0", "withdrawalsRoot": "0x" + "88" * 32},
    ):
        assert parse_header(encode_header({**FIELDS, **more}, hash_of(values(**more)))).number == 42


def test_as_qbft_hashes_it() -> None:
    """Round 0 and no seals, whatever stands in the block."""
    validators = [bytes([n]) * 20 for n in range(1, 5)]
    seals = [bytes([n]) * 65 for n in range(1, 4)]
    told = encode([bytes(32), validators, [], b"\x02", seals])
    hashed = encode([bytes(32), validators, [], b"", []])
    wanted = hash_of(values(extraData=hex0x(hashed)))
    said = {**FIELDS, "extraData": hex0x(told)}
    assert parse_header(encode_header(said, wanted)).time == int(FIELDS["timestamp"], 16)
    for other in (encode([bytes(32), validators, [], b"\x02"]), told[:-1]):
        with pytest.raises(ProofMismatch) as caught:
            encode_header({**said, "extraData": hex0x(other)}, wanted)
        assert caught.value.code == "header-differs"


@pytest.mark.parametrize(
    "change",
    [{"stateRoot": None}, {"number": 42}, {"timestamp": "0xzz"}, {"miner": "0x12"}, {"nonce": []}],
)
def test_what_a_node_says_wrongly(change: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        encode_header({**FIELDS, **change}, hash_of(values()))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        encode(b"header"),
        encode(values()[:-1]),
        encode([*values(), *[b""] * 18]),
        encode([b"\x11" * 31, *values()[1:]]),
        encode([*values()[:8], b"\0\x2a", *values()[9:]]),
        encode([*values()[:8], b"\xff" * 8, *values()[9:]]),
        encode([*values()[:12], [b""], *values()[13:]]),
        encode([*values()[:12], bytes(MAX_HEADER), *values()[13:]]),
    ],
)
def test_what_is_none(data: bytes) -> None:
    with pytest.raises(Malformed) as caught:
        parse_header(data)
    assert caught.value.code == "proof-malformed"
