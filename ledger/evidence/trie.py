"""Proofs in Ethereum's tries (yellow paper, appendix D): what a root says of a key, also "nothing".

A proof is the nodes from the root down to where the key ends, in this order, each as the bytes
whose keccak256 the node above it holds. A node of less than 32 bytes stands inside the one above
it, and is not listed. What proves that a key has no value is the place where its way ends: an empty
place of a branch, or a leaf or an extension that goes on otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from ledger.core.errors import Malformed, ProofMismatch
from ledger.core.ids import WORD, keccak256
from ledger.evidence.items import Item, decode, encode

EMPTY_ROOT: Final = keccak256(b"\x80")
"""Of a trie without any key; its proofs have no node."""
BRANCH, PAIR = 17, 2
"""Items of a node: sixteen ways and a value; or a part of the way, and where it leads."""
_ODD, _LEAF = 1, 2
_KEPT: Final = 4096
"""Nodes that are kept decoded: those near the root stand in most proofs."""


def value_at(root: bytes, key: bytes, nodes: Sequence[bytes]) -> bytes | None:
    """The value that the trie with this root has at a key; None: it has none there, which is proven
    as well. key: as the trie has it, which for accounts and slots is a hash. Raises ProofMismatch
    and Malformed, each with its code: `proof-broken` (a node is not the one that the node above it
    names), `proof-incomplete`, `proof-superfluous` (nodes behind the end), `proof-malformed`."""
    if root == EMPTY_ROOT:
        found, used = None, 0
    else:
        found, used = _walk(root, nibbles(key), nodes)
    if used != len(nodes):
        raise ProofMismatch(
            "nodes of a proof", expected=used, actual=len(nodes), code="proof-superfluous"
        )
    return found


def nibbles(data: bytes) -> tuple[int, ...]:
    """The half bytes of a key, the high one of each byte first."""
    return tuple(half for byte in data for half in divmod(byte, 16))


def unpacked(data: Item) -> tuple[tuple[int, ...], bool]:
    """The part of a way that a leaf or an extension names, and whether it is a leaf's (hex-prefix
    encoding, appendix C). Raises Malformed."""
    if not isinstance(data, bytes) or not data:
        raise _malformed("a way that is no string")
    first, *rest = nibbles(data)
    if first > _ODD | _LEAF or (not first & _ODD and rest[0] != 0):
        raise _malformed("a way with another mark")
    return tuple(rest if first & _ODD else rest[1:]), bool(first & _LEAF)


def _walk(root: bytes, way: tuple[int, ...], nodes: Sequence[bytes]) -> tuple[bytes | None, int]:
    """The value at the end of the way, and how many nodes lead there."""
    reference: Item = root
    used = 0
    while True:
        if isinstance(reference, bytes):
            node = _named(reference, nodes[used] if used < len(nodes) else None)
            used += 1
        else:
            node = _shape(reference)
        if len(node) == BRANCH:
            if not way:
                return _string(node[-1]) or None, used
            reference, way = node[way[0]], way[1:]
            if reference == b"":
                return None, used
            continue
        part, is_leaf = unpacked(node[0])
        if is_leaf:
            return _string(node[1]) if way == part else None, used
        if way[: len(part)] != part:
            return None, used
        reference, way = node[1], way[len(part) :]


def _named(reference: bytes, data: bytes | None) -> list[Item]:
    """The node that the one above names by its hash."""
    if data is None:
        raise ProofMismatch(
            "node of a proof", expected=reference, actual=None, code="proof-incomplete"
        )
    if (actual := keccak256(data)) != reference:
        raise ProofMismatch(
            "node of a proof", expected=reference, actual=actual, code="proof-broken"
        )
    return _decoded(data)


@lru_cache(maxsize=_KEPT)
def _decoded(data: bytes) -> list[Item]:
    return _shape(decode(data, "node of a trie"))


def _shape(node: Item) -> list[Item]:
    """The items of a node that has the shape of one."""
    if not isinstance(node, list) or len(node) not in (BRANCH, PAIR):
        raise _malformed("neither a branch nor a pair")
    if len(node) == BRANCH:
        for reference in node[:-1]:
            _demand_reference(reference, empty=True)
        _string(node[-1])
        return node
    part, is_leaf = unpacked(node[0])
    if is_leaf:
        if not _string(node[1]):
            raise _malformed("a leaf without a value")
    else:
        if not part:
            raise _malformed("an extension that goes nowhere")
        _demand_reference(node[1], empty=False)
    return node


def _demand_reference(item: Item, *, empty: bool) -> None:
    """What leads to another node is its hash, or the node itself where that is shorter."""
    if isinstance(item, bytes):
        fits = len(item) == WORD or (empty and not item)
    else:
        fits = len(encode(item)) < WORD
    if not fits:
        raise _malformed("a way that leads to no node")


def _string(item: Item) -> bytes:
    if not isinstance(item, bytes):
        raise _malformed("a value that is a list")
    return item


def _malformed(problem: str) -> Malformed:
    return Malformed("node of a trie", problem, code="proof-malformed")
