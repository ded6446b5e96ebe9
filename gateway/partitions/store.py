"""Parts in the database: which there are, where new row numbers begin, what is archived."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from gateway.base.lease import CLOCKS
from gateway.partitions.models import CONTENTS, CUT, partitions
from gateway.partitions.months import Month

_NAMED = ("first_id", "end_id", "month", "n", "archived_at", "dropped_at")
KEPT = "kept"
"""Ending of the part that holds, of an archived month, the content that is still needed."""


class Part(NamedTuple):
    """A row of `partitions`."""

    first_id: int
    end_id: int
    month: Month
    n: int
    archived_at: int | None = None
    dropped_at: int | None = None

    def table(self, of: str) -> str:
        """The name of its table, as part of a table that is cut."""
        return f"{of}_{self.month // 100:04}_{self.month % 100:02}_{self.n}"

    def attached(self, of: str) -> str:
        """The name of what is the part of that table now."""
        return self.table(of) if of != CONTENTS or self.archived_at is None else self.kept

    @property
    def kept(self) -> str:
        """The name of the part of `contents` that is left of it while it is archived."""
        return f"{self.table(CONTENTS)}_{KEPT}"


def parts(connection: sa.Connection) -> list[Part]:
    """All parts, in the order of their row numbers."""
    columns = [partitions.c[name] for name in _NAMED]
    query = sa.select(*columns).order_by(partitions.c.first_id)
    return [Part(*row) for row in connection.execute(query)]


_FLOORS = {
    name: sa.select(partitions.c.first_id)
    .where(partitions.c.since <= clock)
    .order_by(partitions.c.first_id.desc())
    .limit(1)
    for name, clock in CLOCKS.items()
}
_SKIPS = (
    sa.select(partitions.c.first_id, partitions.c.skipped)
    .where(partitions.c.skipped > 0)
    .order_by(partitions.c.first_id)
)


def floor(connection: sa.Connection) -> int:
    """The first row number of the month that it is now, by the database's clock; of a month without
    parts, that of the newest that has some. 1 where nothing is cut."""
    return connection.scalar(_FLOORS[connection.dialect.name]) or 1


def note_skipped(connection: sa.Connection, first_id: int, count: int) -> None:
    """Note how many row numbers before a part nobody got."""
    here = partitions.c.first_id == first_id
    connection.execute(sa.update(partitions).where(here).values(skipped=count))


def skips(connection: sa.Connection) -> list[tuple[int, int]]:
    """(first row number behind it, how many are left out) of each gap, in their order."""
    return [(first, count) for first, count in connection.execute(_SKIPS)]


def in_archive(entry: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Whether the content of the record with this row number was taken into the archive."""
    found = sa.exists().where(
        partitions.c.archived_at.is_not(None),
        partitions.c.first_id <= entry,
        partitions.c.end_id > entry,
    )
    return found.correlate_except(partitions)


def detached(connection: sa.Connection) -> list[Part]:
    """Archived parts whose content still lies in this database, beside `contents`."""
    if connection.dialect.name != "postgresql":
        return []
    out = [part for part in parts(connection) if part.archived_at is not None]
    return [part for part in out if is_there(connection, part.table(CONTENTS))]


def is_there(connection: sa.Connection, table: str) -> bool:
    """Whether a table of this name is in our schema."""
    query = sa.text("SELECT to_regclass(quote_ident(current_schema()) || '.' || :name) IS NOT NULL")
    return bool(connection.scalar(query, {"name": table}))


def tables_of_parts(connection: sa.Connection) -> set[str]:
    """All tables that there may be as parts of others, or beside them."""
    names = {f"{table}_default" for table in CUT} | {"content_keys_others"}
    for part in parts(connection):
        names |= {*map(part.table, CUT), part.kept}
    return names


def contents_of(part: Part) -> sa.TableClause:
    """The content of an archived part, where it still lies in this database."""
    return sa.table(part.table(CONTENTS), sa.column("id", sa.BigInteger))


def destroy_detached(connection: sa.Connection, rows: Sequence[int]) -> None:
    """Destroy the content of these records in what was taken out of `contents`, too."""
    for part in detached(connection):
        theirs = [row for row in rows if part.first_id <= row < part.end_id]
        if theirs:
            held: Any = contents_of(part)
            connection.execute(sa.delete(held).where(held.c.id.in_(theirs)))
