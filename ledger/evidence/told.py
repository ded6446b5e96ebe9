"""Blocks whose events a verdict asks for: header, and the receipts and transactions in question.

Events are no part of the state. What is in a block is proven against the hash of that block, by
proofs in the tries of its receipts and transactions. That the block is an ancestor of the header of
the archive is not proven by it: nodes said so when it was made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from ledger.chain.network import Hash32
from ledger.chain.nodes.blocks import LogEntry
from ledger.core import canonical
from ledger.core.canonical import hex0x, unhex0x
from ledger.core.errors import Malformed, ProofMismatch
from ledger.core.ids import ADDRESS_SIZE, WORD, Address, keccak256
from ledger.evidence.account import MAX_NODES, demand_few
from ledger.evidence.built import TRANSACTIONS
from ledger.evidence.header import Header, parse_header
from ledger.evidence.items import Item, decode, encode, of_number
from ledger.evidence.trie import value_at

MAX_PLACE: Final = 1 << 16
"""Transactions of a block, and events of one; blocks have some hundreds."""
_MEMBERS = {"header", "transactions"}
_ONE = {"place", "receipt", "transaction"}
_TYPED: Final = 0x80
"""Lowest first byte of a receipt without a type: that of a list."""
_STATUS, _LOGS, _PARTS = 0, 3, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldTransaction:
    """A transaction of a block. place: its number there. receipt, transaction: the nodes that prove
    both. tx: its hash. logs: the events that it made."""

    place: int
    receipt: tuple[bytes, ...]
    transaction: tuple[bytes, ...]
    tx: Hash32
    raw: bytes
    logs: tuple[LogEntry, ...]

    @property
    def calldata(self) -> bytes:
        """What it was sent with. Raises Malformed where it is of no type that we know."""
        kind = self.raw[0] if self.raw[0] < _TYPED else 0
        fields = decode(self.raw[1:] if kind else self.raw, "transaction")
        names = TRANSACTIONS.get(kind)
        if names is None or isinstance(fields, bytes) or len(fields) != len(names):
            raise Malformed("transaction", "another shape", code="proof-malformed")
        found = fields[names.index("input")]
        if not isinstance(found, bytes):
            raise Malformed("transaction", "another shape", code="proof-malformed")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldBlock:
    """A block. data: the bytes of its header."""

    data: bytes
    header: Header
    transactions: tuple[ToldTransaction, ...]


def place_of(place: int) -> bytes:
    """The key of a transaction in the tries of its block."""
    return encode(of_number(place))


def parse_told(data: bytes, most: int) -> ToldBlock:
    """The block in such a document, with every proof checked. most: bytes. Raises Malformed and
    ProofMismatch, with their codes."""
    demand_few(data, "block")
    try:
        value = canonical.parse(data, max_bytes=most, max_depth=5)
    except Malformed as error:
        raise Malformed("block", error.problem, code="proof-malformed") from error
    said = _object(value, _MEMBERS)
    raw = _hex(said["header"])
    header = parse_header(raw)
    found: list[ToldTransaction] = []
    for one in _list(said["transactions"], MAX_PLACE):
        read = _transaction(_object(one, _ONE), header)
        if found and read.place <= found[-1].place:
            raise Malformed("block", "transactions that do not ascend", code="proof-malformed")
        found.append(read)
    return ToldBlock(data=raw, header=header, transactions=tuple(found))


def encode_told(
    data: bytes, proofs: Mapping[int, tuple[Sequence[bytes], Sequence[bytes]]]
) -> bytes:
    """The document of a block: the bytes of its header; by place the nodes that prove receipt and
    transaction."""
    return canonical.encode(
        {
            "header": hex0x(data),
            "transactions": [
                {
                    "place": place,
                    "receipt": [hex0x(node) for node in receipt],
                    "transaction": [hex0x(node) for node in transaction],
                }
                for place, (receipt, transaction) in sorted(proofs.items())
            ],
        }
    )


def _transaction(said: Mapping[str, Any], header: Header) -> ToldTransaction:
    place = said["place"]
    if type(place) is not int or place >= MAX_PLACE:
        raise Malformed("block", "a place that is none", code="proof-malformed")
    key = place_of(place)
    receipt, transaction = _nodes(said["receipt"]), _nodes(said["transaction"])
    made = _there(value_at(header.receipts_root, key, receipt))
    raw = _there(value_at(header.transactions_root, key, transaction))
    tx = Hash32(hex0x(keccak256(raw)))
    logs = tuple(
        LogEntry(
            address=address,
            topics=topics,
            data=data,
            block=header.number,
            block_hash=Hash32(hex0x(header.hash)),
            tx=tx,
            index=place * MAX_PLACE + number,  # orders them as the chain does
        )
        for number, (address, topics, data) in enumerate(_logs(made))
    )
    return ToldTransaction(
        place=place, receipt=receipt, transaction=transaction, tx=tx, raw=raw, logs=logs
    )


def _there(found: bytes | None) -> bytes:
    """What must be in a trie: that a place is empty says nothing here."""
    if not found:
        raise ProofMismatch(
            "transaction of a block", expected="one", actual=None, code="proof-differs"
        )
    return found


def _logs(receipt: bytes) -> Iterable[tuple[Address, tuple[bytes, ...], bytes]]:
    """The events of a receipt as the trie has it: of a type since EIP-2718, after its number."""
    bare = receipt[1:] if receipt[0] < _TYPED else receipt
    parts = decode(bare, "receipt of a transaction")
    if not isinstance(parts, list) or len(parts) != _PARTS or not isinstance(parts[_LOGS], list):
        raise _no_receipt()
    if parts[_STATUS] != b"\x01" and parts[_LOGS]:
        raise _no_receipt()
    return [_log(one) for one in cast(list[Item], parts[_LOGS])]


def _log(item: Item) -> tuple[Address, tuple[bytes, ...], bytes]:
    match item:
        case [bytes() as address, list() as topics, bytes() as data] if (
            len(address) == ADDRESS_SIZE
        ):
            words = tuple(one for one in topics if isinstance(one, bytes) and len(one) == WORD)
            if len(words) == len(topics):
                return Address(hex0x(address)), words, data
    raise _no_receipt()


def _no_receipt() -> Malformed:
    return Malformed("receipt of a transaction", "another shape", code="proof-malformed")


def _object(value: Any, names: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict) or value.keys() != names:
        raise Malformed("block", "members missing or unknown", code="proof-malformed")
    return value


def _list(value: Any, most: int) -> Sequence[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise Malformed("block", f"not a list of at most {most}", code="proof-malformed")
    return value


def _nodes(value: Any) -> tuple[bytes, ...]:
    return tuple(_hex(one) for one in _list(value, MAX_NODES))


def _hex(value: Any) -> bytes:
    text = value if isinstance(value, str) else ""
    try:
        return unhex0x(text, max(0, len(text) - 2) // 2)
    except Malformed as error:
        raise Malformed("block", error.problem, code="proof-malformed") from error
