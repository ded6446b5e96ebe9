"""Writing and reading the access log.

A read is logged before its answer leaves: what cannot be logged is not handed out. Readers that
come together share one commit. Sets are logged in the transaction that stores them.

What anybody can repeat at will, refusals and comparisons, is tallied: the like of it within a
minute is one line of each gateway with a count, so that trying around does not fill the disk.
Gateways share no line: one that stood still in its transaction would make the others wait.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from gateway.accesses.models import TALLIED, accesses
from gateway.base.clock import Clock
from gateway.base.db import Row, begin_read, begin_write, insert_into, insert_rows
from gateway.base.policy import Caller, Decision, Purpose

ALLOWED = "allowed"
PIECE = 10_000
"""Lines forgotten in one transaction, or read at once: a writer that waits, waits for so many."""
DAY = 86_400
MINUTE = 60
MAX_NAMED = 20
"""Records that the refusals of one token name in a minute, and its comparisons; more of them share
a line that names none. Leaves are public, so anybody with a token can ask for every one there is;
and whoever filed many can send them again one by one."""
WRITER_BYTES = 8
_PROCESS = secrets.token_bytes(WRITER_BYTES)

_COLUMNS = (
    *("at", "token", "member", "purpose", "record"),
    *("count", "answer", "rules", "use", "authorisation", "tally"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One line. token: None for another member, which `member` names. record, use, authorisation:
    as in the table. count: rows of a set."""

    token: int | None
    purpose: Purpose
    decision: Decision
    record: bytes | None = None
    count: int = 1
    member: str | None = None
    use: str | None = None
    authorisation: bytes | None = None

    @property
    def answer(self) -> str:
        """As it stands in the table."""
        return self.decision.code or ALLOWED

    @property
    def tallied(self) -> bool:
        """Whether the like of it is counted; False: a line by itself."""
        return not self.decision.allowed or self.purpose is Purpose.COMPARE

    def tally(self, at: int, writer: bytes) -> bytes | None:
        """What the like of it within the minute is counted under; None: a line by itself."""
        if not self.tallied:
            return None
        record = "" if self.record is None else self.record.hex()
        who = self.token if self.member is None else self.member
        paper = b"" if self.authorisation is None else self.authorisation
        asked = (who, self.purpose, self.answer, self.decision.version, record, paper.hex())
        parts = (writer.hex(), *asked, at // MINUTE)
        return hashlib.sha256("/".join(map(str, parts)).encode()).digest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line as it is read. record, authorisation: hex."""

    id: int
    at: int
    token: int | None
    member: str | None
    purpose: str
    record: str | None
    count: int
    answer: str
    rules: int
    use: str | None
    authorisation: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which lines. since, until: Unix seconds, until exclusive."""

    token: int | None = None
    member: str | None = None
    record: bytes | None = None
    since: int | None = None
    until: int | None = None
    refused: bool = False


def write(
    connection: sa.Connection, lines: Sequence[Access], at: int, writer: bytes = _PROCESS
) -> None:
    """Write lines within the caller's transaction. writer: whose tallies count them."""
    alone: list[Row] = []
    tallied: list[Row] = []
    for line in lines:
        tally = line.tally(at, writer)
        values = (at, line.token, line.member, line.purpose.value, line.record)
        papers = (line.use, line.authorisation)
        row = (*values, line.count, line.answer, line.decision.version, *papers, tally)
        (alone if tally is None else tallied).append(row)
    if alone:
        insert_rows(connection, accesses, _COLUMNS, alone)
    # In one order for all, so that two who count the same do not wait for each other.
    for row in sorted(tallied, key=lambda row: row[-1]):
        made = insert_into(connection, accesses).values(dict(zip(_COLUMNS, row, strict=True)))
        more = {"count": accesses.c.count + made.excluded.count}
        connection.execute(
            made.on_conflict_do_update(
                index_elements=[accesses.c.tally], index_where=TALLIED, set_=more
            )
        )


class _Waiting:
    """A line on its way, and what came of it."""

    def __init__(self, line: Access) -> None:
        self.line = line
        self.written = False


class _Queue:
    """Lines that wait for one commit together."""

    def __init__(self, put: Callable[[Sequence[Access]], None]) -> None:
        self._put = put
        self._waiting: list[_Waiting] = []
        self._queue = threading.Lock()
        self._writing = threading.Lock()

    def write(self, line: Access) -> None:
        """Return once the line is durable."""
        mine = _Waiting(line)
        with self._queue:
            self._waiting.append(mine)
        with self._writing:
            if mine.written:  # by the one who was writing while we waited
                return
            with self._queue:
                some, self._waiting = self._waiting, []
            # One that failed for others is tried again by each of them.
            lines = some if mine in some else [mine]
            self._put([waiting.line for waiting in lines])
            for waiting in lines:
                waiting.written = True


class AccessLog:
    """Writes lines of one gateway; safe in threads.

    What is tallied queues apart: it may wait for another transaction that counts the same, and
    those who only read do not wait with it.
    """

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._writer = secrets.token_bytes(WRITER_BYTES)
        self._tallied = _Queue(self._commit)
        self._alone = _Queue(self._commit)
        self._minute = 0
        # By token or member and whether it was allowed, in that minute.
        self._named: dict[tuple[int | str | None, bool], set[bytes]] = {}
        self._naming = threading.Lock()

    def write(self, line: Access) -> None:
        """Return once the line is durable. Raises what the database raises; then it is not."""
        (self._tallied if line.tallied else self._alone).write(self._bounded(line))

    def put(self, connection: sa.Connection, lines: Sequence[Access], at: int) -> None:
        """Write lines within the caller's transaction."""
        write(connection, [self._bounded(line) for line in lines], at, self._writer)

    def _commit(self, lines: Sequence[Access]) -> None:
        with begin_write(self._engine) as connection:
            write(connection, lines, self._clock.seconds(), self._writer)

    def _bounded(self, line: Access) -> Access:
        """The line; without its record where the token has tried too many in this minute."""
        if not line.tallied or line.record is None:
            return line
        minute = self._clock.seconds() // MINUTE
        with self._naming:
            if minute != self._minute:
                self._minute, self._named = minute, {}
            who = line.token if line.member is None else line.member
            named = self._named.setdefault((who, line.decision.allowed), set())
            if line.record not in named and len(named) >= MAX_NAMED:
                return replace(line, record=None)
            named.add(line.record)
        return line

    def refuse(self, caller: Caller, purpose: Purpose, decision: Decision) -> None:
        """Write a refusal given before any record was looked at, and raise NotAllowed."""
        self.write(Access(token=caller.id, purpose=purpose, decision=decision))
        decision.demand()

    def forget(self, days: int, stop: threading.Event) -> int:
        """Drop lines older than so many days, piece by piece; how many."""
        before = self._clock.seconds() - days * DAY
        old = sa.select(accesses.c.id).where(accesses.c.at < before).limit(PIECE)
        dropped = 0
        while not stop.is_set():
            with begin_write(self._engine, "accesses") as connection:
                gone = sa.delete(accesses).where(accesses.c.id.in_(old.scalar_subquery()))
                count = connection.execute(gone).rowcount
            dropped += count
            if count < PIECE:
                break
        return dropped


def read(engine: sa.Engine, wanted: Wanted) -> Iterator[Line]:
    """The lines, the oldest first, in pieces so that a long log fits."""
    last = 0
    while some := _piece(engine, _query(wanted).where(accesses.c.id > last).limit(PIECE)):
        yield from some
        last = some[-1].id


def newest(engine: sa.Engine, wanted: Wanted, limit: int) -> list[Line]:
    """The last lines, the newest first."""
    query = _query(wanted).order_by(None).order_by(accesses.c.id.desc())
    return _piece(engine, query.limit(limit))


def _query(wanted: Wanted) -> sa.Select[Any]:
    told = [column for column in accesses.c if column is not accesses.c.tally]
    query = sa.select(*told).order_by(accesses.c.id)
    if wanted.token is not None:
        query = query.where(accesses.c.token == wanted.token)
    if wanted.member is not None:
        query = query.where(accesses.c.member == wanted.member)
    if wanted.record is not None:
        query = query.where(accesses.c.record == wanted.record)
    if wanted.since is not None:
        query = query.where(accesses.c.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(accesses.c.at < wanted.until)
    if wanted.refused:
        query = query.where(accesses.c.answer != ALLOWED)
    return query


def _piece(engine: sa.Engine, query: sa.Select[Any]) -> list[Line]:
    with begin_read(engine) as connection:
        rows = connection.execute(query).all()
    return [
        Line(
            **{
                **row._mapping,
                "record": None if row.record is None else row.record.hex(),
                "authorisation": None if row.authorisation is None else row.authorisation.hex(),
            }
        )
        for row in rows
    ]
