"""Months, and the row numbers of entries that belong to each.

The number of an entry begins with the month in which it was stored: 202612 × 10^10 + n. So a part
of a table that holds a month is a range of numbers that is known before the month begins, and the
number alone tells the part. Whoever looks up a number names no month.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from gateway.base.clock import CHINA

ROOM: Final = 10**10
"""Row numbers of a month, twenty times what a province has in all; the largest number of the year
9999 is below 2^63, and those until then fit the 2^53 of JSON for seven thousand years."""
_YEAR, _MONTHS = 100, 12
_WRITTEN: Final = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)

Month = int
"""YYYYMM, in China."""


def month_at(seconds: float) -> Month:
    """The month of an instant in Unix seconds."""
    day = datetime.fromtimestamp(seconds, UTC).astimezone(CHINA)
    return day.year * _YEAR + day.month


def start_of(month: Month) -> int:
    """Unix seconds of its first instant."""
    year, number = divmod(month, _YEAR)
    return int(datetime(year, number, 1, tzinfo=CHINA).timestamp())


def later(month: Month, count: int) -> Month:
    """The month that comes so many after it."""
    year, number = divmod(month, _YEAR)
    year, number = divmod(year * _MONTHS + number - 1 + count, _MONTHS)
    return year * _YEAR + number + 1


def between(month: Month, other: Month) -> int:
    """How many months the other one comes after it."""
    (year, number), (other_year, other_number) = divmod(month, _YEAR), divmod(other, _YEAR)
    return (other_year - year) * _MONTHS + other_number - number


def first_number(month: Month) -> int:
    """Its first row number."""
    return month * ROOM + 1


def written(month: Month) -> str:
    """YYYY-MM."""
    year, number = divmod(month, _YEAR)
    return f"{year:04}-{number:02}"


def read_month(text: str) -> Month | None:
    """The inverse of `written`; None where it is none."""
    found = _WRITTEN.fullmatch(text)
    return None if found is None else int(found[1]) * _YEAR + int(found[2])
