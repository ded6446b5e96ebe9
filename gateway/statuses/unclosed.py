"""What was read of records is given out only where none was closed meanwhile.

Whoever makes a table, a workbook or a file of records reads them first and hands out later; a
record that is closed in between must not go out with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, TypeVar

import sqlalchemy as sa

from gateway.base.db import begin_read
from gateway.base.errors import NotReady
from gateway.records.models import closings
from gateway.statuses import changes
from gateway.statuses.changes import Place
from gateway.statuses.models import status_changes

TRIES: Final = 5
"""Times that something is made anew; then whoever asks may ask again."""
_AGAIN_SECONDS: Final = 5

T = TypeVar("T")


def begun(engine: sa.Engine) -> Place:
    """Where changes are now; to be asked before anything is read."""
    with begin_read(engine) as connection:
        return changes.newest(connection)


def closed_since(connection: sa.Connection, place: Place) -> bool:
    """Whether a record of ours was closed behind this place."""
    query = (
        sa.select(sa.literal(1))
        .select_from(status_changes)
        .join(closings, closings.c.record == status_changes.c.record)
        .where(status_changes.c.id > place.number, status_changes.c.closed)
    )
    return connection.execute(query.limit(1)).first() is not None


def is_closed_since(engine: sa.Engine, place: Place) -> bool:
    """The same, by itself."""
    with begin_read(engine) as connection:
        return closed_since(connection, place)


def unclosed(engine: sa.Engine, make: Callable[[], T]) -> T:
    """What `make` makes, made anew where a record of ours was closed before it was ready. Raises
    NotReady where that goes on."""
    for _ in range(TRIES):
        place = begun(engine)
        made = make()
        if not is_closed_since(engine, place):
            return made
    raise NotReady("closing", retry_after=_AGAIN_SECONDS)


def while_unclosed(engine: sa.Engine, place: Place, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """These pieces, until a record of ours is closed; then it is broken off, as NotReady: whoever
    takes them has no whole file."""
    for piece in pieces:
        if is_closed_since(engine, place):
            raise NotReady("closing", retry_after=_AGAIN_SECONDS)
        yield piece
