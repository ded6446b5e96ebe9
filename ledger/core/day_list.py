"""Lists of a day: who was on a list of all provinces, each entry with its receipt (design-2 12).

    file  = JCS {_type:"credit-ledger/list@1", list: JWS, parts:[JWS…], receipts:[text…]}
    list  = JWS, typ "credit-ledger-list+jws", PRESENT key of the member that merged, over
            JCS {_type:"credit-ledger/day-list@1", at, day, iss, list, missing:[{member, reason}…],
                 network, parts:[SHA-256 of each JWS, in order]}
    part  = JWS, typ "credit-ledger-list-part+jws", PRESENT key of a province, over
            JCS {_type:"credit-ledger/list-part@1", at, day, from, iss, items:[{leaf, receipt}…],
                 known, last, left:[{count, reason}…], list, network, until}

A part says of the entries number from … until - 1 of that type in the logs of its member which were
on the list that day, and how many were not, by reason: so nobody can leave one out in silence.
`known`: instant of the final block up to which acts count. Several parts of a member go on where
the one before ended; `last` says that there are no more.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ledger.core import canonical
from ledger.core.canonical import hex32, instant
from ledger.core.errors import Malformed, ProofMismatch
from ledger.core.ids import CODE, Digest, sha256
from ledger.core.jws import Jws
from ledger.core.read import digest, integer, matching, text
from ledger.core.signed import (
    MAX_MISSING,
    REASON,
    Item,
    Left,
    day,
    demand_receipts,
    instant_of,
    items_of,
    left_of,
    list_of,
    members_of,
    network,
    statement_of,
    texts_of,
)
from ledger.core.versions import loose

__all__ = [
    "LIST",
    "LIST_TYP",
    "MAX_ENTRIES",
    "MAX_FILE",
    "MAX_ITEMS",
    "MAX_JWS",
    "MAX_PARTS",
    "PART_TYP",
    "TYPE",
    "DayList",
    "ListFile",
    "Missing",
    "Part",
    "Signed",
    "check_file",
    "check_parts",
    "encode_file",
    "is_list",
    "parse_file",
    "parse_part",
]

TYPE = "credit-ledger/list@1"
LIST_TYP = "credit-ledger-list+jws"
PART_TYP = "credit-ledger-list-part+jws"
MAX_ITEMS = 500
"""Entries that one part speaks of."""
MAX_PARTS = 4096
MAX_ENTRIES = 20_000
"""Receipts of one file."""
MAX_FILE = 160 << 20
"""Bytes: the receipt of a list entry takes some 5 KiB, in a JSON text a fifth more."""
MAX_JWS = 1 << 20
"""Characters of the statement of a part or list: 500 items take 110,000."""
LIST = re.compile(r"[a-z][a-z0-9-]{0,31}")
"""Name of the type of record that puts somebody on the list."""

_DAY_LIST = "credit-ledger/day-list@1"
_PART = "credit-ledger/list-part@1"
_START = re.compile(rb'(\xef\xbb\xbf)?\s*\{\s*"_type"\s*:\s*"credit-ledger/list@')
_START_BYTES = 256
_FILE_MEMBERS = frozenset({"_type", "list", "parts", "receipts"})
_COMMON = frozenset({"_type", "at", "day", "iss", "list", "network"})
_LIST_MEMBERS = _COMMON | {"missing", "parts"}
_PART_MEMBERS = _COMMON | {"from", "items", "known", "last", "left", "until"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A province that said nothing, and why."""

    member: str
    reason: str

    def to_json(self) -> dict[str, Any]:
        """The object in a list."""
        return {"member": self.member, "reason": self.reason}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a province says. at, known: Unix seconds. start, until: numbers of the entries."""

    iss: str
    list: str
    day: date
    network: str
    at: int
    known: int
    start: int
    until: int
    last: bool
    items: tuple[Item, ...]
    left: tuple[Left, ...]

    def encode(self) -> bytes:
        """The payload."""
        return canonical.encode(
            {
                "_type": _PART,
                "at": instant(self.at),
                "day": self.day.isoformat(),
                "from": self.start,
                "iss": self.iss,
                "items": [item.to_json() for item in self.items],
                "known": instant(self.known),
                "last": self.last,
                "left": [one.to_json() for one in self.left],
                "list": self.list,
                "network": self.network,
                "until": self.until,
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DayList:
    """What the member says that merged. parts: SHA-256 of each JWS."""

    iss: str
    list: str
    day: date
    network: str
    at: int
    missing: tuple[Missing, ...]
    parts: tuple[Digest, ...]

    def encode(self) -> bytes:
        """The payload."""
        return canonical.encode(
            {
                "_type": _DAY_LIST,
                "at": instant(self.at),
                "day": self.day.isoformat(),
                "iss": self.iss,
                "list": self.list,
                "missing": [one.to_json() for one in self.missing],
                "network": self.network,
                "parts": [hex32(one) for one in self.parts],
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A part with its JWS, whose signature is not yet verified."""

    part: Part
    jws: Jws


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFile:
    """A parsed file: well-formed, not yet checked. receipts: files, in the order of the items."""

    list: DayList
    jws: Jws
    parts: tuple[Signed, ...]
    receipts: tuple[str, ...]

    def encode(self) -> bytes:
        """The file."""
        return encode_file(self.jws.text, [one.jws.text for one in self.parts], self.receipts)

    def entries(self) -> Iterator[tuple[Part, Item, str]]:
        """Each item with its part and its receipt; of a file that `check_file` has passed."""
        receipts = iter(self.receipts)
        for signed in self.parts:
            for item in signed.part.items:
                yield signed.part, item, next(receipts)


def encode_file(list_: str, parts: Sequence[str], receipts: Sequence[str]) -> bytes:
    """The file of these JWS and receipts."""
    value = {"_type": TYPE, "list": list_, "parts": list(parts), "receipts": list(receipts)}
    return canonical.encode(value, max_depth=2)


def is_list(data: bytes) -> bool:
    """Whether a file says of itself that it is a list, of whatever version and spelling."""
    return _START.match(data[:_START_BYTES]) is not None


def parse_file(data: bytes) -> ListFile:
    """The list in a file; Malformed unless it is the one spelling of one, VersionUnknown where it
    is of another version."""
    try:
        return _parse(data)
    except Malformed:
        loose(data)
        raise


def parse_part(jws: str) -> Signed:
    """A part; its signature is not verified."""
    signed = statement_of(jws, PART_TYP, max_chars=MAX_JWS)
    value = members_of("part", canonical.parse(signed.payload), _PART_MEMBERS, _PART)
    last = value["last"]
    if not isinstance(last, bool):
        raise Malformed("last", "is not true or false")
    part = Part(
        iss=matching(value, "iss", CODE),
        list=matching(value, "list", LIST),
        day=day(value, "day"),
        network=network(value),
        at=instant_of(value, "at"),
        known=instant_of(value, "known"),
        start=integer(value, "from"),
        until=integer(value, "until"),
        last=last,
        items=items_of(value, MAX_ITEMS),
        left=left_of(value),
    )
    _demand_iat(signed, part.at)
    if len(part.items) + sum(one.count for one in part.left) != part.until - part.start:
        raise Malformed("part", "its sums do not agree")
    return Signed(part=part, jws=signed)


def check_file(file: ListFile) -> None:
    """Raise ProofMismatch where what is said twice does not agree: the parts are those that the
    list names, all of its day, list and network; each member's are whole; none is missing that
    speaks; and the receipts are those of the items.

    The caller MUST still compare with the chain: that each signature is by a PRESENT key of its
    member at that time and the members were provinces, and how each receipt stood.
    """
    told = [sha256(one.jws.text.encode()) for one in file.parts]
    _same("parts of the list", list(file.list.parts), told)
    for signed in file.parts:
        part = signed.part
        for what in ("list", "day", "network"):
            _same(f"{what} of a part", getattr(file.list, what), getattr(part, what))
    check_parts([one.part for one in file.parts])
    twice = {one.part.iss for one in file.parts} & {one.member for one in file.list.missing}
    _same("members missing that have a part", [], sorted(twice))
    demand_receipts([item for one in file.parts for item in one.part.items], file.receipts)


def check_parts(parts: Sequence[Part]) -> None:
    """Raise ProofMismatch unless these are all the parts of each of their members, in order, one
    member after the other, and no leaf stands in two."""
    members: list[str] = []
    expected, ended = 0, True
    for part in parts:
        if ended:
            members.append(part.iss)
        _same("member of a part", members[-1], part.iss)
        _same("first entry of a part", 0 if ended else expected, part.start)
        expected, ended = part.until, part.last
    _same("last part of a member", True, ended)
    _same("members in order", sorted(set(members)), members)
    leaves = [item.leaf for part in parts for item in part.items]
    _same("leaves that are there once", len(leaves), len(set(leaves)))


def _parse(data: bytes) -> ListFile:
    value = canonical.parse(data, max_bytes=MAX_FILE, max_depth=2)
    found = members_of("list", value, _FILE_MEMBERS, TYPE)
    list_, jws = _parse_list(text(found, "list"))
    return ListFile(
        list=list_,
        jws=jws,
        parts=tuple(map(parse_part, texts_of(found, "parts", MAX_PARTS))),
        receipts=texts_of(found, "receipts", MAX_ENTRIES),
    )


def _parse_list(jws: str) -> tuple[DayList, Jws]:
    signed = statement_of(jws, LIST_TYP, max_chars=MAX_JWS)
    value = members_of("list", canonical.parse(signed.payload), _LIST_MEMBERS, _DAY_LIST)
    found = DayList(
        iss=matching(value, "iss", CODE),
        list=matching(value, "list", LIST),
        day=day(value, "day"),
        network=network(value),
        at=instant_of(value, "at"),
        missing=tuple(list_of(value, "missing", _missing, MAX_MISSING)),
        parts=tuple(
            list_of(value, "parts", lambda one: digest({"parts": one}, "parts"), MAX_PARTS)
        ),
    )
    _demand_iat(signed, found.at)
    codes = [one.member for one in found.missing]
    if codes != sorted(set(codes)):
        raise Malformed("missing", "a member twice, or not in order")
    return found, signed


def _missing(value: Any) -> Missing:
    found = members_of("missing", value, {"member", "reason"})
    return Missing(member=matching(found, "member", CODE), reason=matching(found, "reason", REASON))


def _demand_iat(jws: Jws, at: int) -> None:
    _same("iat", at, jws.iat)


def _same(what: str, expected: object, actual: object) -> None:
    if expected != actual:
        raise ProofMismatch(what, expected=expected, actual=actual)
