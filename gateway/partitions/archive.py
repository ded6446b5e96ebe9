"""Taking the content of a month out of the tables, putting it back, dropping it.

The rows of `records` stay, and so do entries and keys: what was taken out is content alone, in a
table of its own beside `contents`, where `pg_dump` finds it. In its place stays a part with what is
still needed. Everything works within the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import sqlalchemy as sa

from gateway.partitions.making import attach, change_tables, run
from gateway.partitions.models import CONTENTS, partitions
from gateway.partitions.store import Part
from ledger.core.errors import LedgerError

_COLUMNS: Final = {"id": "bigint", "content": "bytea"}
AT_ONCE: Final = 4096
"""Rows that are moved in one transaction: well under a second."""
_CHECK: Final = "ck_within"
"""By it PostgreSQL knows, without a look at the rows, that they belong into the part."""


class NotItsContent(LedgerError):
    """A table that is to be put back holds something else than the content of its part."""


def gather(connection: sa.Connection, part: Part, after: int) -> int | None:
    """Move content of a part that an older program put into `records` to where it belongs, behind
    a row number; the last one moved, None: none is left."""
    ends = {"after": max(after, part.first_id - 1), "end": part.end_id, "most": AT_ONCE}
    last: int | None = connection.scalar(_GATHER, ends)
    return last


_GATHER = sa.text("""
    WITH old AS (
        SELECT id, content FROM records
        WHERE id > :after AND id < :end AND content <> '' ORDER BY id LIMIT :most FOR UPDATE),
    moved AS (INSERT INTO contents SELECT id, content FROM old),
    emptied AS (UPDATE records SET content = '' FROM old WHERE records.id = old.id)
    SELECT max(id) FROM old
""")


def detach(connection: sa.Connection, part: Part, needed: Collection[int], at: int) -> None:
    """Take the content of a part out, but for that of the records `needed`. at: Unix seconds."""
    name = part.table(CONTENTS)
    change_tables(connection)
    run(connection, f"ALTER TABLE {CONTENTS} DETACH PARTITION {name}")
    run(connection, f"CREATE TABLE {part.kept} (LIKE {CONTENTS} INCLUDING STORAGE)")
    keep = sa.text(f"INSERT INTO {part.kept} SELECT * FROM {name} WHERE id = ANY(:ids)")  # noqa: S608
    connection.execute(keep, {"ids": sorted(needed)})
    attach(connection, CONTENTS, part.kept, part)
    _note(connection, part, archived_at=at)


def clean(connection: sa.Connection, part: Part) -> int:
    """Make ready what is to be put back, while nobody is held up: what was erased meanwhile goes,
    what was kept and is not in it comes in; how many rows it has then. Raises NotItsContent."""
    name = part.table(CONTENTS)
    _demand_columns(connection, name)
    gone = "NOT EXISTS (SELECT FROM content_keys k WHERE k.kind = 1 AND k.id = t.id)"
    run(connection, f"DELETE FROM {name} t WHERE {gone}")  # noqa: S608 - our own names
    lacking = f"NOT EXISTS (SELECT FROM {name} t WHERE t.id = k.id)"
    run(connection, f"INSERT INTO {name} SELECT * FROM {part.kept} k WHERE {lacking}")  # noqa: S608
    run(connection, f"ALTER TABLE {name} DROP CONSTRAINT IF EXISTS {_CHECK}")
    within = f"id >= {part.first_id} AND id < {part.end_id}"
    try:
        run(connection, f"ALTER TABLE {name} ADD CONSTRAINT {_CHECK} CHECK ({within})")
        run(connection, f"ALTER TABLE {name} ALTER id SET NOT NULL, ALTER content SET NOT NULL")
    except sa.exc.IntegrityError as error:
        raise NotItsContent(f"{name} holds rows of other months") from error
    return int(connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one())  # noqa: S608


def put_back(connection: sa.Connection, part: Part) -> None:
    """Have what `clean` made ready be the part again. Raises NotItsContent."""
    name = part.table(CONTENTS)
    change_tables(connection)
    run(connection, f"ALTER TABLE {CONTENTS} DETACH PARTITION {part.kept}")
    run(connection, f"DROP TABLE {part.kept}")
    try:
        attach(connection, CONTENTS, name, part)
    except (sa.exc.IntegrityError, sa.exc.ProgrammingError) as error:
        raise NotItsContent(f"{name} cannot be a part of {CONTENTS}") from error
    run(connection, f"ALTER TABLE {name} DROP CONSTRAINT {_CHECK}")
    _note(connection, part, archived_at=None, dropped_at=None)


def drop(connection: sa.Connection, part: Part, at: int) -> None:
    """Drop what was taken out. at: Unix seconds."""
    run(connection, f"DROP TABLE {part.table(CONTENTS)}")
    _note(connection, part, dropped_at=at)


def _demand_columns(connection: sa.Connection, name: str) -> None:
    query = sa.text(
        "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute"
        " WHERE attrelid = to_regclass(quote_ident(current_schema()) || '.' || :name)"
        " AND attnum > 0 AND NOT attisdropped"
    )
    found = {column: kind for column, kind in connection.execute(query, {"name": name})}
    if found != _COLUMNS:
        raise NotItsContent(f"{name} is not a table of id bigint and content bytea")


def _note(connection: sa.Connection, part: Part, **values: int | None) -> None:
    here = partitions.c.first_id == part.first_id
    connection.execute(sa.update(partitions).where(here).values(**values))
