"""The lease of gateways that share a SQLite database: a small file beside it, and a lock.

    gateway.db-lease        SQLite, one row: who holds it, how often it was renewed, by which lock
    gateway.db-lease-lock   empty; whoever holds the lease has a `flock` on it

A renewal writes, and in the database a promise would wait every second for it and for its flush.
Nothing in these files has to be kept: they are never flushed, are in no backup, and are made anew
where they are gone or cannot be read.

A lock ends with its process. So who gets the very lock that the holder noted knows that it is dead,
and takes over. One that hangs or was stopped keeps its lock; then, and where there is no `flock` or
the holder is on another machine, the lease is free once it was not renewed for some seconds, by the
monotonic clock of whoever looks: no clock of the day is asked, so none that is set matters.
"""

from __future__ import annotations

import errno
import os
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from gateway.base.holder_lock import HolderLock, id_of, make_private
from ledger.core.errors import ConfigError

FILE, LOCK_FILE = "-lease", "-lease-lock"
"""What is put behind the name of the database."""
RELEASED, UNKNOWN = "", "?"
"""In place of a holder: it was let go · the file is new, and somebody may hold the lease who has
not found that out yet, or it cannot be read now."""
PATIENCE = 0.2
"""Seconds for another process to be done with the row, which takes well under a millisecond."""

_TABLE = (
    "CREATE TABLE IF NOT EXISTS lease (id INTEGER PRIMARY KEY CHECK (id = 1),"
    " holder TEXT NOT NULL, beat INTEGER NOT NULL, lock TEXT NOT NULL)"
)
_READ = "SELECT holder, beat, lock FROM lease"
_SPOILT = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
"""It is no database, a damaged one, or has another table of this name."""
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


class Kept(NamedTuple):
    """The row. holder: host/process/random. beat: drawn anew with every renewal. lock: the name of
    the holder's; empty where it has none."""

    holder: str
    beat: int
    lock: str


class Seen(NamedTuple):
    """holder: host/process/random of who seems to hold it; None: nobody. at_once: whether one that
    is killed is replaced without waiting."""

    holder: str | None
    at_once: bool


class LeaseFile:
    """Where the lease of a SQLite database is kept, for one process. Not safe in threads."""

    def __init__(self, database: Path, me: str, older: Callable[[], bool], seconds: float) -> None:
        """me: names this process. older: whether a gateway from before there was this file holds
        the row of the database; it does not know of us, so it has the right of way. seconds: after
        which a holder that did not renew it has lost it."""
        self._database = database
        self._served = id_of(database)
        self._path = beside(database, FILE)
        self._me = me
        self._older = older
        self._seconds = seconds
        self._lock = HolderLock(beside(database, LOCK_FILE), database)
        self._seen: Kept | None = None
        self._since = time.monotonic()
        self._holds = False

    def ask(self) -> bool | None:
        """Take it, or renew it. None: another process is at it, and is not done. Raises ConfigError
        where the files cannot be used."""
        if id_of(self._database) != self._served:
            # Another database was put in its place, and the files are those of whoever serves it.
            self.close()
            return False
        if self._older():
            if self._holds:
                self.release()
            return False
        self._lock.take()
        try:
            self._holds = self._write()
        except _Busy:
            return None
        finally:
            if not self._holds:
                self._lock.leave()
        return self._holds

    def is_left(self) -> bool:
        """Whether its lock is free, or the holder has not been seen to renew it for too long."""
        return id_of(self._database) == self._served and (self._lock.take() or self._is_old())

    def is_locked(self) -> bool:
        """Whether another process has its lock: one that lives, whether it renews it or not."""
        return not self._lock.take() and self._lock.refused

    def is_taken(self) -> bool:
        """Whether another process holds it, as far as can be told now."""
        if self._older():
            return True
        self._lock.take()
        try:
            with self._open() as connection:
                kept = _read(connection)
            return kept.holder != self._me and not self._is_free(kept)
        except _Busy:
            return True
        finally:
            if not self._holds:
                self._lock.leave()

    def release(self) -> None:
        """The row first: a free lock means that its holder is dead."""
        self._holds = False
        try:
            # Where the row is busy, who gets the lock takes us for dead, which is as good.
            with suppress(_Busy), self._open() as connection, _writing(connection):
                if _read(connection).holder == self._me:
                    _put(connection, RELEASED, "")
        finally:
            self._lock.leave()

    def look(self) -> Seen:
        """See `Lease.look`; makes no file."""
        paths = (self._path, beside(self._database, LOCK_FILE))
        for path in paths:
            if not os.access(path if path.exists() else path.parent, os.R_OK | os.W_OK):
                why = os.strerror(errno.EACCES)
                raise ConfigError(str(path), f"the lease cannot be kept here: {why}")
        if not all(path.exists() for path in paths):
            return Seen(None, True)
        taken, holder = self.is_taken(), UNKNOWN
        with suppress(_Busy), self._open() as connection:
            holder = _read(connection).holder
        return Seen(holder if taken else None, self._lock.works)

    def demand_usable(self) -> None:
        """Raise ConfigError where the files cannot be made or written."""
        self._lock.demand_usable()
        with suppress(_Busy), self._open():  # another process is at it, so it can be used
            pass

    def close(self) -> None:
        """Let go of the lock."""
        self._holds = False
        self._lock.leave()

    def _write(self) -> bool:
        """Whether the row names us now. Read first, so that who waits hinders nobody."""
        with self._open() as connection:
            if not self._may_have(_read(connection)):
                return False
            with _writing(connection):
                if not self._may_have(_read(connection)):
                    return False
                _put(connection, self._me, self._lock.name)
                return True

    def _may_have(self, kept: Kept) -> bool:
        return kept.holder == self._me or self._is_free(kept)

    def _is_free(self, kept: Kept) -> bool:
        """Whether nobody holds it."""
        if kept != self._seen:
            self._seen, self._since = kept, time.monotonic()
        if kept.holder == RELEASED or self._is_old():
            return True
        mine = self._lock.name
        return mine != "" and (kept.lock == mine or kept.holder == UNKNOWN)

    def _is_old(self) -> bool:
        return self._seen is not None and time.monotonic() - self._since >= self._seconds

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """The file that lies there now, since another may have taken its place. Raises `_Busy`."""
        try:
            with closing(self._connect()) as connection:
                yield connection
        except (sqlite3.Error, OSError) as error:
            if _code(error) in _BUSY:
                raise _Busy from error
            raise ConfigError(str(self._path), f"the lease cannot be kept here: {error}") from error

    def _connect(self) -> sqlite3.Connection:
        """Make it where there is none, and anew where it cannot be read."""
        make_private(self._path, self._database)
        try:
            return _set_up(self._path)
        except sqlite3.DatabaseError as error:
            if _code(error) not in _SPOILT:
                raise
        self._path.unlink(missing_ok=True)
        make_private(self._path, self._database)
        return _set_up(self._path)


class _Busy(Exception):
    """Another process is at the row."""


def file_of(engine: sa.Engine) -> Path | None:
    """The file of a SQLite database, links resolved as SQLite does for what it puts beside it;
    None: it is on a server, or in memory."""
    name = engine.url.database
    if engine.dialect.name != "sqlite" or name in (None, "", ":memory:"):
        return None
    return Path(str(name)).resolve()


def beside(database: Path, end: str) -> Path:
    """A file of the same name with `end` behind it."""
    return database.with_name(database.name + end)


def _set_up(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
    try:
        for statement in ("PRAGMA journal_mode=MEMORY", "PRAGMA synchronous=OFF", _TABLE, _READ):
            connection.execute(statement).fetchall()
    except BaseException:
        connection.close()
        raise
    return connection


def _read(connection: sqlite3.Connection) -> Kept:
    """A new file has no row."""
    row = connection.execute(_READ).fetchone()
    return Kept(UNKNOWN, 0, "") if row is None else Kept(*row)


@contextmanager
def _writing(connection: sqlite3.Connection) -> Iterator[None]:
    """A transaction; what is raised in it ends the connection, which undoes it."""
    connection.execute("BEGIN IMMEDIATE")
    yield
    connection.execute("COMMIT")


def _put(connection: sqlite3.Connection, holder: str, lock: str) -> None:
    kept = Kept(holder, secrets.randbits(62), lock)
    connection.execute("REPLACE INTO lease VALUES (1, ?, ?, ?)", kept)


def _code(error: Exception) -> int | None:
    """SQLite's primary code."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF
