"""Rows put straight into a SQLite file, and what their indexes cost: time, and bytes written ahead.

One process, one connection, a set of `SET` rows a transaction, as intake does. Nothing is hashed,
checked or sealed here: leaves and fingerprints are random, as real ones look to an index.
"""

from __future__ import annotations

import os
import random
import statistics
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from gateway.base.db import Row, begin_write, insert_rows, open_engine
from gateway.base.revision import migrate
from gateway.log.generations import by_generation
from gateway.log.models import PREFIX, entries, leaf_prefix, logs, promises
from gateway.log.numbers import reserve
from gateway.records.models import records
from scripts.bench_parts.material import OF_AN_OFFICE, OFFICES

SET: Final = 4096
SETS: Final = 64
"""Measured at each size: together as many rows as a generation, which is empty once and full once
among them."""
ASKED: Final = 200
WAL: Final = 128 << 20
"""Bytes written ahead, at which they are moved to the file, as the gateway does."""
FIRMS_FEW, FIRMS_MANY = 1000, 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What a record cost at a size. wall_us, cpu_us: microseconds to store it; ahead: bytes written
    ahead, which are written once more later; found_us, missing_us: to look up a leaf that is there,
    one that is not."""

    records: int
    wall_us: float
    cpu_us: float
    ahead: float
    found_us: float | None = None
    missing_us: float | None = None


class Kind(ABC):
    """A table with its indexes, growing."""

    title: str

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine

    @abstractmethod
    def rows(self, first: int) -> list[Row]:
        """The next set, from this row number on."""

    @abstractmethod
    def put(self, connection: sa.Connection, rows: Sequence[Row]) -> None:
        """Store a set within a transaction."""

    def look(self) -> tuple[float, float] | None:
        """`found_us` and `missing_us`; None: nothing is looked up."""
        return None


class Leaves(Kind):
    """Entries with the indexes of now."""

    title = "entries, by generation"
    _NAMES = ("id", "log", "leaf", "record")

    def __init__(self, engine: sa.Engine) -> None:
        super().__init__(engine)
        self._some = random.Random(1)  # noqa: S311 - repeatable, guards nothing
        self._kept: list[bytes] = []
        with begin_write(engine) as connection:
            row = {"id": 1, "log_id": bytes(32), "size": 0, "root": b""}
            connection.execute(sa.insert(logs).values(row))

    def rows(self, first: int) -> list[Row]:
        """Leaves and beginnings of record ids."""
        made: list[Row] = []
        for row in range(first, first + SET):
            data = self._some.randbytes(32 + PREFIX)
            made.append((row, 1, data[:32], data[32:]))
        self._kept.append(made[self._some.randrange(SET)][2])
        return made

    def put(self, connection: sa.Connection, rows: Sequence[Row]) -> None:
        """As `gateway.log.services.enqueue`, but for what waits to be integrated."""
        ids = reserve(connection, len(rows))
        promise = {"log": 1, "leaves_root": b"", "count": len(rows), "issued_at": 1, "due": 2}
        promise |= {"signature": b"", "key_id": b"", "first_entry": ids.start}
        connection.execute(sa.insert(promises).values(promise))
        insert_rows(connection, entries, self._NAMES, rows)

    def look(self) -> tuple[float, float]:
        """Leaves from all of its time, and others."""
        there = [self._some.choice(self._kept) for _ in range(ASKED)]
        others = [self._some.randbytes(32) for _ in range(ASKED)]
        with self.engine.connect() as connection:
            ask = self._asking(connection)
            if not all(ask(leaf) for leaf in there) or any(ask(leaf) for leaf in others):
                raise AssertionError("a look-up is wrong")
            return _middle(ask, there), _middle(ask, others)

    def _asking(self, connection: sa.Connection) -> Callable[[bytes], Any]:
        query = by_generation(_BY_LEAF)
        return lambda leaf: connection.execute(query, {"p": leaf[:PREFIX], "leaf": leaf}).all()


_BY_LEAF = sa.select(entries.c.id).where(
    leaf_prefix == sa.bindparam("p", type_=sa.LargeBinary), entries.c.leaf == sa.bindparam("leaf")
)


class FormerLeaves(Leaves):
    """Entries with the indexes that they had before revision 0029."""

    title = "entries, as before"

    def __init__(self, engine: sa.Engine) -> None:
        super().__init__(engine)
        with begin_write(engine) as connection:
            for text in (
                "DROP INDEX ix_entries_generation_leaf",
                "DROP INDEX ix_entries_generation_record",
                "CREATE INDEX ix_entries_leaf ON entries (substr(leaf, 1, 5))",
                "CREATE INDEX ix_entries_record ON entries (record)",
            ):
                connection.exec_driver_sql(text)

    def _asking(self, connection: sa.Connection) -> Callable[[bytes], Any]:
        return lambda leaf: connection.execute(_BY_LEAF, {"p": leaf[:PREFIX], "leaf": leaf}).all()


class Documents(Kind):
    """Records, by whose unique key duplicates are told: files of one office after the other."""

    title = "records, one office after the other"
    mixed = False
    firms = FIRMS_FEW
    _NAMES = (
        *("id", "schema", "authority", "visibility", "period", "subject", "stored_at"),
        *("document_key", "record_key", "superseded_by", "content_mac", "content"),
    )

    def __init__(self, engine: sa.Engine) -> None:
        super().__init__(engine)
        self._some = random.Random(2)  # noqa: S311 - repeatable, guards nothing
        self._offices = [self._some.randbytes(4) for _ in range(OFFICES)]

    def rows(self, first: int) -> list[Row]:
        """As intake would store them, of random firms."""
        some = self._some
        made: list[Row] = []
        for row in range(first, first + SET):
            office = some.randrange(OFFICES) if self.mixed else row // OF_AN_OFFICE % OFFICES
            data = some.randbytes(60)
            document = self._offices[office] + data[:12]
            facts = (row, "penalty@1", data[12:28], 1, 202611, some.randrange(self.firms), 1)
            made.append((*facts, document, data[28:44], b"", data[44:60], b""))
        return made

    def put(self, connection: sa.Connection, rows: Sequence[Row]) -> None:
        """Without the entries that they refer to, which the connection does not ask for."""
        insert_rows(connection, records, self._NAMES, rows)


class MixedDocuments(Documents):
    """The same from all offices at once."""

    title = "records, offices mixed"
    mixed = True


class MixedFirms(MixedDocuments):
    """The same about as many firms as a province has."""

    title = "records, offices mixed, many firms"
    firms = FIRMS_MANY


KINDS: Final = (FormerLeaves, Leaves, Documents, MixedDocuments, MixedFirms)


def measure(
    kind: type[Kind], folder: Path, sizes: Sequence[int], say: Callable[[str], None]
) -> list[Point]:
    """At each of these sizes, which rise."""
    found, count = [], 0
    with _database(folder) as engine:
        grows = kind(engine)
        for size in sizes:
            while count < size - SET * SETS // 2:
                _store(grows, folder, count + 1)
                count += SET
            point = _point(grows, folder, count, size)
            count += SET * SETS
            found.append(point)
            say(f"{kind.title}: {point}")
    return found


@contextmanager
def _database(folder: Path) -> Iterator[sa.Engine]:
    engine = open_engine(f"sqlite:///{folder / 'gateway.db'}")
    sa.event.listen(engine, "connect", _leave_alone)
    try:
        migrate(engine)
        yield engine
    finally:
        engine.dispose()
        for path in folder.glob("gateway.db*"):
            path.unlink()


def _leave_alone(connection: Any, _record: Any) -> None:
    """What is written ahead is moved by us, and rows refer to what is not there."""
    with closing(connection.cursor()) as cursor:
        cursor.execute("PRAGMA wal_autocheckpoint=0")
        cursor.execute("PRAGMA foreign_keys=OFF")


def _point(grows: Kind, folder: Path, count: int, size: int) -> Point:
    """Of `SETS` sets with `size` rows in their middle, or from none on."""
    wall = cpu = 0.0
    ahead = 0
    for at in range(SETS):
        _move(grows.engine)
        one = _store(grows, folder, count + 1 + at * SET)
        wall, cpu, ahead = wall + one[0], cpu + one[1], ahead + one[2]
    _move(grows.engine)
    rows = SETS * SET
    looked = grows.look()
    found, missing = looked or (None, None)
    return Point(
        records=size,
        wall_us=wall / rows * 1e6,
        cpu_us=cpu / rows * 1e6,
        ahead=ahead / rows,
        found_us=found,
        missing_us=missing,
    )


def _store(grows: Kind, folder: Path, first: int) -> tuple[float, float, int]:
    """One set: seconds, seconds of processor, bytes that are written ahead then."""
    rows = grows.rows(first)
    begun, worked = time.perf_counter(), time.thread_time()
    with begin_write(grows.engine) as connection:
        grows.put(connection, rows)
    taken = time.perf_counter() - begun, time.thread_time() - worked
    ahead = os.path.getsize(folder / "gateway.db-wal")
    if ahead > WAL:
        _move(grows.engine)
    return *taken, ahead


def _move(engine: sa.Engine) -> None:
    with closing(engine.raw_connection()) as connection, closing(connection.cursor()) as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _middle(ask: Callable[[bytes], Any], wanted: Sequence[bytes]) -> float:
    """Microseconds of one, the middle of all."""
    taken = []
    for one in wanted:
        begun = time.perf_counter()
        ask(one)
        taken.append(time.perf_counter() - begun)
    return 1e6 * statistics.median(taken)
