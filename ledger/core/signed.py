"""What the files share that hold signed statements beside the receipts that they name: lists of a
day and histories of a subject.

A statement names each receipt by its leaf and the SHA-256 of its file; the receipts travel beside
it as texts, byte for byte, in the same order.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from ledger.core.canonical import hex32, parse_day, parse_instant, utf8
from ledger.core.errors import Malformed, ProofMismatch
from ledger.core.ids import Digest, sha256
from ledger.core.jws import Jws, parse_statement, refuse_algorithm
from ledger.core.read import digest, integer, matching, text
from ledger.core.receipt import MAX_RECEIPT, parse_network
from ledger.core.versions import look, loose, refuse_other

__all__ = [
    "MAX_BEHIND",
    "MAX_MISSING",
    "REASON",
    "Item",
    "Left",
    "day",
    "demand_receipts",
    "instant_of",
    "items_of",
    "left_of",
    "list_of",
    "members_of",
    "network",
    "statement_of",
    "texts_of",
]

_T = TypeVar("_T")

MAX_BEHIND = 3600
"""Seconds that the block up to which acts count may lie before the time of a statement."""
MAX_MISSING = 64
"""Reasons of one statement, and members that are missing; there are no more provinces."""
REASON = re.compile(r"[a-z][a-z0-9-]{0,63}")
"""Why something was left out, or somebody is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A record: its leaf, and the SHA-256 of the receipt that is given with it."""

    leaf: Digest
    receipt: Digest

    @classmethod
    def of(cls, leaf: bytes, receipt: bytes) -> "Item":
        """The item of a receipt file."""
        return cls(leaf=Digest(leaf), receipt=sha256(receipt))

    def to_json(self) -> dict[str, Any]:
        """The object in a statement."""
        return {"leaf": hex32(self.leaf), "receipt": hex32(self.receipt)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """So many records were left out, for this reason."""

    reason: str
    count: int

    def to_json(self) -> dict[str, Any]:
        """The object in a statement."""
        return {"count": self.count, "reason": self.reason}


# ---- reading


def statement_of(jws: str, typ: str, *, max_chars: int) -> Jws:
    """The statement of this type in a JWS; its payload is not yet read, nor its signature verified.
    Malformed where it is none, VersionUnknown where its algorithm or its payload is newer."""
    try:
        found = parse_statement(jws, typ, max_chars=max_chars)
    except Malformed:
        look(refuse_algorithm, jws[:max_chars].partition(".")[0])
        raise
    loose(found.payload)
    return found


def members_of(what: str, value: Any, wanted: Set[str], type_: str | None = None) -> dict[str, Any]:
    """An object with exactly these members, and this `_type` where one is wanted. VersionUnknown
    where that is of another version."""
    if type_ is not None and isinstance(value, dict):
        refuse_other(value.get("_type"))
    if not isinstance(value, dict) or value.keys() != wanted:
        raise Malformed(what, "members missing or unknown")
    if type_ is not None and value["_type"] != type_:
        raise Malformed(what, f"not {type_}")
    return value


def list_of(value: Mapping[str, Any], name_: str, read: Callable[[Any], _T], most: int) -> list[_T]:
    """A list of at most so many, each read."""
    found = value[name_]
    if not isinstance(found, list) or len(found) > most:
        raise Malformed(name_, f"is not a list of at most {most}")
    return [read(one) for one in found]


def texts_of(value: Mapping[str, Any], name_: str, most: int) -> tuple[str, ...]:
    """A list of at most so many texts."""
    return tuple(list_of(value, name_, lambda one: text({name_: one}, name_), most))


def items_of(value: Mapping[str, Any], most: int) -> tuple[Item, ...]:
    """`items`, each leaf once."""
    found = tuple(list_of(value, "items", _item, most))
    if len({item.leaf for item in found}) != len(found):
        raise Malformed("items", "a leaf twice")
    return found


def left_of(value: Mapping[str, Any]) -> tuple[Left, ...]:
    """`left`, ascending by reason, each once."""
    found = tuple(list_of(value, "left", _left, MAX_MISSING))
    reasons = [one.reason for one in found]
    if reasons != sorted(set(reasons)):
        raise Malformed("left", "a reason twice, or not in order")
    return found


def network(value: Mapping[str, Any]) -> str:
    """`network`, the reference of a network."""
    found = text(value, "network")
    parse_network(found)
    return found


def day(value: Mapping[str, Any], name_: str) -> date:
    """A day."""
    return parse_day(text(value, name_))


def instant_of(value: Mapping[str, Any], name_: str) -> int:
    """An instant, in Unix seconds."""
    return parse_instant(text(value, name_))


def demand_receipts(items: Iterable[Item], receipts: Sequence[str]) -> None:
    """Raise ProofMismatch unless these receipts are those of the items, in their order."""
    wanted = [item.receipt for item in items]
    if len(wanted) != len(receipts):
        raise ProofMismatch("receipts", expected=len(wanted), actual=len(receipts))
    for expected, one in zip(wanted, receipts, strict=True):
        data = utf8(one)
        if len(data) > MAX_RECEIPT:
            raise Malformed("receipt", f"longer than {MAX_RECEIPT} bytes")
        if sha256(data) != expected:
            raise ProofMismatch("receipt", expected=hex32(expected), actual=hex32(sha256(data)))


def _item(value: Any) -> Item:
    found = members_of("item", value, {"leaf", "receipt"})
    return Item(leaf=digest(found, "leaf"), receipt=digest(found, "receipt"))


def _left(value: Any) -> Left:
    found = members_of("left", value, {"count", "reason"})
    count = integer(found, "count")
    if count < 1:
        raise Malformed("left", "a count of nothing")
    return Left(reason=matching(found, "reason", REASON), count=count)
