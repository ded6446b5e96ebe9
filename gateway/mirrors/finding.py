"""Whose a record is, by the copies of the logs of others: nobody learns that it was asked for."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from gateway.base.db import begin_read
from gateway.base.errors import NotReady
from gateway.log.store import unpack
from gateway.mirrors.models import mirror_bundles, mirror_tiles
from gateway.mirrors.prefixes import PREFIX, ids_of, places
from gateway.mirrors.store import Mirror, all_mirrors
from ledger.core.canonical import DIGEST_SIZE
from ledger.core.errors import Malformed
from ledger.core.ids import RecordId

SOME: Final = 1024
"""Bundles that are looked at in one transaction: a long one would hold up the database."""
LONGEST: Final = 20.0
"""Seconds after which a search gives up. Of ten million records 40 MB of prefixes are read."""


class Held(NamedTuple):
    """A record that a copy holds. member: whose log it is in."""

    member: str
    record: RecordId


def record_at(connection: sa.Connection, mirror: Mirror, n: int, place: int) -> RecordId | None:
    """The record id of an entry by the number of its bundle and its place there; None where that is
    damaged, or the entry is none of a record."""
    ids = _ids(connection, mirror, n)
    return ids[place] if place < len(ids) else None


class MirroredRecords:
    """Looks through the copies, the newest entries first."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def find(self, name: bytes, member: str | None = None) -> Held | None:
        """The record by its id or leaf, in the logs of a member or of all; None: no copy has it.
        Raises NotReady (`busy`) where that takes too long."""
        end = time.monotonic() + LONGEST
        with begin_read(self._engine) as connection:
            mirrors = [one for one in all_mirrors(connection) if member in (None, one.member)]
        for mirror in mirrors:
            for first in reversed(range(0, mirror.whole + 1, SOME)):
                if time.monotonic() > end:
                    raise NotReady("busy", retry_after=60)
                found = self._look(mirror, first, name)
                if found is not None:
                    return Held(mirror.member, found)
        return None

    def _look(self, mirror: Mirror, first: int, name: bytes) -> RecordId | None:
        with begin_read(self._engine) as connection:
            for n, at in _candidates(connection, mirror, first, name):
                ids = _ids(connection, mirror, n)
                # By its leaf it is found for certain, by a few bytes of its id perhaps.
                for place, leaf in at:
                    found = ids[place] if place < len(ids) else None
                    if found is not None and (leaf or found == name):
                        return found
        return None


def _candidates(
    connection: sa.Connection, mirror: Mirror, first: int, name: bytes
) -> Iterator[tuple[int, list[tuple[int, bool]]]]:
    """Numbers of bundles from `first` on, with places where the name may stand, and whether it is a
    leaf there."""
    part = name[:PREFIX]
    for row in _rows(connection, mirror_bundles, mirror_bundles.c.prefixes, mirror, first):
        if row[1] is None:  # of before revision 0007
            ids = _ids(connection, mirror, row.n)
            found = [place for place, one in enumerate(ids) if one == name]
        else:
            found = list(places(row[1], part, PREFIX))
        if found:
            yield row.n, [(place, False) for place in found]
    for row in _rows(connection, mirror_tiles, mirror_tiles.c.data, mirror, first):
        if found := list(places(row[1], name, DIGEST_SIZE)):
            yield row.n, [(place, True) for place in found]


def _rows(
    connection: sa.Connection,
    table: sa.Table,
    column: sa.ColumnElement[Any],
    mirror: Mirror,
    first: int,
) -> Sequence[Any]:
    query = sa.select(table.c.n, column).where(
        table.c.mirror == mirror.id, table.c.n >= first, table.c.n < first + SOME
    )
    if table is mirror_tiles:
        query = query.where(table.c.level == 0)
    return connection.execute(query.order_by(table.c.n.desc())).all()


def _ids(connection: sa.Connection, mirror: Mirror, n: int) -> list[RecordId | None]:
    """The record ids of a bundle; none where it is damaged: who serves it finds out, and has it
    read again."""
    query = sa.select(mirror_bundles.c.data).where(
        mirror_bundles.c.mirror == mirror.id, mirror_bundles.c.n == n
    )
    data = connection.scalar(query)
    try:
        return [] if data is None else ids_of(mirror.log_id, unpack(data, n))
    except Malformed:
        return []
