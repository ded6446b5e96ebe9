"""All that is told to who watches, in one order: changes of statuses, and what became known of
followed subjects.

Streams and webhooks go through it by place, each at its own pace; nothing is kept for anybody.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from gateway.base.db import insert_rows
from gateway.base.policy import Caller, Purpose, decide
from gateway.log.store import locate
from gateway.records.errors import NotARecord
from gateway.records.store import known_of, record_row
from gateway.statuses import changes
from gateway.statuses.changes import NO_MARK, Change, Place
from gateway.statuses.models import status_changes
from gateway.watching.interfaces import Event, Found, Kind
from gateway.watching.models import watch_events, watched_records

DAY: Final = 86_400
KEPT: Final = 7 * DAY
"""Seconds for which all is kept."""
KEPT_FOR_SLOW: Final = KEPT + 3 * DAY
"""And no longer, for who needs it: what is sent somewhere is tried for three days."""
_TOLD: Final = ("watched", "kind", "record", "leaf", "member", "receipt", "listed", "code", "count")

Watched = sa.Select[tuple[str]]
"""A query for the numbers of followed subjects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What somebody is told. records: by id, whosever they are, as anybody may ask for their
    status. watched: subjects, with all that is known of them. own: besides, all records of this
    member that this caller may know of."""

    records: frozenset[bytes] = frozenset()
    watched: Watched | None = None
    own: Caller | None = None

    def concerns(self, record: sa.ColumnElement[bytes]) -> sa.ColumnElement[bool]:
        """The condition under which it has this record, whosever it is."""
        named = record.in_(self.records)
        if self.watched is None:
            return named
        known = sa.select(watched_records.c.record).where(
            watched_records.c.watched.in_(self.watched)
        )
        return sa.or_(named, record.in_(known))


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The next events of a selection, and the place behind all that was looked at. full: more may
    wait."""

    events: Sequence[Event]
    place: Place
    full: bool


def page(connection: sa.Connection, place: Place, wanted: Selection, limit: int) -> Page:
    """What comes next behind a place."""
    # First: what is committed after it is behind it, whatever is wanted.
    end = newest(connection)
    which = None if wanted.own is not None else wanted.concerns
    some: list[Event] = [*changes.after(connection, place, limit=limit, which=which)]
    if wanted.watched is not None:
        some += _found(connection, place, wanted.watched, limit)
    some = sorted(some, key=lambda event: event.place.number)[:limit]
    full = len(some) == limit
    behind = some[-1].place if full else end
    return Page(events=_told(connection, wanted, some), place=behind, full=full)


def newest(connection: sa.Connection) -> Place:
    """The place behind the last event."""
    number = changes.last(connection)
    event = at(connection, number) if number else None
    return Place(number=number) if event is None else event.place


def stands(connection: sa.Connection, place: Place) -> bool:
    """Whether what came after this place is kept, all of it."""
    if place.mark == NO_MARK:  # before the first event that is kept, or before any
        return place == before_first(connection)
    event = at(connection, place.number)
    return event is not None and event.place == place


def before_first(connection: sa.Connection) -> Place:
    """The place before all that is kept."""
    firsts = [
        connection.scalar(sa.select(sa.func.min(table.c.id)))
        for table in (status_changes, watch_events)
    ]
    return Place(number=min((one for one in firsts if one is not None), default=1) - 1)


def at(connection: sa.Connection, number: int) -> Event | None:
    """The event that has a number; None: it is not kept any more."""
    query = sa.select(watch_events).where(watch_events.c.id == number)
    row = connection.execute(query).one_or_none()
    return changes.at(connection, number) if row is None else _event(row)


def note(connection: sa.Connection, told: Sequence[Mapping[str, Any]]) -> None:
    """Note what became known of followed subjects, in this order, within the caller's
    transaction."""
    if not told:
        return
    first, now = changes.take(connection, len(told)), int(time.time())
    rows = [
        (number, now, *(one.get(name) for name in _TOLD))
        for number, one in enumerate(told, start=first)
    ]
    insert_rows(connection, watch_events, ("id", "at", *_TOLD), rows)


def prune(connection: sa.Connection, now: int, needed: int | None) -> None:
    """Forget what is old, but for the newest. needed: the number behind which somebody still is
    that what is younger than `KEPT_FOR_SLOW` is sent to; None: nobody."""
    last = changes.last(connection)
    for table in (status_changes, watch_events):
        old = [table.c.at < now - KEPT, table.c.id < last]
        if needed is not None:
            old.append(sa.or_(table.c.id < needed, table.c.at < now - KEPT_FOR_SLOW))
        connection.execute(sa.delete(table).where(*old))


def _found(connection: sa.Connection, place: Place, watched: Watched, limit: int) -> list[Found]:
    query = sa.select(watch_events).where(
        watch_events.c.id > place.number, watch_events.c.watched.in_(watched)
    )
    rows = connection.execute(query.order_by(watch_events.c.id).limit(limit))
    return [_event(row) for row in rows]


def _event(row: sa.Row[Any]) -> Found:
    told = {name: row._mapping[name] for name in _TOLD}
    return Found(
        place=Place(number=row.id, mark=changes.mark_of(row.id, row.at, *told.values())),
        at=row.at,
        **told | {"kind": Kind(row.kind)},
    )


def _told(connection: sa.Connection, wanted: Selection, some: Sequence[Event]) -> list[Event]:
    caller = wanted.own
    if caller is None:
        return list(some)
    about = {event.record for event in some if isinstance(event, Change)}
    named = wanted.records | _watched_of(connection, wanted.watched, about)
    return [
        event
        for event in some
        if isinstance(event, Found)
        or event.record in named
        or _may_know(connection, caller, event.record)
    ]


def _watched_of(
    connection: sa.Connection, watched: Watched | None, records: set[bytes]
) -> frozenset[bytes]:
    """Those of these records that are known of the subjects."""
    if watched is None or not records:
        return frozenset()
    query = sa.select(watched_records.c.record).where(
        watched_records.c.record.in_(records), watched_records.c.watched.in_(watched)
    )
    return frozenset(map(bytes, connection.scalars(query)))


def _may_know(connection: sa.Connection, caller: Caller, record: bytes) -> bool:
    found = locate(connection, record)
    if found is None:
        return False
    try:
        known, status = known_of(record_row(connection, found.id))
    except NotARecord:
        return False
    return decide(caller, Purpose.SHOW, known, status).code != "not-found"
