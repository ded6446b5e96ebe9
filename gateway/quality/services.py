"""The signed file of a month or week: provisional while it lasts, then made once and kept."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as time_of_day

import sqlalchemy as sa

from gateway.base.clock import CHINA
from gateway.base.context import Context
from gateway.base.db import begin_read, begin_write, insert_unless_there
from gateway.chain.signing import Signing
from gateway.quality.models import quality_files
from gateway.quality.store import counted, first_day, forget_marks
from ledger.core.jws import sign_statement
from ledger.records.quality import TYP, Period, Quality

CLOSING = 3600
"""Seconds after the end of a period until it is closed. No transaction that counts for its last
day lasts so long."""
FRESH_SECONDS = 10.0
"""For so long a provisional file is handed out again: anybody may ask, and each is a signature."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A file. final: it never changes."""

    jws: str
    final: bool


class QualityFiles:
    """Makes and hands out the files of one member; safe in threads."""

    def __init__(self, ctx: Context, signing: Signing) -> None:
        self._ctx = ctx
        self._signing = signing
        self._lock = threading.Lock()
        self._fresh: dict[str, tuple[float, Signed]] = {}

    def file(self, period: Period) -> Signed | None:
        """The file of a period; None for one that has not begun, or that ended before the node went
        live and before anything was counted. Raises NotReady where no key may sign it now."""
        with begin_read(self._ctx.engine) as connection:
            stored = _stored(connection, period)
            first = first_day(connection)
        if stored is not None:
            return Signed(jws=stored, final=True)
        today = self._ctx.clock.today()
        # Where nothing came there is a file that says so, from the day on which anything could.
        days = [day for day in (first, self._ctx.settings.node.go_live) if day is not None]
        if period.first > today or period.last < min(days, default=today):
            return None
        return self._close(period) if self.closed(period) else self._provisional(period)

    def closed(self, period: Period) -> bool:
        """Whether nothing is counted in this period any more."""
        after = datetime.combine(period.last + timedelta(days=1), time_of_day(), CHINA)
        return self._ctx.clock.seconds() >= after.timestamp() + CLOSING

    def close_ended(self) -> None:
        """Make the files of the last month and week, where they are closed and not made yet, and
        forget what was kept to count them. Raises NotReady as `file`."""
        today = self._ctx.clock.today()
        month, week = Period.month_of(today), Period.week_of(today)
        before = timedelta(days=1)
        for ended in (Period.month_of(month.first - before), Period.week_of(week.first - before)):
            if self.closed(ended):
                self.file(ended)
        if self.closed(Period.month_of(month.first - before)):
            with begin_write(self._ctx.engine) as connection:
                forget_marks(connection, month)

    def _provisional(self, period: Period) -> Signed:
        """One at a time, so that many who ask together cost one signature."""
        with self._lock:
            at, held = self._fresh.get(period.name, (0.0, None))
            if held is None or time.monotonic() - at >= FRESH_SECONDS:
                held = Signed(jws=self._make(period, provisional=True), final=False)
                self._fresh = {period.name: (time.monotonic(), held)} | {
                    name: kept for name, kept in self._fresh.items() if name != period.name
                }
                while len(self._fresh) > _MAX_FRESH:
                    self._fresh.popitem()
            return held

    def _close(self, period: Period) -> Signed:
        """Two that make it at once keep the first."""
        made = self._make(period, provisional=False)
        with begin_write(self._ctx.engine) as connection:
            put = insert_unless_there(connection, quality_files)
            connection.execute(put.values(period=period.name, jws=made))
            return Signed(jws=_stored(connection, period) or made, final=True)

    def _make(self, period: Period, *, provisional: bool) -> str:
        key, at = self._signing.present_key(), self._ctx.clock.seconds()
        with begin_read(self._ctx.engine) as connection:
            rows = counted(connection, period)
        found = Quality(
            member=self._ctx.settings.node.code,
            network=self._ctx.network.reference,
            period=period,
            at=at,
            provisional=provisional,
            rows=rows,
        )
        return sign_statement(
            TYP, found.encode(), sign=key.sign, kid=key.key_id, alg=key.alg, iat=at
        )


_MAX_FRESH = 8
"""Periods that are open at once: a month, a week, and those about to close."""


def _stored(connection: sa.Connection, period: Period) -> str | None:
    query = sa.select(quality_files.c.jws).where(quality_files.c.period == period.name)
    found: str | None = connection.scalar(query)
    return found
