"""The month or year of a decision as a number, which the public entry tells anyway.

The day itself is content: it would tie a record in a stolen database to a published decision.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date

from gateway.base.policy import Days

_MONTHS = 100
_LAST = 12


def period_number(day: date, *, yearly: bool) -> int:
    """YYYYMM, or YYYY00 where the entry tells the year alone."""
    return day.year * _MONTHS + (0 if yearly else day.month)


def days_of(period: int) -> Days:
    """The days of a `period_number`."""
    year, month = divmod(period, _MONTHS)
    first, last = month or 1, month or _LAST
    return Days(date(year, first, 1), date(year, last, monthrange(year, last)[1]))
