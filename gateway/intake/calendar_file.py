"""The operator's calendar file, read again when it changes: a year is added without a restart.

Every process that drafts looks for itself; the gateway's own says what it found, and warns before
the known years end.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path

import structlog

from gateway.base.clock import Clock
from ledger.core.errors import ConfigError
from ledger.records.calendar import Calendar

LOOK_SECONDS = 1.0
"""How often at most the file is looked at."""
WARN_DAYS = 60
"""Before decisions come whose deadline nobody knows. The State Council announces a year about that
long before."""
WARN_SECONDS = 86_400.0
"""Between two warnings."""

_Stamp = tuple[int, int, int]

_log = structlog.get_logger(__name__)


class CalendarFile:
    """Working days as the package and the operator's file have them now."""

    def __init__(self, path: Path | None) -> None:
        """Read it. Raises ConfigError where the file cannot be used."""
        self._path = path
        self._stamp = self._look()
        self._calendar = Calendar.load(path)
        self._looked_at = time.monotonic()
        self.problem: ConfigError | None = None
        """Why the file as it is now was not taken; the years read before stand."""

    def current(self) -> Calendar:
        """The calendar, read again where the file has changed."""
        now = time.monotonic()
        if self._path is None or now - self._looked_at < LOOK_SECONDS:
            return self._calendar
        self._looked_at = now
        stamp = self._look()
        if stamp != self._stamp:
            self._stamp = stamp
            self._read()
        return self._calendar

    def _read(self) -> None:
        try:
            self._calendar, self.problem = Calendar.load(self._path), None
        except ConfigError as error:
            self.problem = error

    def _look(self) -> _Stamp | None:
        """None: there is none."""
        if self._path is None:
            return None
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino


class CalendarWatch:
    """One step of the thread that looks after the calendar; see `gateway.base.threads`."""

    def __init__(self, calendar: CalendarFile, clock: Clock) -> None:
        self._calendar = calendar
        self._clock = clock
        self._told: ConfigError | None = None
        self._known: Calendar | None = None
        self._warned_at = float("-inf")

    def __call__(self, _stop: threading.Event) -> float:
        calendar, problem = self._calendar.current(), self._calendar.problem
        if problem is not None and problem is not self._told:
            _log.error("calendar.refused", problem=problem.problem)
        self._told = problem
        if calendar is not self._known:
            if self._known is not None:
                _log.info("calendar.read-again", days=days_left(calendar, self._clock))
            self._known = calendar
            self._warned_at = float("-inf")
        self._warn(calendar)
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
