"""How statuses changed, for who watches.

A change has a number and a mark. Whoever names both of the last one that they saw goes on behind
it; where that one is not kept any more, or another stands in its place (the database was restored),
they begin anew. Numbers are taken for all that is told, so other tables may have those in between.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from gateway.base.db import insert_rows, insert_unless_there
from gateway.statuses.models import event_numbers, status_changes
from ledger.core.canonical import instant
from ledger.core.ids import RecordId
from ledger.core.status import SHOWN, Act, Action, Flag, Outcome

NO_ACTS: Final[Mapping[RecordId, Act]] = {}
_TOLD: Final = ("flags", "outcome", "version", "recorded_at", "effective_at", "closed")
_ACT: Final = ("action", "basis", "block")
_ONLY: Final = 1
_PLACE: Final = re.compile(r"([0-9]{1,18})\.([0-9a-f]{8})")
NO_MARK: Final = "00000000"
"""Of the place before the first change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Behind which change somebody is. number: 0 = before the first."""

    number: int
    mark: str = NO_MARK

    @classmethod
    def parse(cls, text: str) -> Place | None:
        """The place that an event id names; None where it is none."""
        found = _PLACE.fullmatch(text)
        return None if found is None else cls(number=int(found[1]), mark=found[2])

    def __str__(self) -> str:
        return f"{self.number}.{self.mark}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The status of a record as it has become. Times and block are those of its last act, Unix
    seconds. action, basis: of the act by which it changed; None: no final act did."""

    place: Place
    at: int
    record: bytes
    flags: Flag
    outcome: Outcome
    version: int
    recorded_at: int
    effective_at: int
    closed: bool
    action: int | None = None
    basis: int | None = None
    block: int | None = None

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
            "action": None if self.action is None else Action(self.action).name.lower(),
            "basis": self.basis,
            "block": self.block,
        }


def take(connection: sa.Connection, count: int) -> int:
    """Take so many numbers, within the caller's transaction; the first of them."""
    first = {"id": _ONLY, "number": 0}
    connection.execute(insert_unless_there(connection, event_numbers).values(first))
    taken = sa.update(event_numbers).values(number=event_numbers.c.number + count)
    newest = connection.execute(taken.returning(event_numbers.c.number)).scalar_one()
    return int(newest) - count + 1


def last(connection: sa.Connection) -> int:
    """The last number that was taken, 0: none was."""
    return connection.scalar(sa.select(event_numbers.c.number)) or 0


def mark_of(*told: object) -> str:
    """The mark of what is told so. By it something else is recognised at the same number."""
    return hashlib.sha256(repr(told).encode()).hexdigest()[:8]


def note(
    connection: sa.Connection,
    before: Mapping[bytes, sa.Row[Any]],
    after: Sequence[Mapping[str, Any]],
    acts: Mapping[RecordId, Act] = NO_ACTS,
) -> None:
    """Note those that changed within the caller's transaction, which has the lock of the statuses.
    before: rows of `statuses` by record. after: their values now. acts: the last one on each, where
    acts changed them."""
    new = [one for one in after if _changed(before.get(one["record"]), one)]
    if not new:
        return
    first, at = take(connection, len(new)), int(time.time())
    rows = [
        (n, at, one["record"], *(one[name] for name in _TOLD), *_act(one, acts))
        for n, one in enumerate(new, start=first)
    ]
    insert_rows(connection, status_changes, ("id", "at", "record", *_TOLD, *_ACT), rows)


def _act(after: Mapping[str, Any], acts: Mapping[RecordId, Act]) -> tuple[int | None, ...]:
    act, block = acts.get(after["record"]), after["block"] or None
    return (None, None, block) if act is None else (act.action, act.basis, block)


def _changed(before: sa.Row[Any] | None, after: Mapping[str, Any]) -> bool:
    if before is None:
        return bool(after["version"] or after["closed"])
    return any(before._mapping[name] != after[name] for name in _TOLD)


def newest(connection: sa.Connection) -> Place:
    """The place behind the last change of a status."""
    query = sa.select(status_changes).order_by(status_changes.c.id.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return Place(number=0) if row is None else _change(row).place


def at(connection: sa.Connection, number: int) -> Change | None:
    """The change that has a number; None: something else has it, or it is not kept any more."""
    query = sa.select(status_changes).where(status_changes.c.id == number)
    row = connection.execute(query).one_or_none()
    return None if row is None else _change(row)


def after(
    connection: sa.Connection,
    place: Place,
    *,
    limit: int,
    which: Callable[[sa.ColumnElement[bytes]], sa.ColumnElement[bool]] | None = None,
) -> list[Change]:
    """The next changes behind a place. which: a condition on the record of each."""
    query = sa.select(status_changes).where(status_changes.c.id > place.number)
    if which is not None:
        query = query.where(which(status_changes.c.record))
    found = connection.execute(query.order_by(status_changes.c.id).limit(limit))
    return [_change(row) for row in found]


def of_record(connection: sa.Connection, record: bytes, limit: int) -> list[Change]:
    """The changes of one record that are kept, the newest first."""
    query = sa.select(status_changes).where(status_changes.c.record == record)
    found = connection.execute(query.order_by(status_changes.c.id.desc()).limit(limit))
    return [_change(row) for row in found]


def latest(
    connection: sa.Connection,
    *,
    limit: int,
    which: Callable[[sa.ColumnElement[bytes]], sa.ColumnElement[bool]],
) -> list[Change]:
    """The last changes that are kept, the newest first. which: a condition on the record."""
    query = sa.select(status_changes).where(which(status_changes.c.record))
    found = connection.execute(query.order_by(status_changes.c.id.desc()).limit(limit))
    return [_change(row) for row in found]


def _change(row: sa.Row[Any]) -> Change:
    told = [int(row._mapping[name]) for name in _TOLD]
    mark = mark_of(row.id, row.at, bytes(row.record), *told)
    return Change(
        place=Place(number=row.id, mark=mark),
        at=row.at,
        record=bytes(row.record),
        flags=Flag(row.flags),
        outcome=Outcome(row.outcome),
        version=row.version,
        recorded_at=row.recorded_at,
        effective_at=row.effective_at,
        closed=bool(row.closed),
        action=row.action,
        basis=row.basis,
        block=row.block,
    )
