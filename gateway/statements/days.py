"""The days of the batch: each begins at 23:00 in Asia/Shanghai, when what waited is moved."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from gateway.base.clock import CHINA

HOUR = time(23)
"""When offices are closed and the promises of the day are known."""
_DAY = timedelta(days=1)


def last_batch(at: int) -> date:
    """The day of the newest batch that is due at this Unix second."""
    now = datetime.fromtimestamp(at, CHINA)
    return now.date() if now.time() >= HOUR else now.date() - _DAY


def begins(day: date) -> int:
    """Unix seconds from which the batch of a day is due."""
    return int(datetime.combine(day, HOUR, CHINA).timestamp())


def after(day: date) -> date:
    """The day of the next batch."""
    return day + _DAY
