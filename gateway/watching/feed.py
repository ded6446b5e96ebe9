"""All that is told to who watches, in one order: changes of statuses, what became known of followed
subjects, and notices about products.

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
from gateway.log.located import locate
from gateway.records.errors import NotARecord
from gateway.records.store import known_of, record_row
from gateway.statuses import changes
from gateway.statuses.changes import NO_MARK, Change, Place
from gateway.statuses.models import status_changes
from gateway.watching.interfaces import Event, Found, Kind, OpenNotice, SealedNotice
from gateway.watching.models import product_notices, watch_events, watched_records

DAY: Final = 86_400
KEPT: Final = 7 * DAY
"""Seconds for which all is kept."""
KEPT_FOR_SLOW: Final = KEPT + 3 * DAY
"""And no longer, for who needs it: what is sent somewhere is tried for three days."""
TABLES: Final = (status_changes, watch_events, product_notices)
"""All that has numbers of `event_numbers`."""
_TOLD: Final = ("watched", "kind", "record", "leaf", "member", "receipt", "listed", "code", "count")

Watched = sa.Select[tuple[str]]
"""A query for the numbers of followed subjects."""
_Kept = Change | Found | SealedNotice


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What somebody is told. records: by id, whosever they are, as anybody may ask for their
    status. watched: subjects, with all that is known of them. own: besides, all records of this
    member that this caller may know of. notices: opens those about products; None: none are
    told."""

    records: frozenset[bytes] = frozenset()
    watched: Watched | None = None
    own: Caller | None = None
    notices: OpenNotice | None = None

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
    some: list[_Kept] = [*changes.after(connection, place, limit=limit, which=which)]
    if wanted.watched is not None:
        some += _found(connection, place, wanted.watched, limit)
    if wanted.notices is not None:
        some += _notices(connection, place, limit)
    some = sorted(some, key=lambda event: event.place.number)[:limit]
    full = len(some) == limit
    behind = some[-1].place if full else end
    return Page(events=_told(connection, wanted, some), place=behind, full=full)


def latest(connection: sa.Connection, wanted: Selection, limit: int) -> Sequence[Event]:
    """The last events of a selection that are kept, the newest first; those of one's own records
    only where they are followed."""
    some: list[_Kept] = [*changes.latest(connection, limit=limit, which=wanted.concerns)]
    if wanted.watched is not None:
        query = sa.select(watch_events).where(watch_events.c.watched.in_(wanted.watched))
        rows = connection.execute(query.order_by(watch_events.c.id.desc()).limit(limit))
        some += [_event(row) for row in rows]
    if wanted.notices is not None:
        ordered = sa.select(product_notices).order_by(product_notices.c.id.desc()).limit(limit)
        some += [_notice(row) for row in connection.execute(ordered)]
    some.sort(key=lambda event: event.place.number, reverse=True)
    told = (_told_of(connection, wanted, wanted.records, event) for event in some)
    return [event for event in told if event is not None][:limit]


def newest(connection: sa.Connection) -> Place:
    """The place behind the last event."""
    number = changes.last(connection)
    place = _place_at(connection, number) if number else None
    return place or Place(number=number)


def stands(connection: sa.Connection, place: Place) -> bool:
    """Whether what came after this place is kept, all of it."""
    if place.mark == NO_MARK:  # before the first event that is kept, or before any
        return place == before_first(connection)
    return _place_at(connection, place.number) == place


def before_first(connection: sa.Connection) -> Place:
    """The place before all that is kept."""
    firsts = [connection.scalar(sa.select(sa.func.min(table.c.id))) for table in TABLES]
    return Place(number=min((one for one in firsts if one is not None), default=1) - 1)


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
    for table in TABLES:
        old = [table.c.at < now - KEPT, table.c.id < last]
        if needed is not None:
            old.append(sa.or_(table.c.id < needed, table.c.at < now - KEPT_FOR_SLOW))
        connection.execute(sa.delete(table).where(*old))


def _place_at(connection: sa.Connection, number: int) -> Place | None:
    """The place behind the event that has a number; None: it is not kept any more."""
    change = changes.at(connection, number)
    if change is not None:
        return change.place
    for table, kept in ((watch_events, _event), (product_notices, _notice)):
        row = connection.execute(sa.select(table).where(table.c.id == number)).one_or_none()
        if row is not None:
            return kept(row).place
    return None


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


def _notices(connection: sa.Connection, place: Place, limit: int) -> list[SealedNotice]:
    query = sa.select(product_notices).where(product_notices.c.id > place.number)
    rows = connection.execute(query.order_by(product_notices.c.id).limit(limit))
    return [_notice(row) for row in rows]


def _notice(row: sa.Row[Any]) -> SealedNotice:
    return SealedNotice(
        place=Place(number=row.id, mark=changes.mark_of(row.id, row.at, bytes(row.name))),
        at=row.at,
        name=bytes(row.name),
        department=row.department,
        box=row.box,
        content=bytes(row.content),
    )


def _told(connection: sa.Connection, wanted: Selection, some: Sequence[_Kept]) -> list[Event]:
    named = wanted.records
    if wanted.own is not None:
        about = {event.record for event in some if isinstance(event, Change)}
        named |= _watched_of(connection, wanted.watched, about)
    told = (_told_of(connection, wanted, named, event) for event in some)
    return [event for event in told if event is not None]


def _told_of(
    connection: sa.Connection, wanted: Selection, named: frozenset[bytes], event: _Kept
) -> Event | None:
    """An event as it is told; None: it is not. named: records that are followed, whosever."""
    if isinstance(event, SealedNotice):
        return None if wanted.notices is None else wanted.notices(connection, event)
    if isinstance(event, Found) or wanted.own is None or event.record in named:
        return event
    return event if _may_know(connection, wanted.own, event.record) else None


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
