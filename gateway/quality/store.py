"""Counting within the transaction that stores a set, and adding up what was counted.

What is counted of a unit, a type and a day: `accepted`, `duplicate`, `corrected`, `wrong-code`,
`timely/yes|no|unknown`, and `code/CODE` for each code by which rows were refused.
"""

from __future__ import annotations

import secrets
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby
from typing import Any, NamedTuple

import sqlalchemy as sa

from gateway.base.db import insert_into, insert_unless_there
from gateway.quality.models import quality_counts, quality_marks
from gateway.tokens.models import tokens
from ledger.records.quality import CORRECTED, Counts, Period

ACCEPTED, DUPLICATE, WRONG_CODE = "accepted", "duplicate", "wrong-code"
TIMELY, CODE = "timely/", "code/"
NO_UNIT = ""
MAX_UNITS = 20_000
"""Units that one process counts by themselves in a day; further ones count as none. A province has
some thousands, and a token of the centre may name any code there is."""
PUBLISHED_ROWS = 1 << 14
"""Lines of a document that name a unit: a province has some thousands, with a few types each."""
WRITER_BYTES = 8
_YEAR = 366


class Refusal(NamedTuple):
    """A refused row. code: that its answer names first."""

    type: str
    code: str
    wrong_code: bool


@dataclass(slots=True)
class Tally:
    """What is to be counted of one set. counts: rows by unit, type and what. refused: rows that
    are counted once a month, by unit and fingerprint."""

    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    refused: dict[tuple[str, bytes], Refusal] = field(default_factory=dict)

    def refuse(self, unit: str, refusal: Refusal) -> None:
        """Count a refused row."""
        self.counts[unit, refusal.type, CODE + refusal.code] += 1
        if refusal.wrong_code:
            self.counts[unit, refusal.type, WRONG_CODE] += 1


class Counting:
    """Counts for one gateway; safe in threads."""

    def __init__(self) -> None:
        self._writer = secrets.token_bytes(WRITER_BYTES)
        self._lock = threading.Lock()
        self._day = date.min
        self._units: set[str] = set()
        self._more: sa.Insert | None = None  # made once: it is part of every set

    def put(self, connection: sa.Connection, tally: Tally, day: date) -> None:
        """Count a set within the caller's transaction. day: of Asia/Shanghai, today."""
        self._demand_room(tally, day)
        for (unit, _), refusal in _new(connection, tally.refused, day):
            tally.refuse(unit, refusal)
        rows = [
            {
                "day": day.isoformat(),
                "unit": unit,
                "type": type_,
                "what": what,
                "writer": self._writer,
                "count": count,
            }
            # In one order for all, so that two threads that count the same do not wait for each
            # other.
            for (unit, type_, what), count in sorted(tally.counts.items())
        ]
        if rows:
            if self._more is None:
                self._more = _counting(connection)
            connection.execute(self._more, rows)

    def _demand_room(self, tally: Tally, day: date) -> None:
        """Let what is of too many units count as of none."""
        units = {unit for unit, _, _ in tally.counts} | {unit for unit, _ in tally.refused}
        with self._lock:
            if day != self._day:
                self._day, self._units = day, set()
            room = max(0, MAX_UNITS - len(self._units))
            fresh = sorted(units - self._units)
            self._units.update(fresh[:room])
        if over := frozenset(fresh[room:]):
            tally.counts = _merged(tally.counts, over)
            tally.refused = {
                (NO_UNIT if unit in over else unit, mark): refusal
                for (unit, mark), refusal in tally.refused.items()
            }


def _counting(connection: sa.Connection) -> sa.Insert:
    """Add to a count, or begin it."""
    made = insert_into(connection, quality_counts)
    more = {"count": quality_counts.c.count + made.excluded.count}
    keys = list(quality_counts.primary_key)
    return made.on_conflict_do_update(index_elements=keys, set_=more)


def counted(connection: sa.Connection, period: Period) -> tuple[Counts, ...]:
    """What was counted in a period, by unit and type, ascending.

    Units of which nobody has a record count as none: a row that was refused may name a body that
    does not exist. So do, where there are too many, those of the fewest rows.
    """
    table = quality_counts
    days = table.c.day.between(period.first.isoformat(), period.last.isoformat())
    query = (
        sa.select(table.c.unit, table.c.type, table.c.what, sa.func.sum(table.c.count))
        .where(days)
        .group_by(table.c.unit, table.c.type, table.c.what)
    )
    found = [tuple(row) for row in connection.execute(query)]
    kept = _published(found, _known(connection, period))
    summed: Counter[tuple[str, str, str]] = Counter()
    for unit, type_, what, count in found:
        summed[unit if unit in kept else NO_UNIT, type_, what] += int(count)
    rows = sorted((*key, count) for key, count in summed.items())
    return tuple(
        _counts(unit, type_, {what: int(count) for _, _, what, count in some})
        for (unit, type_), some in groupby(rows, key=lambda row: (row[0], row[1]))
    )


def supplied(connection: sa.Connection, since: date) -> Mapping[str, date]:
    """By unit the last day on or after `since` on which a record of it was taken in."""
    table = quality_counts
    query = (
        sa.select(table.c.unit, sa.func.max(table.c.day))
        .where(table.c.what == ACCEPTED, table.c.day >= since.isoformat(), table.c.unit != NO_UNIT)
        .group_by(table.c.unit)
    )
    return {unit: date.fromisoformat(day) for unit, day in connection.execute(query)}


def _known(connection: sa.Connection, period: Period) -> frozenset[str]:
    """Units with a record of this period or the year before it, and those that tokens name."""
    table = quality_counts
    since = (period.first - timedelta(days=_YEAR)).isoformat()
    query = sa.select(table.c.unit).distinct()
    query = query.where(table.c.what == ACCEPTED, table.c.day >= since)
    named = connection.scalars(sa.select(tokens.c.authorities))
    return frozenset([*connection.scalars(query), *(code for row in named for code in row.split())])


def _published(rows: Sequence[tuple[Any, ...]], known: frozenset[str]) -> frozenset[str]:
    """The units that have lines of their own: of those known so many as a document may hold."""
    lines, weight = Counter[str](), Counter[str]()
    for unit, _ in {(row[0], row[1]) for row in rows}:
        lines[unit] += 1
    for unit, _, _, count in rows:
        weight[unit] += int(count)
    kept, left = set(), PUBLISHED_ROWS
    for unit, _ in weight.most_common():
        if unit in known and lines[unit] <= left:
            kept.add(unit)
            left -= lines[unit]
    return frozenset(kept)


def first_day(connection: sa.Connection) -> date | None:
    """The first day on which anything was counted."""
    day = connection.scalar(sa.select(sa.func.min(quality_counts.c.day)))
    return None if day is None else date.fromisoformat(day)


def forget_marks(connection: sa.Connection, month: Period) -> None:
    """Forget the fingerprints of the months before this one."""
    connection.execute(sa.delete(quality_marks).where(quality_marks.c.month < month.name))


def _new(
    connection: sa.Connection, refused: Mapping[tuple[str, bytes], Refusal], day: date
) -> Iterator[tuple[tuple[str, bytes], Refusal]]:
    """Those of the refused rows that did not come before in this month."""
    if not refused:
        return
    month = Period.month_of(day).name
    rows = [{"month": month, "unit": unit, "mark": mark} for unit, mark in sorted(refused)]
    made = insert_unless_there(connection, quality_marks)
    stored = made.returning(quality_marks.c.unit, quality_marks.c.mark)
    for unit, mark in connection.execute(stored, rows):
        yield (unit, bytes(mark)), refused[unit, bytes(mark)]


def _merged(
    counts: Mapping[tuple[str, str, str], int], over: frozenset[str]
) -> Counter[tuple[str, str, str]]:
    merged: Counter[tuple[str, str, str]] = Counter()
    for (unit, type_, what), count in counts.items():
        merged[NO_UNIT if unit in over else unit, type_, what] += count
    return merged


def _counts(unit: str, type_: str, by: Mapping[str, int]) -> Counts:
    def under(prefix: str) -> dict[str, int]:
        return {
            what.removeprefix(prefix): count
            for what, count in by.items()
            if what.startswith(prefix)
        }

    return Counts(
        unit=unit,
        type=type_,
        conforming=by.get(ACCEPTED, 0),
        corrected=by.get(CORRECTED, 0),
        duplicates=by.get(DUPLICATE, 0),
        wrong_codes=by.get(WRONG_CODE, 0),
        rejected=under(CODE),
        timely=under(TIMELY),
    )
