"""Statements that an auditor holds the openings of, and where the logs have them.

Openings come first, then the logs; both go into a table on disk, since a ledger has more statements
than a memory. What is asked for afterwards comes record by record.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from ledger.audit.commitments import STATEMENT
from ledger.audit.noted import Noted
from ledger.audit.opening_files import Asked
from ledger.audit.wanted import Wanted
from ledger.core.ids import Digest, LogId, RecordId
from ledger.core.opening import Opening, parse_opening
from ledger.core.promise import MAX_PROMISE
from ledger.core.query import query_from_members, use_from_members
from ledger.core.statement import Statement, parse_statement

__all__ = ["ANEW", "Held", "Opened", "Placed", "RecordPlace", "Run", "Said"]

_TABLES = """
CREATE TABLE opening (commitment BLOB PRIMARY KEY, log BLOB, iss TEXT, sort TEXT, at INTEGER,
  record BLOB, answer BLOB, statement BLOB, whole BLOB, good INTEGER NOT NULL DEFAULT 0);
CREATE TABLE entry (log BLOB, place INTEGER, commitment BLOB, anchored INTEGER, run INTEGER,
  PRIMARY KEY (log, place)) WITHOUT ROWID;
CREATE TABLE record (record BLOB PRIMARY KEY, log BLOB, period TEXT, schema TEXT, first BLOB)
  WITHOUT ROWID;
CREATE TABLE objection (filer TEXT, owner TEXT, record BLOB, filed INTEGER, ended INTEGER,
  lost INTEGER);
"""
_INDEXES = """
CREATE INDEX entry_of ON entry (commitment, log);
CREATE INDEX opening_of ON opening (record, at, commitment);
CREATE INDEX opening_sort ON opening (sort, commitment);
CREATE INDEX opening_answer ON opening (answer) WHERE answer IS NOT NULL;
CREATE INDEX objection_of ON objection (filer, owner);
CREATE INDEX objection_to ON objection (record);
"""
_SAID = (
    "SELECT o.commitment, o.statement, (SELECT min(e.anchored) FROM entry e"
    " WHERE e.commitment = o.commitment AND +e.log = o.log) FROM opening o"
)
_PAGE = 256  # openings read at once


ANEW = 1
"""In place of the time at which an entry was anchored, where it had been anchored before on another
chain, and nobody knows when."""


class Held(NamedTuple):
    """An opening, and when its entry was anchored: None where its log does not have it, 0 where it
    stands behind the last anchor of a closed log, `ANEW` where that says nothing."""

    opening: Opening
    anchored: int | None


class Said(NamedTuple):
    """A statement that is its member's. anchored: as of `Held`."""

    statement: Statement
    anchored: int | None

    @property
    def counts_from(self) -> int:
        """When it was made, in Unix seconds; its anchor's time where that came later than a promise
        allows."""
        made = self.statement.at
        late = self.anchored is not None and self.anchored > made + MAX_PROMISE
        return self.anchored if late and self.anchored is not None else made


@dataclass(frozen=True, slots=True)
class Placed:
    """An entry of a statement: index in its log, Unix seconds of its anchor."""

    log: LogId
    index: int
    anchored: int


class Run(NamedTuple):
    """Statements that stand in a log without a break. first, last: index; latest: when the last of
    those that are open was made, None: none is; anchored: the last of them."""

    log: LogId
    first: int
    last: int
    latest: int | None
    anchored: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPlace:
    """What a log says of a record. period: a month or year. first: the one that it was logged
    again for, on which the acts are; None: it is that itself."""

    log: LogId
    period: str
    schema: str
    first: RecordId | None = None


class Opened:
    """The tables. Close it: it has a temporary file."""

    def __init__(self) -> None:
        handle, self._path = tempfile.mkstemp(prefix="credit-ledger-", suffix=".openings")
        os.close(handle)
        self._db = sqlite3.connect(self._path)
        self._db.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + _TABLES)
        self._wanted = Wanted()
        self._runs: dict[LogId, tuple[int, int]] = {}  # number of the run, where it ended
        self._asked: dict[LogId, list[Asked]] = {}

    def close(self) -> None:
        """Drop the temporary file."""
        self._db.close()
        os.unlink(self._path)

    # ---- openings come

    def add(self, opening: Opening) -> None:
        """One more, right in itself. Of two of one statement the one with a promise is kept, whose
        term can be judged."""
        made = opening.statement
        record = made.step().record if made.sort == "case" else None
        if record is not None:
            self.want([record])
        kept = "REPLACE" if opening.promised else "IGNORE"
        self._db.execute(
            f"INSERT OR {kept} INTO opening VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",  # noqa: S608
            (
                *(made.commitment, made.log, made.iss, made.sort, made.at, record, _answer(made)),
                *(made.encode(), opening.encode()),
            ),
        )

    def want(self, records: Iterable[RecordId]) -> None:
        """Where these stand will be asked."""
        self._wanted.add(records)

    def answered(self, asked: Iterable[Asked]) -> None:
        """These leaves were answered for by the owner of the log."""
        for one in asked:
            self._asked.setdefault(one.log, []).append(one)

    # ---- then the logs

    @property
    def wanted(self) -> Wanted:
        """The records of which it will be asked where they stand."""
        return self._wanted

    def seen(self, log: LogId, noted: Noted, time: int) -> None:
        """Entries of a log. time: Unix seconds of their anchor, 0 where they stand behind the last
        one, `ANEW` where that says nothing."""
        marked = enumerate(zip(noted.commitments, noted.flags, strict=True), noted.first)
        rows = [
            (log, index, bytes.fromhex(commitment.decode()), time, self._run(log, index))
            for index, (commitment, flag) in marked
            if commitment and flag & STATEMENT
        ]
        self._db.executemany("INSERT OR IGNORE INTO entry VALUES (?, ?, ?, ?, ?)", rows)
        self._db.executemany(
            "INSERT OR IGNORE INTO record VALUES (?, ?, ?, ?, ?)",
            [(one.name, log, one.period, one.schema, one.first) for one in noted.records],
        )

    def _run(self, log: LogId, index: int) -> int:
        number, end = self._runs.get(log, (0, -1))
        number += index != end
        self._runs[log] = (number, index + 1)
        return number

    def end(self) -> None:
        """All logs were read."""
        self._db.executescript(_INDEXES)

    # ---- and are asked

    def each(self) -> Iterator[Held]:
        """Every opening, by commitment, with the first anchor of its entry."""
        last = b""
        # The plus keeps SQLite from looking through the whole log for each of its statements.
        while rows := self._db.execute(
            "SELECT o.commitment, o.whole, (SELECT min(e.anchored) FROM entry e"
            " WHERE e.commitment = o.commitment AND +e.log = o.log) FROM opening o"
            " WHERE o.commitment > ? ORDER BY o.commitment LIMIT ?",
            (last, _PAGE),
        ).fetchall():
            for _, whole, anchored in rows:
                yield Held(parse_opening(whole), anchored)
            last = rows[-1][0]

    def accept(self, commitment: Digest) -> None:
        """This one is its member's: its case is built on it."""
        self._db.execute("UPDATE opening SET good = 1 WHERE commitment = ?", (commitment,))

    def said(self, sort: str) -> Iterator[Said]:
        """Accepted statements of a sort, by commitment."""
        last = b""
        while rows := self._db.execute(
            f"{_SAID} WHERE o.sort = ? AND o.commitment > ? AND o.good"
            " ORDER BY o.commitment LIMIT ?",
            (sort, last, _PAGE),
        ).fetchall():
            for _, statement, anchored in rows:
                yield Said(parse_statement(statement), anchored)
            last = rows[-1][0]

    def statement(self, commitment: bytes) -> Said | None:
        """An accepted statement; None: there is none."""
        query = f"{_SAID} WHERE o.commitment = ? AND o.good"
        row = self._db.execute(query, (commitment,)).fetchone()
        return None if row is None else Said(parse_statement(row[1]), row[2])

    def queries(self, answer: bytes) -> list[Said]:
        """The accepted queries that state an answer of this SHA-256, by commitment, at most some:
        members state each once."""
        rows = self._db.execute(
            # The plus keeps SQLite from looking through all queries for each answer.
            f"{_SAID} WHERE o.answer = ? AND +o.sort = 'query' AND o.good"
            " ORDER BY o.commitment LIMIT ?",
            (answer, _PAGE),
        )
        return [Said(parse_statement(row[1]), row[2]) for row in rows]

    def open_logs(self, logs: Iterable[tuple[LogId, int]]) -> frozenset[LogId]:
        """Of these logs, each with its size, those of which every anchored statement was asked for
        and opened."""
        closed = {placed.log for placed in self.unopened()}
        return frozenset(log for log, size in logs if log not in closed and self.covers(log, size))

    def sorts(self) -> dict[str, int]:
        """How many accepted statements there are of each sort."""
        rows = self._db.execute("SELECT sort, count(*) FROM opening WHERE good GROUP BY sort")
        return dict(rows.fetchall())

    @property
    def database(self) -> sqlite3.Connection:
        """Where tables about openings may be put beside these."""
        return self._db

    def records(self) -> Iterator[RecordId]:
        """Those that accepted steps are about, ascending."""
        found = self._db.execute(
            "SELECT DISTINCT record FROM opening WHERE good AND record IS NOT NULL ORDER BY record"
        )
        yield from (RecordId(row[0]) for row in found)

    def steps(self, record: RecordId, most: int) -> list[Statement]:
        """Accepted steps about a record as they were made, at most so many."""
        rows = self._db.execute(
            "SELECT statement FROM opening WHERE good AND record = ? ORDER BY at, commitment"
            " LIMIT ?",
            (record, most),
        )
        return [parse_statement(row[0]) for row in rows]

    def place(self, record: RecordId) -> RecordPlace | None:
        """Where a record stands; None: in no log that could be read."""
        row = self._db.execute(
            "SELECT log, period, schema, first FROM record WHERE record = ?", (record,)
        ).fetchone()
        if row is None:
            return None
        log, period, schema, first = row
        name = None if first is None else RecordId(first)
        return RecordPlace(log=LogId(log), period=period, schema=schema, first=name)

    def counts(self) -> tuple[int, int]:
        """Statements in the logs, and how many of them are open."""
        entries, opened = self._db.execute(
            "SELECT count(*), count(o.commitment) FROM entry e LEFT JOIN opening o"
            " ON o.commitment = e.commitment AND o.log = e.log"
        ).fetchone()
        return int(entries), int(opened)

    def unopened(self) -> Iterator[Placed]:
        """Anchored statements that their owner was asked for and did not open, by log and index."""
        rows = self._db.execute(
            "SELECT e.log, e.place, e.anchored FROM entry e LEFT JOIN opening o"
            " ON o.commitment = e.commitment AND o.log = e.log"
            " WHERE o.commitment IS NULL AND e.anchored ORDER BY e.log, e.place"
        )
        for log, index, anchored in rows:
            if any(one.start <= index < one.end for one in self._asked.get(LogId(log), ())):
                yield Placed(LogId(log), index, anchored)

    def covers(self, log: LogId, size: int) -> bool:
        """Whether the owner has answered for all of the first `size` leaves."""
        end = 0
        for one in sorted(self._asked.get(log, ()), key=lambda asked: asked.start):
            if one.start > end:
                break
            end = max(end, one.end)
        return end >= size

    def runs(self) -> Iterator[Run]:
        """Of every log, in its order; what is behind its last anchor is left out."""
        rows = self._db.execute(
            "SELECT e.log, min(e.place), max(e.place), max(o.at), max(e.anchored) FROM entry e"
            " LEFT JOIN opening o ON o.commitment = e.commitment AND o.log = e.log"
            " WHERE e.anchored GROUP BY e.log, e.run ORDER BY e.log, e.run"
        )
        for log, first, last, latest, anchored in rows:
            yield Run(LogId(log), first, last, latest, anchored)

    # ---- objections, of which some mark by themselves

    def note_objection(
        self, record: RecordId, filer: str, owner: str, span: tuple[int, int | None], *, lost: bool
    ) -> None:
        """One was open in a span of Unix seconds. lost: it came to nothing."""
        self._db.execute(
            "INSERT INTO objection VALUES (?, ?, ?, ?, ?, ?)", (filer, owner, record, *span, lost)
        )

    def objected(self) -> Iterator[RecordId]:
        """Records of which an objection was noted, ascending."""
        rows = self._db.execute("SELECT DISTINCT record FROM objection ORDER BY record").fetchall()
        yield from (RecordId(row[0]) for row in rows)

    def marks(self, record: RecordId, filer: str, owner: str, at: int, most: int) -> bool:
        """Whether one that was filed then had to mark by itself: fewer than `most` of this filer
        were open, and none about the record had come to nothing."""
        (open_,) = self._db.execute(
            "SELECT count(*) FROM objection WHERE filer = ? AND owner = ? AND filed < ?"
            " AND (ended IS NULL OR ended > ?)",
            (filer, owner, at, at),
        ).fetchone()
        (lost,) = self._db.execute(
            "SELECT count(*) FROM objection WHERE record = ? AND lost AND ended < ?",
            (record, at),
        ).fetchone()
        return int(open_) < most and not lost


def _answer(made: Statement) -> Digest | None:
    """The answer that a query or a use is about."""
    if made.sort == "query":
        return query_from_members(made.members).answer
    return use_from_members(made.members).answer if made.sort == "use" else None
