"""The database: one metadata, one way to open it, one way to write.

SQLite (WAL, every commit on disk before it returns) by default, PostgreSQL by URL; the same
tables and statements for both. The tables stand in each domain's `models.py`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from gateway.checkpoints import SAFETY

BUSY_TIMEOUT_MS = 30_000
"""How long a SQLite writer waits for another one. A batch commits in well under a second; half
a minute covers a slow disk."""
PAGE = 8192
"""Bytes. Records have about a thousand; on smaller pages a tenth of the file stays empty."""
CACHE_KIB = 32_768
"""SQLite page cache per connection. Leaf and key indexes are hit at random; issue 4 measures."""

Row = tuple[Any, ...]

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

RowId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""64-bit row number; SQLite wants exactly INTEGER for its rowid."""


class _PlainBytes(sa.LargeBinary):
    """Bytes as they are: sqlite3 takes them, and wrapping each in a `memoryview` first took a
    twelfth of intake's time."""

    def bind_processor(self, dialect: sa.Dialect) -> None:
        """No conversion."""


def open_engine(url: str) -> sa.Engine:
    """An engine with our settings. A SQLite file is created where there is none."""
    engine = sa.create_engine(url, hide_parameters=True)  # errors must not quote content
    if engine.dialect.name == "sqlite":
        engine.dialect.colspecs = {**engine.dialect.colspecs, sa.LargeBinary: _PlainBytes}
        sa.event.listen(engine, "connect", _set_up_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself; `_begin_sqlite` does
    cursor = connection.cursor()
    for pragma in (
        f"page_size={PAGE}",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        f"wal_autocheckpoint={SAFETY}",
        "synchronous=FULL",
        "foreign_keys=ON",
        "temp_store=MEMORY",
        f"cache_size=-{CACHE_KIB}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    # A writer that starts as a reader can fail half-way with "database is locked"; IMMEDIATE
    # takes the write lock first and waits for it.
    write = connection.get_execution_options().get("credit_ledger_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


@contextmanager
def begin_write(engine: sa.Engine, name: str | None = None) -> Iterator[sa.Connection]:
    """A write transaction: committed at the end, rolled back on an exception.

    name: of a `lock`; two transactions with the same one never overlap, on any process and host.
    """
    with engine.connect().execution_options(credit_ledger_write=True) as connection:
        with connection.begin():
            if name is not None:
                lock(connection, name)
            yield connection


def lock(connection: sa.Connection, name: str) -> None:
    """Take a named lock until the end of the write transaction, waiting for who has it.

    SQLite has one writer anyway; PostgreSQL takes an advisory lock.
    """
    if connection.dialect.name == "postgresql":
        key = zlib.crc32(name.encode())
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))


@contextmanager
def begin_read(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction in which all reads see the database as of one moment."""
    options = {} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    with engine.connect().execution_options(**options) as connection:
        yield connection


def insert_rows(
    connection: sa.Connection, table: sa.Table, names: Sequence[str], rows: Iterable[Row]
) -> None:
    """Insert many rows at once, values in the order of `names`; IntegrityError as usual.

    Plain tuples straight to the driver: building a dict and running it through the statement's
    compiled form for every row took longer than storing it.
    """
    statement = sa.insert(table).values({name: sa.bindparam(name) for name in names})
    text = str(statement.compile(dialect=connection.dialect, column_keys=list(names)))
    connection.exec_driver_sql(text, list(rows))


def migrate(engine: sa.Engine) -> None:
    """Bring the tables to this version of the program. Safe where several processes start."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with begin_write(engine, "migrate") as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
