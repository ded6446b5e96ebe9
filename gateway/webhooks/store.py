"""Endpoints, what they name, and their letters, in the database.

How far an endpoint is changes only where it is still what was read: whoever was slower, or was held
up and goes on, sets nothing back.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from gateway.base.db import insert_unless_there
from gateway.sealing.services import Kind, drop, number
from gateway.statuses.changes import Place
from gateway.watching.feed import Watched
from gateway.watching.models import watched_subjects
from gateway.watching.subjects import forget
from gateway.webhooks.models import (
    webhook_endpoints,
    webhook_letters,
    webhook_records,
    webhook_subjects,
)
from gateway.webhooks.schedule import DAY
from gateway.webhooks.signing import Message

MAX_LETTERS: Final = 1000
"""Dead letters of one endpoint; where more come the oldest go, and are counted."""
LETTERS_KEPT: Final = 30 * DAY
"""Seconds for which a dead letter may be sent again."""
DISABLED_KEPT: Final = 90 * DAY
"""Seconds after which an endpoint to which nothing is sent is forgotten, with its secret."""

Row = sa.Row[Any]
"""Of `webhook_endpoints` or `webhook_letters`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message that could not be delivered, and how it stands with it."""

    message: Message
    state: str
    tries: int
    since: int
    due: int
    ended_at: int | None
    code: str | None


def now() -> int:
    """Unix seconds of the wall clock: pauses must pass even where CREDIT_LEDGER_NOW stands, and a
    receiver refuses what is not signed by its own time."""
    return int(time.time())


def place_of(row: Row) -> Place:
    """Behind which event an endpoint is."""
    return Place(number=row.offset_number, mark=row.offset_mark)


# ---- endpoints


def find(connection: sa.Connection, endpoint: str) -> Row | None:
    """One endpoint; None: there is none."""
    query = sa.select(webhook_endpoints).where(webhook_endpoints.c.id == endpoint)
    return connection.execute(query).one_or_none()


def of_tokens(connection: sa.Connection, theirs: Collection[int]) -> Sequence[Row]:
    """Those of whoever holds these tokens, the oldest first."""
    query = sa.select(webhook_endpoints).where(webhook_endpoints.c.token.in_(theirs))
    ordered = query.order_by(webhook_endpoints.c.created_at, webhook_endpoints.c.id)
    return connection.execute(ordered).all()


def make(connection: sa.Connection, endpoint: str, place: Place, **values: Any) -> None:
    """Keep a new endpoint that begins behind a place."""
    fresh = {"state": "active", "created_at": now(), "tries": 0, "due": now(), "dropped": 0}
    at = {"offset_number": place.number, "offset_mark": place.mark}
    made = sa.insert(webhook_endpoints).values(id=endpoint, **at, **fresh, **values)
    connection.execute(made)


def put(connection: sa.Connection, endpoint: str, **values: Any) -> None:
    """Change what has nothing to do with how far it is."""
    changed = sa.update(webhook_endpoints).where(webhook_endpoints.c.id == endpoint)
    connection.execute(changed.values(**values))


def count(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> int:
    """How many endpoints there are."""
    query = sa.select(sa.func.count()).select_from(webhook_endpoints).where(*conditions)
    return connection.scalar(query) or 0


def due(connection: sa.Connection, newest: int, leave_out: Collection[str]) -> Sequence[Row]:
    """Endpoints with something that may be theirs, the one that waits longest first. newest: number
    of the last event. leave_out: those that are under way."""
    again = sa.select(webhook_letters.c.endpoint).where(
        webhook_letters.c.state == "again", webhook_letters.c.due <= now()
    )
    query = sa.select(webhook_endpoints).where(
        webhook_endpoints.c.state == "active",
        webhook_endpoints.c.due <= now(),
        sa.or_(webhook_endpoints.c.offset_number < newest, webhook_endpoints.c.id.in_(again)),
        webhook_endpoints.c.id.not_in(leave_out),
    )
    ordered = query.order_by(webhook_endpoints.c.due, webhook_endpoints.c.id)
    return connection.execute(ordered).all()


def change(connection: sa.Connection, row: Row, **values: Any) -> Row | None:
    """Change an endpoint that is still where it was; as it is then. None: another was faster, or it
    was disabled or removed."""
    changed = sa.update(webhook_endpoints).where(
        webhook_endpoints.c.id == row.id,
        webhook_endpoints.c.state == "active",
        webhook_endpoints.c.offset_number == row.offset_number,
        webhook_endpoints.c.offset_mark == row.offset_mark,
        webhook_endpoints.c.tries == row.tries,
    )
    found = connection.execute(changed.values(**values).returning(*webhook_endpoints.c))
    return found.one_or_none()


def disable(connection: sa.Connection, endpoint: str, reason: str) -> None:
    """Send it nothing more until its holder says so."""
    changed = sa.update(webhook_endpoints).where(
        webhook_endpoints.c.id == endpoint, webhook_endpoints.c.state == "active"
    )
    values = {"state": "disabled", "reason": reason, "disabled_at": now()}
    connection.execute(changed.values(**values))


def enable(connection: sa.Connection, endpoint: str, token: int) -> int:
    """Go on with it, also with what it was given up with, for the holder of this token; how many
    letters there are."""
    values = {"state": "active", "reason": None, "disabled_at": None, "token": token}
    fresh = {"tries": 0, "due": now(), "code": None, "failing_since": None}
    put(connection, endpoint, **values, **fresh)
    letters = sa.update(webhook_letters).where(
        webhook_letters.c.endpoint == endpoint, webhook_letters.c.state == "dead"
    )
    again = {"state": "again", "tries": 0, "due": now(), "since": now(), "ended_at": None}
    return connection.execute(letters.values(**again, code=None)).rowcount


def remove(connection: sa.Connection, endpoint: str) -> None:
    """Drop an endpoint with its secrets, its letters, and the subjects that are followed for it
    alone. Under `gateway.watching.subjects.LOCK`."""
    subjects = connection.scalars(
        sa.select(webhook_subjects.c.watched).where(webhook_subjects.c.endpoint == endpoint)
    ).all()
    drop(connection, Kind.WEBHOOK, [number(endpoint)])
    for table in (webhook_records, webhook_subjects, webhook_letters):
        connection.execute(sa.delete(table).where(table.c.endpoint == endpoint))
    connection.execute(sa.delete(webhook_endpoints).where(webhook_endpoints.c.id == endpoint))
    alone = sa.select(watched_subjects.c.id).where(
        watched_subjects.c.id.in_(subjects),
        sa.not_(watched_subjects.c.standing),
        watched_subjects.c.id.not_in(sent_to()),
    )
    for watched in connection.scalars(alone).all():
        forget(connection, watched)


# ---- what they name


def name_records(connection: sa.Connection, endpoint: str, records: Collection[bytes]) -> None:
    """Have it told of these records too."""
    for record in records:
        made = insert_unless_there(connection, webhook_records)
        connection.execute(made.values(endpoint=endpoint, record=record))


def name_subject(connection: sa.Connection, endpoint: str, watched: str) -> None:
    """Have it told of this followed subject too."""
    made = insert_unless_there(connection, webhook_subjects)
    connection.execute(made.values(endpoint=endpoint, watched=watched))


def records_of(connection: sa.Connection, endpoint: str) -> frozenset[bytes]:
    """The records that it names, by id."""
    query = sa.select(webhook_records.c.record).where(webhook_records.c.endpoint == endpoint)
    return frozenset(map(bytes, connection.scalars(query)))


def subjects_of(endpoint: str) -> Watched:
    """The followed subjects that it names."""
    return sa.select(webhook_subjects.c.watched).where(webhook_subjects.c.endpoint == endpoint)


def sent_to() -> Watched:
    """Followed subjects that any endpoint names."""
    return sa.select(webhook_subjects.c.watched)


# ---- letters


def put_letter(connection: sa.Connection, endpoint: str, letter: Letter) -> None:
    """Lay a message aside. Where there is no more room the oldest goes, and is counted."""
    message = letter.message
    made = insert_unless_there(connection, webhook_letters).values(
        endpoint=endpoint,
        message=message.id,
        number=message.number,
        type=message.type,
        body=message.body,
        state=letter.state,
        tries=letter.tries,
        due=letter.due,
        since=letter.since,
        ended_at=letter.ended_at,
        code=letter.code,
    )
    connection.execute(made)
    over = _oldest(connection, endpoint)
    if over:
        gone = sa.delete(webhook_letters).where(
            webhook_letters.c.endpoint == endpoint, webhook_letters.c.message.in_(over)
        )
        connection.execute(gone)
        put(connection, endpoint, dropped=webhook_endpoints.c.dropped + len(over))


def _oldest(connection: sa.Connection, endpoint: str) -> Sequence[str]:
    """Letters that are too many."""
    query = sa.select(webhook_letters.c.message).where(webhook_letters.c.endpoint == endpoint)
    newest_first = query.order_by(webhook_letters.c.number.desc(), webhook_letters.c.message)
    return connection.scalars(newest_first.offset(MAX_LETTERS)).all()


def letters(connection: sa.Connection, endpoint: str) -> list[Letter]:
    """All of an endpoint, in the order of their events."""
    return _letters(connection, webhook_letters.c.endpoint == endpoint)


def letters_due(connection: sa.Connection, endpoint: str, most: int) -> list[Letter]:
    """The next ones that are to be sent again now."""
    return _letters(
        connection,
        webhook_letters.c.endpoint == endpoint,
        webhook_letters.c.state == "again",
        webhook_letters.c.due <= now(),
        most=most,
    )


def count_letters(
    connection: sa.Connection, endpoint: str | None = None, *, state: str = "dead"
) -> int:
    """How many there are in a state, of one endpoint or all."""
    query = sa.select(sa.func.count()).select_from(webhook_letters)
    query = query.where(webhook_letters.c.state == state)
    if endpoint is not None:
        query = query.where(webhook_letters.c.endpoint == endpoint)
    return connection.scalar(query) or 0


def change_letter(connection: sa.Connection, endpoint: str, letter: Letter, **values: Any) -> None:
    """Note what came of sending one again."""
    changed = sa.update(webhook_letters).where(
        webhook_letters.c.endpoint == endpoint,
        webhook_letters.c.message == letter.message.id,
        webhook_letters.c.state == "again",
        webhook_letters.c.tries == letter.tries,
    )
    connection.execute(changed.values(**values))


def drop_letter(connection: sa.Connection, endpoint: str, letter: Letter) -> None:
    """It came there."""
    gone = sa.delete(webhook_letters).where(
        webhook_letters.c.endpoint == endpoint, webhook_letters.c.message == letter.message.id
    )
    connection.execute(gone)


def _letters(
    connection: sa.Connection, *conditions: sa.ColumnElement[bool], most: int | None = None
) -> list[Letter]:
    query = sa.select(webhook_letters).where(*conditions)
    ordered = query.order_by(webhook_letters.c.number, webhook_letters.c.message).limit(most)
    return [
        Letter(
            message=Message(id=row.message, type=row.type, body=bytes(row.body), number=row.number),
            state=row.state,
            tries=row.tries,
            since=row.since,
            due=row.due,
            ended_at=row.ended_at,
            code=row.code,
        )
        for row in connection.execute(ordered)
    ]


# ---- forgetting


def needed(connection: sa.Connection) -> int | None:
    """The number behind which the last of the active endpoints still is; None: there are none."""
    query = sa.select(sa.func.min(webhook_endpoints.c.offset_number))
    found: int | None = connection.scalar(query.where(webhook_endpoints.c.state == "active"))
    return found


def tidy(connection: sa.Connection) -> None:
    """Forget what is of no use any more. Under `gateway.watching.subjects.LOCK`."""
    at = now()
    old = webhook_letters.c.ended_at < at - LETTERS_KEPT
    connection.execute(sa.delete(webhook_letters).where(webhook_letters.c.state == "dead", old))
    over = sa.update(webhook_endpoints).where(webhook_endpoints.c.former_until <= at)
    connection.execute(over.values(former=None, former_until=None))
    idle = sa.select(webhook_endpoints.c.id).where(
        webhook_endpoints.c.state == "disabled",
        webhook_endpoints.c.disabled_at < at - DISABLED_KEPT,
    )
    for endpoint in connection.scalars(idle).all():
        remove(connection, endpoint)
