"""The database: one metadata, one way to open it, one way to write.

SQLite (WAL, every commit on disk before it returns) by default, PostgreSQL by URL; the same
tables and statements for both. The tables stand in each domain's `models.py`.

On PostgreSQL writes run READ COMMITTED: what must not overlap takes a named lock first and reads
after it. Reads of one moment run REPEATABLE READ, which cannot fail where nothing is written.
"""

from __future__ import annotations

import math
import os
import sqlite3
import stat
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache, partial
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from weakref import WeakKeyDictionary

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects import sqlite

from gateway.base.holder_lock import id_of
from gateway.base.wal import SAFETY
from ledger.chain.keys.private import OTHERS
from ledger.core.errors import ConfigError

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

BUSY_TIMEOUT_MS = 30_000
"""How long a SQLite writer waits for another one. A batch commits in well under a second; half
a minute covers a slow disk."""
PAGE = 8192
"""Bytes. Records have about a thousand; on smaller pages a tenth of the file stays empty."""
CACHE_KIB = 32_768
"""SQLite page cache per connection; what does not fit is read from the system's."""
POOL = 20
"""Connections of one process at most: 4 sets of streams, the single records, 2 files, integrator,
anchorer and some readers. PostgreSQL takes 100 by default."""
_SORTS = "MEMORY"
_POSTGRESQL = "postgresql+psycopg"

Row = tuple[Any, ...]

_log = structlog.get_logger(__name__)

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


def parse_url(url: str) -> sa.URL:
    """With its driver. Raises ConfigError where it is no URL, or of another database."""
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        raise ConfigError("database_url", "no URL of a database") from error
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername=_POSTGRESQL)
    if parsed.drivername not in ("sqlite", _POSTGRESQL):
        raise ConfigError("database_url", "neither sqlite:/// nor postgresql://")
    return parsed


def open_engine(url: str) -> sa.Engine:
    """An engine with our settings. A SQLite file is created where there is none; ConfigError where
    the URL is none, or of another database."""
    parsed = parse_url(url)
    if parsed.drivername != _POSTGRESQL:
        return _sqlite(parsed)
    # What one database alone needs takes a tenth of a second of every command with the other.
    from gateway.base.postgresql import open_postgresql  # noqa: PLC0415

    return open_postgresql(parsed, POOL)


def close_engine(engine: sa.Engine) -> None:
    """Close its connections and open no more: who still asks gets the database's OperationalError.
    A thread that outlives its gateway must not hold a connection that nobody closes."""
    open_ones = engine.pool
    # First, or a thread that asks in between would open one in a pool that nobody closes again.
    engine.pool = sa.NullPool(partial(_refuse, engine.dialect))
    open_ones.dispose()


def _refuse(dialect: sa.Dialect) -> NoReturn:
    raise dialect.loaded_dbapi.OperationalError("the gateway is closed")


def _sqlite(url: sa.URL) -> sa.Engine:
    if url.database not in (None, "", ":memory:"):
        _keep_private(Path(str(url.database)))
    engine = sa.create_engine(
        url,
        hide_parameters=True,  # errors must not quote content
        pool_size=POOL,  # opening one takes longer than what is asked over it
        max_overflow=POOL,
    )
    _TURNS[engine] = _Turn(Path(str(url.database)))
    engine.dialect.colspecs = {**engine.dialect.colspecs, sa.LargeBinary: _PlainBytes}
    sa.event.listen(engine, "connect", _set_up_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _keep_private(path: Path) -> None:
    """Whoever can read the file reads who is in it. SQLite gives what it writes beside it the same
    mode. A folder that is not there is found out when the file is opened."""
    if not path.exists() and path.parent.is_dir():
        with suppress(FileExistsError):  # another process was first, and made it as we do
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    for one in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))):
        try:
            if stat.S_IMODE(one.stat().st_mode) & OTHERS:
                one.chmod(0o600)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise ConfigError(str(one), f"others can read it; run: chmod 600 {one}") from error


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
        f"temp_store={_SORTS}",
        "secure_delete=ON",  # zeros where a key was, whatever SQLite was compiled with
        f"cache_size=-{CACHE_KIB}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    # A writer that starts as a reader can fail half-way with "database is locked"; IMMEDIATE
    # takes the write lock first and waits for it.
    write = connection.get_execution_options().get("credit_ledger_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


class _Turn:
    """Of the writers of this process on one SQLite database."""

    def __init__(self, path: Path) -> None:
        self.lock = threading.Lock()
        self._path = path
        self._served = id_of(path)

    def demand_in_place(self) -> None:
        """Raise OperationalError where the file that was opened does not lie there any more. What
        is written into it then is lost, promises among it, and new connections see another one."""
        found = id_of(self._path)
        if self._served is None:  # its folder came later
            self._served = found
        elif found != self._served:
            _log.error("database.replaced", path=str(self._path))
            raise _refused("another database was put in its place, or none")


_TURNS: WeakKeyDictionary[sa.Engine, _Turn] = WeakKeyDictionary()


@contextmanager
def _turn(engine: sa.Engine) -> Iterator[None]:
    """Of the writers of this process one at a time, and the next one as soon as it is done: SQLite
    lets those who wait sleep, each time for longer, up to a tenth of a second."""
    turn = _TURNS.get(engine)
    if turn is None:  # PostgreSQL has many writers
        yield
        return
    if not turn.lock.acquire(timeout=BUSY_TIMEOUT_MS / 1000):
        raise _refused("database is locked")
    try:
        turn.demand_in_place()
        yield
    finally:
        turn.lock.release()


def _refused(why: str) -> sa.exc.OperationalError:
    return sa.exc.OperationalError("BEGIN IMMEDIATE", None, sqlite3.OperationalError(why))


@contextmanager
def begin_write(engine: sa.Engine, name: str | None = None) -> Iterator[sa.Connection]:
    """A write transaction: committed at the end, rolled back on an exception.

    name: of a `lock`; two transactions with the same one never overlap, on any process and host.
    """
    with _turn(engine), engine.connect().execution_options(credit_ledger_write=True) as connection:
        with connection.begin():
            if name is not None:
                lock(connection, name)
            yield connection


@contextmanager
def begin_change(engine: sa.Engine, name: str) -> Iterator[sa.Connection]:
    """The same for changing tables. SQLite sorts for it through files: in memory an index takes 65
    bytes a row while it is made. It cannot be told so once the transaction has begun."""
    with _turn(engine), engine.connect().execution_options(credit_ledger_write=True) as connection:
        with _sorting_in_files(connection), connection.begin():
            lock(connection, name)
            yield connection


@contextmanager
def _sorting_in_files(connection: sa.Connection) -> Iterator[None]:
    if connection.dialect.name != "sqlite":
        yield
        return
    raw: Any = connection.connection.driver_connection
    raw.execute("PRAGMA temp_store=FILE")
    try:
        yield
    finally:
        if not connection.invalidated:  # as one that was interrupted
            raw.execute(f"PRAGMA temp_store={_SORTS}")


def lock(connection: sa.Connection, name: str) -> None:
    """Take a named lock until the end of the write transaction, waiting for who has it.

    SQLite has one writer anyway; PostgreSQL takes an advisory lock, one for each schema, since
    members may share a database.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK, {"name": name})


_LOCK = sa.text(
    "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '/' || :name, 0))"
)


@contextmanager
def begin_read(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction in which all reads see the database as of one moment."""
    with engine.connect().execution_options(**_READ[engine.dialect.name]) as connection:
        yield connection


@contextmanager
def read_long(engine: sa.Engine) -> Iterator[sa.Connection]:
    """The same for as long as it takes: counting and copying a large database, and writing the
    copy, take longer than what others are allowed."""
    with begin_read(engine) as connection, unhurried(connection):
        yield connection


@contextmanager
def unhurried(connection: sa.Connection) -> Iterator[None]:
    """Let the statements of a transaction take as long as they take."""
    if connection.dialect.name != "postgresql":
        yield
        return
    from gateway.base.postgresql import ANSWER_SECONDS  # noqa: PLC0415

    raw: Any = connection.connection.driver_connection
    raw.answer_seconds = math.inf
    try:
        for bound in ("statement_timeout", "idle_in_transaction_session_timeout"):
            connection.execute(sa.text(f"SET LOCAL {bound} = 0"))
        yield
    finally:
        raw.answer_seconds = ANSWER_SECONDS


_READ: dict[str, dict[str, Any]] = {
    "sqlite": {},
    "postgresql": {"isolation_level": "REPEATABLE READ"},
}


def insert_rows(
    connection: sa.Connection, table: sa.Table, names: Sequence[str], rows: Iterable[Row]
) -> None:
    """Insert many rows at once, values in the order of `names`; IntegrityError as usual.

    Plain tuples straight to the driver: building a dict and running it through the statement's
    compiled form for every row took longer than storing it. No rows are no statement.
    """
    rows = list(rows)
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        _copy(connection, table, names, rows)
        return
    connection.exec_driver_sql(_insert_text(table, tuple(names), connection.dialect), rows)


@cache
def _insert_text(table: sa.Table, names: tuple[str, ...], dialect: sa.Dialect) -> str:
    statement = sa.insert(table).values({name: sa.bindparam(name) for name in names})
    return str(statement.compile(dialect=dialect, column_keys=list(names)))


FEW, MANY = 8, 512
"""Values of one query to SQLite: of two lengths only, so that it is prepared once."""


def rows_having(
    connection: sa.Connection,
    columns: tuple[sa.Column[Any], ...],
    column: sa.Column[bytes],
    values: Sequence[bytes],
) -> list[Row]:
    """These columns of all rows that have one of the values in `column`, which has an index. For
    many values, straight to the driver: SQLAlchemy's part costs more than SQLite's answer."""
    dialect, count = connection.dialect, FEW if len(values) <= FEW else MANY
    found: list[Row] = []
    for at in range(0, len(values), count):
        some = values[at : at + count]
        given: Any = {"values": list(some)}
        if dialect.name == "sqlite":
            given = (*some, *repeat(some[-1], count - len(some)))
        text = _having_text(columns, column, dialect, count)
        found += map(tuple, connection.exec_driver_sql(text, given))
    return found


def rows_at(
    connection: sa.Connection,
    key: Sequence[sa.Column[Any]],
    wanted: Collection[tuple[Any, ...]],
) -> Iterator[sa.Row[Any]]:
    """The rows of a table whose columns `key`, which have an index in this order, are one of those
    wanted. Joined and not by IN, for which SQLite reads the whole table where it is of several."""
    names = sorted(set(wanted))
    columns = [sa.column(one.name, one.type) for one in key]
    table = key[0].table
    for at in range(0, len(names), MANY):
        some = sa.values(*columns, name="wanted").data(names[at : at + MANY]).cte()
        same = sa.and_(*(one == some.c[one.name] for one in key))
        yield from connection.execute(sa.select(table).join_from(some, table, same)).all()


@cache
def _having_text(
    columns: tuple[sa.Column[Any], ...],
    column: sa.Column[bytes],
    dialect: sa.Dialect,
    count: int,
) -> str:
    """The query as the driver takes it."""
    values = sa.bindparam("values", type_=sa.ARRAY(sa.LargeBinary))
    one_of = column == sa.any_(values)
    if dialect.name == "sqlite":
        one_of = column.in_([sa.bindparam(f"v{n}", type_=sa.LargeBinary) for n in range(count)])
    return str(sa.select(*columns).where(one_of).compile(dialect=dialect))


def insert_unless_there(
    connection: sa.Connection, table: sa.Table
) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that does nothing where a unique key is taken, also by a transaction that is about
    to commit."""
    return insert_into(connection, table).on_conflict_do_nothing()


def insert_into(connection: sa.Connection, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that can be told what to do where a unique key is taken."""
    if connection.dialect.name != "postgresql":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415

    return postgresql.insert(table)


def _copy(
    connection: sa.Connection, table: sa.Table, names: Sequence[str], rows: Iterable[Row]
) -> None:
    """COPY in PostgreSQL's binary form, in which bytes go as they are."""
    dialect: Any = connection.dialect
    raw: Any = connection.connection.driver_connection
    columns = ", ".join(map(dialect.identifier_preparer.quote, names))  # one may be called "case"
    text = f"COPY {table.name} ({columns}) FROM STDIN (FORMAT BINARY)"
    kinds = (table.c[name].type.compile(dialect=dialect).lower() for name in names)
    types = [kind.partition("(")[0] for kind in kinds]  # its length is no part of a type's name
    try:
        with raw.cursor() as cursor, cursor.copy(text) as copy:
            copy.set_types(types)
            for row in rows:
                copy.write_row(row)
    except dialect.dbapi.Error as error:
        lost = dialect.is_disconnect(error, raw, None)
        if lost:
            connection.invalidate(error)
        raise sa.exc.DBAPIError.instance(
            text,
            None,
            error,
            dialect.dbapi.Error,
            hide_parameters=True,
            connection_invalidated=lost,
            dialect=dialect,
        ) from error
