"""Draws: leaves of logs that nobody chose, whose records an auditor has disclosed (design-2 15).

    draw = JCS {_type:"credit-ledger/draw@1", auditor, block:{hash, number, time}, count, day,
                logs:[{leaves:[{given, index, leaf, recordId, refused}…], log, member, size}…],
                network}

`block` is the first one of `day` in Asia/Shanghai. `size` is what was anchored of the log before
it, so whoever filled the log could not know the block, and who draws cannot choose it. Place n of a
log is

    SHA-256("credit-ledger/draw/1" ‖ 0x00 ‖ hash ‖ log ‖ uint64 size ‖ uint64 n)

read as a number, modulo `size`. The leaves drawn are the first `count` records at the places 0, 1,
2 … that were not met before. `given`: SHA-256 of the receipt with which a record was disclosed,
null: nothing was; then `refused` says why, else it is null. Logs ascend; leaves stand as drawn.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from ledger.core import canonical
from ledger.core.canonical import MAX_INTEGER, hex32, instant
from ledger.core.errors import Malformed
from ledger.core.ids import CODE, Digest, LogId, RecordId, sha256
from ledger.core.read import bounded, day, digest, matching, optional, within
from ledger.core.signed import instant_of, list_of, members_of
from ledger.core.versions import loose

__all__ = [
    "MAX_COUNT",
    "MAX_FILE",
    "MAX_LOGS",
    "TYPE",
    "Draw",
    "Drawn",
    "DrawnLog",
    "parse_draw",
    "places",
]

TYPE = "credit-ledger/draw@1"
MAX_COUNT = 64
"""Records of one log and draw: so many are disclosed to an auditor on one day."""
MAX_LOGS = 4096
MAX_FILE = 64 << 20
"""Bytes; that many logs of that many leaves take 60 MB."""
REFUSED = re.compile(r"[a-z][a-z0-9-]{0,63}")
_PREFIX = b"credit-ledger/draw/1\0"
_MEMBERS = frozenset("_type auditor block count day logs network".split())
_DEPTH = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A record that was drawn. given: SHA-256 of the receipt that discloses it; refused: why there
    is none, as a code."""

    index: int
    leaf: Digest
    record: RecordId
    given: Digest | None = None
    refused: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The object in a draw."""
        return {
            "given": None if self.given is None else hex32(self.given),
            "index": self.index,
            "leaf": hex32(self.leaf),
            "recordId": hex32(self.record),
            "refused": self.refused,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnLog:
    """What was drawn of a log. size: as anchored before the block."""

    member: str
    log: LogId
    size: int
    leaves: tuple[Drawn, ...]

    def to_json(self) -> dict[str, Any]:
        """The object in a draw."""
        return {
            "leaves": [one.to_json() for one in self.leaves],
            "log": hex32(self.log),
            "member": self.member,
            "size": self.size,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """One draw: well-formed, not yet checked. number, hash, time (Unix seconds): of the block."""

    auditor: str
    network: str
    day: date
    number: int
    hash: Digest
    time: int
    count: int
    logs: tuple[DrawnLog, ...]

    def encode(self) -> bytes:
        """The file."""
        return canonical.encode(
            {
                "_type": TYPE,
                "auditor": self.auditor,
                "block": {
                    "hash": hex32(self.hash),
                    "number": self.number,
                    "time": instant(self.time),
                },
                "count": self.count,
                "day": self.day.isoformat(),
                "logs": [one.to_json() for one in self.logs],
                "network": self.network,
            },
            allow_null=True,
            max_depth=_DEPTH,
        )


def places(block: bytes, log: bytes, size: int) -> Iterator[int]:
    """The places of a log in the order in which they are drawn, each once, until all were. block:
    its hash. size: of the log, 0 gives none."""
    seen: set[int] = set()
    start = _PREFIX + block + log + size.to_bytes(8)
    number = 0
    while len(seen) < size:
        place = int.from_bytes(sha256(start + number.to_bytes(8))) % size
        number += 1
        if place not in seen:
            seen.add(place)
            yield place


def parse_draw(data: bytes) -> Draw:
    """The draw in a file; Malformed unless it is the one spelling of one, VersionUnknown where it
    is of another version."""
    try:
        return _parse(data)
    except Malformed:
        loose(data)
        raise


def _parse(data: bytes) -> Draw:
    value = canonical.parse(data, allow_null=True, max_bytes=MAX_FILE, max_depth=_DEPTH)
    found = members_of("draw", value, _MEMBERS, TYPE)
    block = members_of("block", found["block"], {"hash", "number", "time"})
    made = Draw(
        auditor=matching(found, "auditor", CODE),
        network=bounded(found, "network", 1, 128),
        day=date.fromisoformat(day(found, "day")),
        number=within(block, "number", 0, MAX_INTEGER),
        hash=digest(block, "hash"),
        time=instant_of(block, "time"),
        count=within(found, "count", 1, MAX_COUNT),
        logs=tuple(list_of(found, "logs", _log, MAX_LOGS)),
    )
    names = [one.log for one in made.logs]
    if names != sorted(set(names)):
        raise Malformed("logs", "one twice, or not in order")
    return made


def _log(value: Any) -> DrawnLog:
    found = members_of("log", value, {"leaves", "log", "member", "size"})
    return DrawnLog(
        member=matching(found, "member", CODE),
        log=LogId(digest(found, "log")),
        size=within(found, "size", 0, MAX_INTEGER),
        leaves=tuple(list_of(found, "leaves", _drawn, MAX_COUNT)),
    )


def _drawn(value: Any) -> Drawn:
    found = members_of("leaf", value, {"given", "index", "leaf", "recordId", "refused"})
    made = Drawn(
        index=within(found, "index", 0, MAX_INTEGER),
        leaf=digest(found, "leaf"),
        record=RecordId(digest(found, "recordId")),
        given=optional(found, "given", digest),
        refused=optional(found, "refused", lambda of, name: matching(of, name, REFUSED)),
    )
    if made.given is not None and made.refused is not None:
        raise Malformed("leaf", "given and refused")
    return made
