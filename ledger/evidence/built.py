"""The tries of a block, built from what a node says of all its transactions.

Nodes prove accounts and storage (`eth_getProof`), but no node proves a receipt. Whoever has all
receipts of a block builds their trie; its root is compared with that of the header, so nothing is
believed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, takewhile
from typing import Any, Final

from ledger.core.errors import CouldNotCheck
from ledger.core.ids import WORD, keccak256
from ledger.evidence.items import Item, encode, of_number
from ledger.evidence.trie import BRANCH, EMPTY_ROOT, nibbles, unpacked

_ODD, _LEAF = 1, 2
_Pairs = Sequence[tuple[tuple[int, ...], bytes]]


class Trie:
    """A trie that is there as a whole. root: its root."""

    def __init__(self, values: Mapping[bytes, bytes]) -> None:
        """values: by key; none is empty."""
        self._nodes: dict[bytes, tuple[bytes, Sequence[Item]]] = {}
        pairs = sorted((nibbles(key), value) for key, value in values.items())
        self.root = EMPTY_ROOT
        if pairs:
            top = self._node(pairs, 0)
            data = encode(top)
            self.root = keccak256(data)
            self._nodes[self.root] = data, top

    def proof(self, key: bytes) -> list[bytes]:
        """The nodes that prove what it says of a key, as `trie.value_at` takes them."""
        return [] if self.root == EMPTY_ROOT else list(self._down(nibbles(key)))

    def _down(self, way: tuple[int, ...]) -> Iterator[bytes]:
        reference: Item = self.root
        while reference:
            if isinstance(reference, bytes):
                data, node = self._nodes[reference]
                yield data
            else:
                node = reference
            if len(node) == BRANCH:
                if not way:
                    return
                reference, way = node[way[0]], way[1:]
                continue
            part, is_leaf = unpacked(node[0])
            if is_leaf or way[: len(part)] != part:
                return
            reference, way = node[1], way[len(part) :]

    def _node(self, pairs: _Pairs, at: int) -> list[Item]:
        """The node below which these keys stand, which are the same up to `at`."""
        first, last = pairs[0][0], pairs[-1][0]
        if len(pairs) == 1:
            return [_packed(first[at:], _LEAF), pairs[0][1]]
        shared = zip(first[at:], last[at:], strict=False)
        common = at + sum(1 for _ in takewhile(lambda both: both[0] == both[1], shared))
        if common > at:
            return [_packed(first[at:common], 0), self._reference(self._node(pairs, common))]
        node: list[Item] = [b""] * BRANCH
        if len(first) == at:  # the shortest of them stands first
            node[-1], pairs = pairs[0][1], pairs[1:]
        for half, below in groupby(pairs, key=lambda pair: pair[0][at]):
            node[half] = self._reference(self._node(list(below), at + 1))
        return node

    def _reference(self, node: list[Item]) -> Item:
        """How the node above names it."""
        data = encode(node)
        if len(data) < WORD:
            return node
        name = keccak256(data)
        self._nodes[name] = data, node
        return name


def _packed(part: Sequence[int], mark: int) -> bytes:
    """A part of a way with its mark (hex-prefix encoding)."""
    odd = len(part) % 2
    halves = [mark | _ODD, *part] if odd else [mark, 0, *part]
    return bytes(high << 4 | low for high, low in zip(halves[::2], halves[1::2], strict=True))


# ---- what stands in them, from what nodes say (execution-apis)

_LEGACY = ("nonce", "gasPrice", "gas", "to", "value", "input", "v", "r", "s")
_SIGNED = ("yParity", "r", "s")
_FEES = ("chainId", "nonce", "maxPriorityFeePerGas", "maxFeePerGas", "gas", "to", "value", "input")
TRANSACTIONS: Final[Mapping[int, Sequence[str]]] = {
    0: _LEGACY,
    1: ("chainId", *_LEGACY[:6], "accessList", *_SIGNED),
    2: (*_FEES, "accessList", *_SIGNED),
    3: (*_FEES, "accessList", "maxFeePerBlobGas", "blobVersionedHashes", *_SIGNED),
    4: (*_FEES, "accessList", "authorizationList", *_SIGNED),
}
"""Fields of a transaction by its type, in their order."""
_BYTES = frozenset({"to", "input"})
_AUTHORISED = ("chainId", "address", "nonce", "yParity", "r", "s")


def encode_transaction(said: Mapping[str, Any]) -> bytes:
    """A transaction as its block has it, from what a node says of it. Raises CouldNotCheck where it
    is of a type that we do not know, or says too little."""
    try:
        kind = int(said.get("type", "0x0"), 16)
        body = encode([_of_transaction(said, name) for name in TRANSACTIONS[kind]])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CouldNotCheck("block-not-provable", f"a transaction: {error!r}") from error
    return _typed(kind, body)


def encode_receipt(said: Mapping[str, Any]) -> bytes:
    """A receipt of a transaction as the trie has it, likewise."""
    try:
        kind = int(said.get("type", "0x0"), 16)
        logs: list[Item] = [
            [_bytes(one["address"]), [_bytes(t) for t in one["topics"]], _bytes(one["data"])]
            for one in said["logs"]
        ]
        used, bloom = _number(said["cumulativeGasUsed"]), _bytes(said["logsBloom"])
        body = encode([_number(said["status"]), used, bloom, logs])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CouldNotCheck("block-not-provable", f"a receipt: {error!r}") from error
    return _typed(kind, body)


def _typed(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + body if kind else body


def _of_transaction(said: Mapping[str, Any], name: str) -> Item:
    if name == "accessList":
        return [
            [_bytes(one["address"]), [_bytes(key) for key in one["storageKeys"]]]
            for one in said[name]
        ]
    if name == "blobVersionedHashes":
        return [_bytes(one) for one in said[name]]
    if name == "authorizationList":
        return [
            [_bytes(one[part]) if part == "address" else _number(one[part]) for part in _AUTHORISED]
            for one in said[name]
        ]
    if name == "to" and said[name] is None:
        return b""
    if name == "yParity":  # older nodes call it v
        return _number(said.get(name, said.get("v")))
    return _bytes(said[name]) if name in _BYTES else _number(said[name])


def _number(value: str) -> bytes:
    return of_number(int(value, 16))


def _bytes(value: str) -> bytes:
    return bytes.fromhex(value.removeprefix("0x"))
