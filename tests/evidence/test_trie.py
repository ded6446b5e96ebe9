"""Proofs in tries: ours against an independent library, and every true proof spoiled."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
import pytest
import rlp  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st
from trie.hexary import HexaryTrie

from ledger.core.canonical import hex0x
from ledger.core.errors import EvidenceError
from ledger.core.ids import keccak256
from ledger.evidence import archive
from ledger.evidence.built import Trie
from ledger.evidence.items import Item, decode, encode
from ledger.evidence.trie import EMPTY_ROOT, value_at
from tests.core.material import flip, fuzz
from tests.evidence.conftest import Ledger, made
from tests.support.nightly import is_night

KEYS = st.one_of(
    st.binary(min_size=1, max_size=3),
    st.binary(max_size=8).map(keccak256),
)
VALUES = st.dictionaries(KEYS, st.binary(min_size=1, max_size=40), max_size=40)


def theirs(values: dict[bytes, bytes]) -> HexaryTrie:
    """The same trie, by the library."""
    made = HexaryTrie(db={})
    for key, value in values.items():
        made[key] = value
    return made


def proof_of(library: HexaryTrie, key: bytes) -> list[bytes]:
    """Its proof: the nodes that do not stand inside another one."""
    parts = library.get_proof(key)  # type: ignore[no-untyped-call]
    told = [encode([*node]) for node in parts]
    return [node for node in told if len(node) >= 32 or keccak256(node) == library.root_hash]


def says_theirs(root: bytes, key: bytes, nodes: Sequence[bytes]) -> bytes:
    """What a proof shows, by the library; b"" for nothing."""
    parsed = [decode(node, "node") for node in nodes]
    found: bytes = HexaryTrie.get_from_proof(root, key, parsed)  # type: ignore[no-untyped-call]
    return found


def says(root: bytes, key: bytes, nodes: Sequence[bytes]) -> bytes | str | None:
    """What a proof shows; its code where it shows nothing."""
    try:
        return value_at(root, key, nodes)
    except EvidenceError as error:
        assert error.code is not None
        return error.code


@settings(fuzz, max_examples=300 if is_night() else 60)  # theirs is slow
@given(VALUES, KEYS)
def test_as_an_independent_library(values: dict[bytes, bytes], other: bytes) -> None:
    """Root, what is there and what is not; both sides take the proofs of the other."""
    ours, library = Trie(values), theirs(values)
    assert ours.root == library.root_hash
    for key in (*values, other):
        nodes = ours.proof(key)
        wanted = values.get(key)
        assert value_at(ours.root, key, nodes) == wanted
        assert library.get(key) == (wanted or b"")
        if values:
            assert proof_of(library, key) == nodes
            assert says_theirs(ours.root, key, nodes) == (wanted or b"")


@fuzz
@given(VALUES.filter(bool), st.data())
def test_spoiled_proofs(values: dict[bytes, bytes], data: st.DataObject) -> None:
    trie = Trie(values)
    key = data.draw(st.sampled_from([*values, keccak256(b"nobody")]))
    nodes = trie.proof(key)
    at = data.draw(st.integers(0, len(nodes) - 1))
    bit = data.draw(st.integers(0, 8 * len(nodes[at]) - 1))
    flipped = [*nodes[:at], flip(nodes[at], bit), *nodes[at + 1 :]]
    assert says(trie.root, key, flipped) == "proof-broken"
    assert says(trie.root, key, nodes[:-1]) == "proof-incomplete"
    assert says(trie.root, key, [*nodes, nodes[-1]]) == "proof-superfluous"
    assert says(flip(trie.root, bit % 256), key, nodes) == "proof-broken"
    doubled = [*nodes[: at + 1], *nodes[at:]]
    assert says(trie.root, key, doubled) in ("proof-broken", "proof-superfluous")
    if len(nodes) > 1:
        assert says(trie.root, key, [*nodes[1:], nodes[0]]) == "proof-broken"


@fuzz
@given(VALUES.filter(bool), st.data())
def test_a_proof_is_of_one_key(values: dict[bytes, bytes], data: st.DataObject) -> None:
    """Of another key it says what is true of that key, or nothing."""
    trie = Trie(values)
    key, other = data.draw(KEYS), data.draw(st.sampled_from([*values]))
    found = says(trie.root, other, trie.proof(key))
    assert found in (values[other], "proof-broken", "proof-incomplete", "proof-superfluous")


def test_of_an_empty_trie_nothing_is_needed() -> None:
    assert Trie({}).root == EMPTY_ROOT == HexaryTrie(db={}).root_hash
    assert value_at(EMPTY_ROOT, b"key", []) is None
    assert says(EMPTY_ROOT, b"key", [b"\x80"]) == "proof-superfluous"
    assert says(keccak256(b"\xc0"), b"key", []) == "proof-incomplete"


BRANCH = [b""] * 16
LEAF = b" " + b"\x11" * 4
"""An even way of a leaf: \\x20, then the half bytes."""


@pytest.mark.parametrize(
    "node",
    [
        encode(b"a string"),
        encode([]),
        encode([LEAF]),
        encode([LEAF, b"value", b""]),
        encode([LEAF, b""]),
        encode([LEAF, [b"value"]]),
        encode([b"", b"value"]),
        encode([[LEAF], b"value"]),
        encode([b"\x40" + b"\x11" * 4, b"value"]),
        encode([b"\x21" + b"\x11" * 4, b"value"]),
        encode([b"\x00", bytes(32)]),
        encode([b"\x00\x11", b""]),
        encode([b"\x00\x11", bytes(31)]),
        encode([*BRANCH[:15], b"\x01", b""]),
        encode([*BRANCH[:15], [LEAF, b"v" * 40], b""]),
        encode([*BRANCH, [b""]]),
        encode([*BRANCH]),
        b"",
        b"\xc0\xc0",
        b"\xf8\x01\x80",
        b"\xc2\x81\x01",
        b"\xc1" * 2000,
        b"\xbf" + b"\xff" * 8,
    ],
)
def test_what_is_no_node(node: bytes) -> None:
    assert says(keccak256(node), b"\x11" * 4, [node]) == "proof-malformed"


def test_a_node_that_stands_inside_another_has_the_shape_of_one() -> None:
    insides: list[list[Item]] = [[LEAF, b""], [b"\x00", b""], [b"x"], [[b""], b"v"]]
    for inside in insides:
        node = encode([*BRANCH[:1], inside, *BRANCH[2:], b""])
        assert says(keccak256(node), b"\x11" * 4, [node]) == "proof-malformed"


def test_an_archive_of_a_real_chain(ledger: Ledger) -> None:
    """Every account, place, receipt and transaction in it, proven by the library alone from what
    the documents say, as any auditor could."""
    found = made(ledger.network, ledger.beijing.receipt(0))
    members, zeros = archive.read(found.data), 0
    state_root = rlp.decode(members["header.rlp"])[3]
    for name in [name for name in members if name.startswith("state/")]:
        told = orjson.loads(members[name])
        address = unhexed(told["address"])
        account = library_says(state_root, keccak256(address), told["accountProof"])
        assert rlp.decode(account)[2:] == [unhexed(told["storageHash"]), unhexed(told["codeHash"])]
        for place in told["storageProof"]:
            key = keccak256(unhexed(place["key"]))
            value = library_says(unhexed(told["storageHash"]), key, place["proof"])
            word = int.from_bytes(rlp.decode(value), "big") if value else 0
            assert word == int(place["value"], 16)
            zeros += not word
    assert zeros > 3, "absence is proven as well"
    for name in [name for name in members if name.startswith("blocks/")]:
        told = orjson.loads(members[name])
        header = rlp.decode(unhexed(told["header"]))
        for one in told["transactions"]:
            key = rlp.encode(one["place"])
            raw = library_says(header[4], key, one["transaction"])
            receipt = ledger.network.anvil.call("eth_getTransactionReceipt", hex0x(keccak256(raw)))
            logs = rlp.decode(library_says(header[5], key, one["receipt"])[1:])[3]
            assert [hex0x(log[2]) for log in logs] == [log["data"] for log in receipt["logs"]]


def unhexed(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def library_says(root: bytes, key: bytes, nodes: list[str]) -> bytes:
    """What a proof of a document shows, by the library."""
    if not nodes:
        assert root == HexaryTrie(db={}).root_hash
        return b""
    parsed = [rlp.decode(unhexed(node)) for node in nodes]
    found: bytes = HexaryTrie.get_from_proof(root, key, parsed)  # type: ignore[no-untyped-call]
    return found
