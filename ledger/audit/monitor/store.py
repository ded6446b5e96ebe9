"""What a monitor remembers, in one SQLite file of its folder. One process at a time has it.

A round is one transaction: how far it came, what is so now, and what is to be told of it. SQLite
undoes on the next start what was half written when the process or the machine died.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from ledger.audit.monitor.items import Name
from ledger.core.errors import ConfigError
from ledger.hooks.messages import Message

__all__ = ["FILE", "Letter", "Store", "Stored"]

FILE: Final = "monitor.sqlite"
_FORMAT: Final = 1
_WAIT: Final = 1.0  # seconds for another process to let go of the file
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS items (
    code TEXT NOT NULL, member TEXT NOT NULL, place TEXT NOT NULL,
    id TEXT NOT NULL, source TEXT NOT NULL, since INTEGER NOT NULL, told INTEGER NOT NULL,
    PRIMARY KEY (code, member, place)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS letters (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL, type TEXT NOT NULL, body BLOB NOT NULL,
    since INTEGER NOT NULL, tries INTEGER NOT NULL DEFAULT 0, due INTEGER NOT NULL,
    code TEXT NOT NULL DEFAULT '', dead INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS counts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An item that is known. source: who looks whether it is still so, "" for a fact. since: Unix
    seconds since when. told: whether it was, or it still has to last."""

    name: Name
    id: str
    source: str
    since: int
    told: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message that waits. since: when it could be tried first; due: when it is tried next."""

    number: int
    message: Message
    since: int
    tries: int
    due: int


class Store:
    """The memory. Not for several threads. Close it."""

    def __init__(self, folder: Path) -> None:
        """folder: made where there is none. Raises ConfigError where it cannot be used, or another
        monitor uses it."""
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._db = sqlite3.connect(folder / FILE, timeout=_WAIT, isolation_level=None)
        except (sqlite3.Error, OSError) as error:
            raise ConfigError("--state", f"{folder}: {error}") from error
        try:
            self._prepare()
        except sqlite3.Error as error:
            self._db.close()
            if "locked" in str(error):
                raise ConfigError("--state", f"{folder}: another monitor uses it") from error
            raise ConfigError("--state", f"{folder}: {error}") from error

    def _prepare(self) -> None:
        run = self._db.execute
        run("PRAGMA locking_mode = EXCLUSIVE")
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = FULL")
        run("BEGIN EXCLUSIVE")
        for statement in filter(str.strip, _TABLES.split(";")):
            run(statement)
        run("COMMIT")
        if self.get("format", _FORMAT) != _FORMAT:
            raise sqlite3.DatabaseError("written by a later version of this software")
        self.put("format", _FORMAT)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @contextmanager
    def round(self) -> Iterator[None]:
        """Everything in the block, or nothing of it. One within another is part of that."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # ---- how far it is

    def get(self, name: str, default: Any = None) -> Any:
        """A value of JSON by its name."""
        row = self._db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return default if row is None else orjson.loads(row[0])

    def put(self, name: str, value: Any) -> None:
        """Keep it."""
        self._db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, orjson.dumps(value)))

    def all(self, prefix: str) -> Mapping[str, Any]:
        """Every value whose name begins so, by the rest of its name."""
        rows = self._db.execute(
            "SELECT name, value FROM facts WHERE substr(name, 1, ?) = ?", (len(prefix), prefix)
        )
        return {name[len(prefix) :]: orjson.loads(value) for name, value in rows}

    def drop(self, prefix: str) -> None:
        """Forget them."""
        self._db.execute("DELETE FROM facts WHERE substr(name, 1, ?) = ?", (len(prefix), prefix))

    # ---- what is known

    def item(self, name: Name) -> Stored | None:
        """An item; None: it is new."""
        row = self._db.execute(
            "SELECT id, source, since, told FROM items WHERE code = ? AND member = ? AND place = ?",
            name,
        ).fetchone()
        return None if row is None else _stored(name, *row)

    def items(self, source: str) -> list[Stored]:
        """All of one source."""
        rows = self._db.execute(
            "SELECT code, member, place, id, source, since, told FROM items WHERE source = ?",
            (source,),
        )
        return [_stored(Name(*row[:3]), *row[3:]) for row in rows]

    def sources(self) -> set[str]:
        """Who looks at what is known, but for facts."""
        rows = self._db.execute("SELECT DISTINCT source FROM items WHERE source != ''")
        return {source for (source,) in rows}

    def told(self) -> list[Stored]:
        """All conditions that were told and last."""
        rows = self._db.execute(
            "SELECT code, member, place, id, source, since, told FROM items"
            " WHERE told AND source != '' ORDER BY since, id"
        )
        return [_stored(Name(*row[:3]), *row[3:]) for row in rows]

    def keep(self, item: Stored) -> None:
        """Know it, as it is now."""
        self._db.execute(
            "INSERT OR REPLACE INTO items VALUES (?, ?, ?, ?, ?, ?, ?)",
            (*item.name, item.id, item.source, item.since, item.told),
        )

    def forget(self, name: Name) -> None:
        """It is not so any more."""
        self._db.execute("DELETE FROM items WHERE code = ? AND member = ? AND place = ?", name)

    # ---- what is to be sent

    def post(self, message: Message, now: int) -> None:
        """Have it sent."""
        self._db.execute(
            "INSERT INTO letters (id, type, body, since, due) VALUES (?, ?, ?, ?, ?)",
            (message.id, message.type, message.body, now, now),
        )

    def next_letter(self) -> Letter | None:
        """The oldest that waits."""
        row = self._db.execute(
            "SELECT number, id, type, body, since, tries, due FROM letters WHERE NOT dead"
            " ORDER BY number LIMIT 1"
        ).fetchone()
        if row is None:
            return None
        number, id_, type_, body, since, tries, due = row
        message = Message(id=id_, type=type_, body=body, number=number)
        return Letter(number=number, message=message, since=since, tries=tries, due=due)

    def delivered(self, letter: Letter) -> None:
        """It came there."""
        self._db.execute("DELETE FROM letters WHERE number = ?", (letter.number,))

    def failed(self, letter: Letter, code: str, due: int | None) -> None:
        """It did not. due: when it is tried next; None: it is given up, and kept."""
        self._db.execute(
            "UPDATE letters SET tries = tries + 1, code = ?, due = ?, dead = ? WHERE number = ?",
            (code, letter.due if due is None else due, due is None, letter.number),
        )

    def letters(self) -> tuple[int, int]:
        """How many wait, and how many were given up."""
        waiting, dead = self._db.execute(
            "SELECT coalesce(sum(NOT dead), 0), coalesce(sum(dead), 0) FROM letters"
        ).fetchone()
        return waiting, dead

    # ---- figures

    def count(self, name: str, by: int = 1) -> None:
        """Add to a figure that outlives the process."""
        self._db.execute(
            "INSERT INTO counts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET"
            " value = value + excluded.value",
            (name, by),
        )

    def counts(self) -> dict[str, int]:
        """All of them."""
        return dict(self._db.execute("SELECT name, value FROM counts ORDER BY name"))


def _stored(name: Name, id_: str, source: str, since: int, told: int) -> Stored:
    return Stored(name=name, id=id_, source=source, since=since, told=bool(told))
