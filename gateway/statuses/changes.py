"""How statuses changed, kept for seven days, for who watches.

A change has a number and a mark. Whoever names both of the last one that they saw goes on behind
it; where that one is not kept any more, or another stands in its place (the database was restored),
they begin anew.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from gateway.base.db import insert_rows
from gateway.statuses.models import status_changes
from ledger.core.canonical import instant
from ledger.core.status import SHOWN, Flag, Outcome

KEPT: Final = 7 * 86_400
"""Seconds."""
_TOLD: Final = ("flags", "outcome", "version", "recorded_at", "effective_at", "closed")
_PLACE: Final = re.compile(r"([0-9]{1,18})\.([0-9a-f]{8})")
_NO_MARK: Final = "00000000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Behind which change somebody is. number: 0 = before the first."""

    number: int
    mark: str = _NO_MARK

    @classmethod
    def parse(cls, text: str) -> Place | None:
        """The place that an event id names; None where it is none."""
        found = _PLACE.fullmatch(text)
        return None if found is None else cls(number=int(found[1]), mark=found[2])

    def __str__(self) -> str:
        return f"{self.number}.{self.mark}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The status of a record as it has become. Times are those of its last act, Unix seconds."""

    place: Place
    at: int
    record: bytes
    flags: Flag
    outcome: Outcome
    version: int
    recorded_at: int
    effective_at: int
    closed: bool

    def as_dict(self) -> dict[str, Any]:
        """As the stream has it, in the words of `/v1/records/{leaf}/status`."""
        return {
            "at": instant(self.at),
            "record": self.record.hex(),
            "flags": [str(flag.name).lower() for flag in Flag if flag in self.flags & SHOWN],
            "outcome": self.outcome.name.lower(),
            "version": self.version,
            "recordedAt": instant(self.recorded_at) if self.version else None,
            "effectiveAt": instant(self.effective_at) if self.version else None,
            "closed": self.closed,
        }


def note(
    connection: sa.Connection,
    before: Mapping[bytes, sa.Row[Any]],
    after: Sequence[Mapping[str, Any]],
) -> None:
    """Note those that changed within the caller's transaction, which has the lock of the statuses.
    before: rows of `statuses` by record. after: their values now."""
    new = [one for one in after if _changed(before.get(one["record"]), one)]
    if not new:
        return
    number = connection.scalar(sa.select(sa.func.max(status_changes.c.id))) or 0
    at = int(time.time())
    rows = [
        (number + n, at, one["record"], *(one[name] for name in _TOLD))
        for n, one in enumerate(new, start=1)
    ]
    insert_rows(connection, status_changes, ("id", "at", "record", *_TOLD), rows)
    old = sa.delete(status_changes).where(
        status_changes.c.at < at - KEPT, status_changes.c.id <= number
    )
    connection.execute(old)


def _changed(before: sa.Row[Any] | None, after: Mapping[str, Any]) -> bool:
    if before is None:
        return bool(after["version"] or after["closed"])
    return any(before._mapping[name] != after[name] for name in _TOLD)


def newest(connection: sa.Connection) -> Place:
    """The place behind the last change."""
    query = sa.select(status_changes).order_by(status_changes.c.id.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return Place(number=0) if row is None else _change(row).place


def stands(connection: sa.Connection, place: Place) -> bool:
    """Whether what came after this place is kept, all of it."""
    if place == Place(number=0):
        first = connection.scalar(sa.select(sa.func.min(status_changes.c.id)))
        return first in (None, 1)
    query = sa.select(status_changes).where(status_changes.c.id == place.number)
    row = connection.execute(query).one_or_none()
    return row is not None and _change(row).place == place


def after(
    connection: sa.Connection, place: Place, *, limit: int, records: frozenset[bytes] = frozenset()
) -> list[Change]:
    """The next changes behind a place. records: of these alone; empty: of all."""
    query = sa.select(status_changes).where(status_changes.c.id > place.number)
    if records:
        query = query.where(status_changes.c.record.in_(records))
    found = connection.execute(query.order_by(status_changes.c.id).limit(limit))
    return [_change(row) for row in found]


def _change(row: sa.Row[Any]) -> Change:
    told = [int(row._mapping[name]) for name in _TOLD]
    mark = hashlib.sha256(repr((row.id, row.at, bytes(row.record), *told)).encode()).hexdigest()
    return Change(
        place=Place(number=row.id, mark=mark[:8]),
        at=row.at,
        record=bytes(row.record),
        flags=Flag(row.flags),
        outcome=Outcome(row.outcome),
        version=row.version,
        recorded_at=row.recorded_at,
        effective_at=row.effective_at,
        closed=bool(row.closed),
    )
