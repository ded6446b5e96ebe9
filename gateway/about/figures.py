"""`GET /v1/node/figures`: how much is filed here, how much of it in time, and repairs, by month.

For anybody, so only what is public anyway: what is filed stands in the signed files of
`/v1/quality`, repairs stand on the chain. How long repairs took does not, so that is told of whole
months alone, and of none with fewer than five: a figure that moves with each repair, or is of a
few, tells of one firm.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from typing import Any, Final

import sqlalchemy as sa

from gateway.base.clock import CHINA
from gateway.base.context import Context
from gateway.base.db import begin_read
from gateway.quality.models import quality_counts
from gateway.quality.store import ACCEPTED, TIMELY
from ledger.core.canonical import instant
from ledger.records.quality import Period

MONTHS: Final = 12
FRESH_SECONDS: Final = 60.0
"""For so long they are handed out again: anybody may ask, and the counts of a year are added up."""
FEWEST: Final = 5
"""Repairs of a month of which an average is told."""
MOST_TYPES: Final = 64
"""That are told apart: more than there are; of others the sum alone."""
OTHER: Final = "other"
_WHAT: Final = (ACCEPTED, *(f"{TIMELY}{one}" for one in ("yes", "no", "unknown")))


@dataclass(frozen=True, slots=True)
class Month:
    """One. begin, end: Unix seconds of its beginning, and of that of the next one."""

    period: Period
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Repaired:
    """Repairs of a month. days: sum of the days from filing to the chain."""

    count: int
    days: float


Repairs = Callable[[sa.Connection, Sequence[Month]], Mapping[str, Repaired]]
"""By the name of the month; months without any are left out."""


class NodeFigures:
    """Reads them at most once a minute; safe in threads."""

    def __init__(self, ctx: Context, repairs: Repairs) -> None:
        self._ctx = ctx
        self._repairs = repairs
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._found: dict[str, Any] = {}

    def as_dict(self) -> Mapping[str, Any]:
        """As the route answers it. One thread reads, the others wait for it."""
        with self._lock:
            if time.monotonic() - self._read_at >= FRESH_SECONDS:
                self._found = self._read()
                self._read_at = time.monotonic()
            return self._found

    def _read(self) -> dict[str, Any]:
        months = last_months(self._ctx.clock.today())
        now = self._ctx.clock.seconds()
        with begin_read(self._ctx.engine) as connection:
            counted = _counted(connection, months)
            repaired = self._repairs(connection, months)
        return {
            "member": self._ctx.settings.node.code,
            "at": instant(now),
            "months": [month.period.name for month in months],
            "records": _records(counted, months),
            "timely": {
                what: [counted.get((m.period.name, f"{TIMELY}{what}", ""), 0) for m in months]
                for what in ("yes", "no", "unknown")
            },
            "repairs": {
                "count": [_of(repaired, month).count for month in months],
                "days": [_days(_of(repaired, month), month, now) for month in months],
            },
        }


def last_months(today: date) -> tuple[Month, ...]:
    """The month of a day and those before it, a year in all, the oldest first."""
    found = [Period.month_of(today)]
    while len(found) < MONTHS:
        found.append(Period.month_of(found[-1].first - timedelta(days=1)))
    return tuple(
        Month(one, _second(one.first), _second(one.last + timedelta(days=1)))
        for one in reversed(found)
    )


def _second(day: date) -> int:
    return int(datetime.combine(day, time_of_day(), CHINA).timestamp())


def _counted(
    connection: sa.Connection, months: Sequence[Month]
) -> Mapping[tuple[str, str, str], int]:
    """By month, what was counted, and the type of record; of what was in time in all types."""
    table = quality_counts
    month = sa.func.substr(table.c.day, 1, 7).label("month")
    kind = sa.case((table.c.what == ACCEPTED, table.c.type), else_="").label("kind")
    query = (
        sa.select(month, table.c.what, kind, sa.func.sum(table.c.count))
        .where(table.c.day >= months[0].period.first.isoformat(), table.c.what.in_(_WHAT))
        .group_by("month", table.c.what, "kind")
    )
    return {(row[0], row[1], row[2]): int(row[3]) for row in connection.execute(query)}


def _records(
    counted: Mapping[tuple[str, str, str], int], months: Sequence[Month]
) -> dict[str, list[int]]:
    """By type the counts of all months, the most frequent type first."""
    weight: dict[str, int] = {}
    for (_, what, kind), count in counted.items():
        if what == ACCEPTED:
            weight[kind] = weight.get(kind, 0) + count
    named = sorted(weight, key=lambda kind: (-weight[kind], kind))
    shown, rest = [one for one in named if one != OTHER][:MOST_TYPES], set(named)
    rest -= set(shown)
    found = {kind: _line(counted, months, {kind}) for kind in shown}
    return found | ({OTHER: _line(counted, months, rest)} if rest else {})


def _line(
    counted: Mapping[tuple[str, str, str], int], months: Sequence[Month], kinds: set[str]
) -> list[int]:
    return [
        sum(counted.get((month.period.name, ACCEPTED, kind), 0) for kind in kinds)
        for month in months
    ]


def _of(repaired: Mapping[str, Repaired], month: Month) -> Repaired:
    return repaired.get(month.period.name, Repaired(0, 0.0))


def _days(repaired: Repaired, month: Month, now: int) -> float | None:
    """The average, to a tenth; None where it would tell of single ones."""
    if repaired.count < FEWEST or now < month.end:
        return None
    return round(repaired.days / repaired.count, 1)
