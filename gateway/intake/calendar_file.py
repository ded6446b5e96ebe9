"""The operator's calendar file, read again when it changes: a year is added without a restart, and
the gateway warns before the known years end.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path

import structlog

from gateway.base.clock import Clock
from gateway.base.reread import LOOK_SECONDS, Reread, Telling
from ledger.records.calendar import Calendar

WARN_DAYS = 60
"""Before decisions come whose deadline nobody knows. The State Council announces a year about that
long before."""
WARN_SECONDS = 86_400.0
"""Between two warnings."""

_log = structlog.get_logger(__name__)


class CalendarFile(Reread[Calendar]):
    """Working days as the package and the operator's file have them now."""

    def __init__(self, path: Path | None) -> None:
        """Read it. Raises ConfigError where the file cannot be used."""
        super().__init__((path,), lambda: Calendar.load(path))


class CalendarWatch:
    """One step of the thread that looks after the calendar; see `gateway.base.threads`."""

    def __init__(self, calendar: CalendarFile, clock: Clock) -> None:
        self._calendar = calendar
        self._telling = Telling("calendar", calendar)
        self._clock = clock
        self._warned_at = float("-inf")

    def __call__(self, _stop: threading.Event) -> float:
        if self._telling.tell():
            self._warned_at = float("-inf")
        self._warn(self._calendar.current())
        return LOOK_SECONDS

    def _warn(self, calendar: Calendar) -> None:
        left, now = days_left(calendar, self._clock), time.monotonic()
        if left <= WARN_DAYS and now - self._warned_at >= WARN_SECONDS:
            self._warned_at = now
            _log.warning("calendar.ends", days=left, setting="calendar_file")


def days_left(calendar: Calendar, clock: Clock) -> int:
    """Days until decisions come whose deadline nobody knows; 0: they are here."""
    today = clock.today()
    return (calendar.horizon(today) - today).days
