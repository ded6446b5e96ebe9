"""Headers of blocks, as the bytes whose keccak256 is the hash of the block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ledger.core.canonical import hex0x
from ledger.core.errors import Malformed, ProofMismatch
from ledger.core.ids import ADDRESS_SIZE, WORD, Digest, keccak256
from ledger.evidence.items import decode, encode, number_of, of_number, strings

MAX_HEADER: Final = 1 << 16
"""Bytes: room for the seals of hundreds of validators; headers have some 600."""
_NUMBER = 0
_ANY = -1
_FIELDS: Final[tuple[tuple[str, int], ...]] = (
    ("parentHash", WORD),
    ("sha3Uncles", WORD),
    ("miner", ADDRESS_SIZE),
    ("stateRoot", WORD),
    ("transactionsRoot", WORD),
    ("receiptsRoot", WORD),
    ("logsBloom", 256),
    ("difficulty", _NUMBER),
    ("number", _NUMBER),
    ("gasLimit", _NUMBER),
    ("gasUsed", _NUMBER),
    ("timestamp", _NUMBER),
    ("extraData", _ANY),
    ("mixHash", WORD),
    ("nonce", 8),
)
"""What every header has, in its order, with the bytes of each."""
_LATER: Final[tuple[tuple[str, int], ...]] = (
    ("baseFeePerGas", _NUMBER),
    ("withdrawalsRoot", WORD),
    ("blobGasUsed", _NUMBER),
    ("excessBlobGas", _NUMBER),
    ("parentBeaconBlockRoot", WORD),
    ("requestsHash", WORD),
)
"""What upgrades of the network have added, in their order."""
_MOST: Final = 32
"""Fields of a header that are read: what upgrades to come add is passed over."""
_PARENT, _STATE, _TRANSACTIONS, _RECEIPTS, _HEIGHT, _TIME = 0, 3, 4, 5, 8, 11
_EXTRA: Final = 12
_SEALED: Final = 5
"""Items of the extra data of QBFT: vanity, validators, vote, round, seals."""
_BITS: Final = 63
"""Of numbers and times, as whatever reads the chain takes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What proofs and verdicts need of a header. hash: keccak256 of its bytes, which is all that
    binds the rest. time: Unix seconds."""

    hash: Digest
    parent: Digest
    number: int
    time: int
    state_root: Digest
    transactions_root: Digest
    receipts_root: Digest


def parse_header(data: bytes) -> Header:
    """The header in such bytes. Raises Malformed; nothing says yet that there ever was such a
    block."""
    if len(data) > MAX_HEADER:
        raise Malformed("header", f"longer than {MAX_HEADER} bytes", code="proof-malformed")
    found = strings(decode(data, "header"), "header", len(_FIELDS), _MOST)
    for value, (name, size) in zip(found, _FIELDS, strict=False):
        if size > 0 and len(value) != size:
            raise Malformed("header", f"{name} is not {size} bytes", code="proof-malformed")
    return Header(
        hash=keccak256(data),
        parent=Digest(found[_PARENT]),
        number=number_of(found[_HEIGHT], "header", _BITS),
        time=number_of(found[_TIME], "header", _BITS),
        state_root=Digest(found[_STATE]),
        transactions_root=Digest(found[_TRANSACTIONS]),
        receipts_root=Digest(found[_RECEIPTS]),
    )


def encode_header(fields: Mapping[str, Any], hash_: str) -> bytes:
    """The bytes of a block's header from what a node says of it (`eth_getBlockByNumber`). Raises
    ProofMismatch where they do not make `hash_`, Malformed where a field is not what it should
    be."""
    actual = None
    for made in _spellings(_values(fields)):
        actual = hex0x(keccak256(made))
        if actual == hash_:
            return made
    raise ProofMismatch("hash of a header", expected=hash_, actual=actual, code="header-differs")


def _values(fields: Mapping[str, Any]) -> list[bytes]:
    later = [(name, size) for name, size in _LATER if fields.get(name) is not None]
    return [_value(fields.get(name), size) for name, size in (*_FIELDS, *later)]


def _value(said: Any, size: int) -> bytes:
    try:
        if size == _NUMBER:
            return of_number(int(said, 16))
        data = bytes.fromhex(said.removeprefix("0x"))
    except (AttributeError, TypeError, ValueError) as error:
        raise Malformed("header", "a field is not what it should be") from error
    if size not in (_ANY, len(data)):
        raise Malformed("header", f"a field is not {size} bytes")
    return data


def _spellings(values: list[bytes]) -> Iterator[bytes]:
    """As they are; and as QBFT hashes them, where the round counts as 0 and the seals, which are
    signatures of this very header, are left out."""
    yield encode(values)
    try:
        extra = decode(values[_EXTRA], "extra data")
    except Malformed:
        return
    if isinstance(extra, list) and len(extra) == _SEALED:
        yield encode([*values[:_EXTRA], encode([*extra[:3], b"", []]), *values[_EXTRA + 1 :]])
