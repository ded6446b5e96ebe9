"""Months of content taken into the archive, put back, dropped; and what is to be said of all parts.

Only what an operator asks for is done, and only to months whose time is over by `[retention]`. What
is still needed of such a month stays: the content of records with an open case or a proposal, and
of entries and exits of lists that are in force.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal, TypeVar

import sqlalchemy as sa

from gateway.anchoring.progress import unanchored
from gateway.base.clock import Clock
from gateway.base.db import begin_read, begin_write, unhurried
from gateway.cases.models import cases, proposals
from gateway.cases.store import PROPOSED
from gateway.log.located import entries_of, locate
from gateway.log.models import entries
from gateway.log.numbers import number_of, taken
from gateway.partitions import archive
from gateway.partitions.making import LOCK, this_month
from gateway.partitions.models import CONTENTS, CUT
from gateway.partitions.months import Month, between, later, month_at, written
from gateway.partitions.store import Part, is_there, parts
from gateway.records.models import LISTED, contents, records
from gateway.records.store import CLOSED
from ledger.core.case_chain import OPEN
from ledger.core.errors import LedgerError

PATIENCE: Final = 60.0
"""Seconds for which a change is tried for which others must let go of the tables."""
PAUSE: Final = 1.0
"""Seconds between two tries: in these everybody who waited goes on."""
_SOME = 512
_STEPS = 64
"""Times that one record is followed to what stands in its place; as many as corrections are."""

State = Literal["here", "archived", "away"]
"""Of the content of a part: in its place, taken out and beside it, or not in this database."""
_Result = TypeVar("_Result")


class Declined(LedgerError):
    """An order that is not carried out. code: a key of `gateway.operations.partitions_words`.
    values: what its words name."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A part as it stands. rows: entries of it. bytes: of each of its tables with its indexes, of
    those that are there; of an archived one also of the content beside."""

    part: Part
    state: State
    rows: int
    bytes: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """months: how long content is kept behind its month, None = for ever. now: the month that it
    is."""

    months: int | None
    now: Month

    @classmethod
    def of(cls, months: int | None, clock: Clock) -> Retention:
        """By the clock of the settings."""
        return cls(months=months, now=month_at(clock.seconds()))

    def over(self, month: Month) -> bool:
        """Whether the content of a month is kept for long enough."""
        return self.months is not None and between(month, self.now) > self.months


class Partitions:
    """What an operator does with the parts of a database."""

    def __init__(self, engine: sa.Engine, clock: Clock, retention: Retention) -> None:
        """Of a database of PostgreSQL. Raises Declined where it is none, as nothing is cut."""
        if engine.dialect.name != "postgresql":
            raise Declined("not-postgresql")
        self._engine = engine
        self._clock = clock
        self._retention = retention

    def seen(self) -> list[Seen]:
        """All parts, in the order of their row numbers."""
        with begin_read(self._engine) as connection:
            return [_seen(connection, part) for part in parts(connection)]

    def detach(self, month: Month) -> int:
        """Take the content of a month into the archive; how many records keep theirs, as it is
        still needed. Raises Declined."""
        kept = 0
        for part in self._of(month):
            if part.archived_at is None:
                self._gather(part)
                kept += self._patiently(partial(self._detach, part=part))
        return kept

    def _gather(self, part: Part) -> None:
        with begin_read(self._engine) as connection:
            self._demand_over(connection, part)
        last: int | None = 0
        while last is not None:
            with begin_write(self._engine) as connection:
                last = archive.gather(connection, part, last)

    def _detach(self, connection: sa.Connection, part: Part) -> int:
        self._demand_over(connection, part)
        rows = needed(connection, part, in_use(connection))
        archive.detach(connection, part, rows, self._clock.seconds())
        return len(rows)

    def attach(self, month: Month) -> int:
        """Put the content of a month back; of how many records. Raises Declined."""
        held = [part for part in self._of(month) if part.archived_at is not None]
        if not held:
            raise Declined("not-archived", month=written(month))
        rows = 0
        for part in held:
            name = part.table(CONTENTS)
            try:
                with begin_write(self._engine, LOCK) as connection, unhurried(connection):
                    if not is_there(connection, name):
                        raise Declined("content-away", table=name)
                    rows += archive.clean(connection, part)
                self._patiently(partial(archive.put_back, part=part))
            except archive.NotItsContent as error:
                raise Declined("not-its-content", table=name) from error
        return rows

    def drop(self, month: Month) -> None:
        """Drop what was taken out of a month. Raises Declined."""
        held = [part for part in self._of(month) if part.archived_at is not None]
        if not held:
            raise Declined("not-archived", month=written(month))
        self._demand_kept_long_enough(month)
        for part in held:
            with begin_write(self._engine, LOCK) as connection:
                if is_there(connection, part.table(CONTENTS)):
                    archive.drop(connection, part, self._clock.seconds())

    def _of(self, month: Month) -> list[Part]:
        with begin_read(self._engine) as connection:
            found = [part for part in parts(connection) if part.month == month]
        if not found:
            raise Declined("month-unknown", month=written(month))
        return found

    def _demand_over(self, connection: sa.Connection, part: Part) -> None:
        """Require that the time of a part is over and that nothing of it waits for the chain."""
        if part.month >= this_month(connection):
            raise Declined("month-runs", month=written(part.month))
        self._demand_kept_long_enough(part.month)
        waiting = unanchored(connection)
        if waiting and number_of(connection, taken(connection) - waiting + 1) < part.end_id:
            raise Declined("not-anchored", month=written(part.month))

    def _demand_kept_long_enough(self, month: Month) -> None:
        months = self._retention.months
        if months is None:
            raise Declined("retention-unset")
        if not self._retention.over(month):
            until = written(later(month, months))
            raise Declined("too-young", month=written(month), until=until)

    def _patiently(self, work: Callable[[sa.Connection], _Result]) -> _Result:
        """A change in one transaction, tried again where others do not let go of the tables."""
        from gateway.base.postgresql import HELD_UP  # noqa: PLC0415 - the doctor of SQLite goes without

        end = time.monotonic() + PATIENCE
        while True:
            try:
                with begin_write(self._engine, LOCK) as connection, unhurried(connection):
                    return work(connection)
            except sa.exc.OperationalError as error:
                if not isinstance(error.orig, HELD_UP):
                    raise
                if time.monotonic() > end:
                    raise Declined("in-use") from error
            time.sleep(PAUSE)


def _seen(connection: sa.Connection, part: Part) -> Seen:
    query = sa.select(sa.func.max(entries.c.id)).where(
        entries.c.id >= part.first_id, entries.c.id < part.end_id
    )
    last = connection.scalar(query)
    beside = part.archived_at is not None and is_there(connection, part.table(CONTENTS))
    names = {table: part.attached(table) for table in CUT}
    if beside:
        names["archived"] = part.table(CONTENTS)
    size = sa.text("SELECT pg_total_relation_size(quote_ident(current_schema()) || '.' || :name)")
    return Seen(
        part=part,
        state="here" if part.archived_at is None else "archived" if beside else "away",
        rows=0 if last is None else last - part.first_id + 1,
        bytes={of: connection.scalar(size, {"name": name}) or 0 for of, name in names.items()},
    )


def in_use(connection: sa.Connection) -> frozenset[int]:
    """Row numbers of the records about which something is open, and of what stands in the place of
    one that was logged again or corrected since."""
    about = sa.select(cases.c.leaf).where(cases.c.state.in_(OPEN), cases.c.leaf != b"")
    leaves = {bytes(leaf) for leaf in connection.scalars(about)}
    proposed = sa.select(proposals.c.record).where(proposals.c.state == PROPOSED).distinct()
    for record in connection.scalars(proposed):
        at = locate(connection, record)
        if at is not None:
            leaves.add(at.leaf)
    found: set[int] = set()
    for _ in range(_STEPS):
        rows = set(entries_of(connection, leaves).values()) - found
        if not rows:
            break
        found |= rows
        leaves = set(_after(connection, sorted(rows)))
    return frozenset(found)


def _after(connection: sa.Connection, rows: Sequence[int]) -> Iterator[bytes]:
    for at in range(0, len(rows), _SOME):
        query = sa.select(records.c.superseded_by).where(
            records.c.id.in_(rows[at : at + _SOME]), records.c.superseded_by != b""
        )
        yield from connection.scalars(query)


def needed(connection: sa.Connection, part: Part, used: frozenset[int]) -> list[int]:
    """Row numbers of a part whose content is needed whatever its age. used: as `in_use`."""
    within = (records.c.id >= part.first_id, records.c.id < part.end_id)
    listed = sa.select(records.c.id).where(
        LISTED, *within, records.c.superseded_by == b"", sa.not_(CLOSED)
    )
    mine = {row for row in used if part.first_id <= row < part.end_id}
    return sorted(mine | set(connection.scalars(listed)))


def lacking(connection: sa.Connection, part: Part, used: frozenset[int]) -> int:
    """How many records of an archived part are needed whose content is not here."""
    rows = needed(connection, part, used)
    here = 0
    for at in range(0, len(rows), _SOME):
        query = sa.select(sa.func.count()).where(contents.c.id.in_(rows[at : at + _SOME]))
        here += connection.scalar(query) or 0
    return len(rows) - here
