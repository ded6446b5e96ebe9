"""PRC working days.

The package `chinesecalendar` knows 2004 to the last year the State Council has announced, make-up
days included. A year it lacks is added by the operator (CREDIT_LEDGER_CALENDAR_FILE); where
neither knows, the answer is "unknown", never a guess (domain 8, design 8.14). The file is JSON:

{"_type": "credit-ledger/calendar@1",
 "years": [{"year": 2027,
            "source": "国办发明电〔2026〕7号",
            "daysOff": ["2027-01-01", …],     every day off the notice names
            "workdays": ["2027-01-31", …]}]}  Saturdays and Sundays worked instead

Every member is needed; days ascend and lie in the year; workdays fall on weekends; the days that
law fixes to a date (1 January, 1 May, 1-3 October) must come out as days off, so that a half-typed
year is refused. A year given here replaces the package's, should the State Council change it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

import chinese_calendar  # type: ignore[import-untyped]

from ledger.core.canonical import parse_day
from ledger.records.operator_file import read_operator_file

__all__ = ["PUBLICATION_DAYS", "Calendar", "Year", "read_years"]

PUBLICATION_DAYS = 7
"""Working days from the decision until it must be online (发改办财金〔2018〕424号)."""

_SETTING = "CREDIT_LEDGER_CALENDAR_FILE"
_TYPE = "credit-ledger/calendar@1"
_MAX_FILE = 1 << 20  # a year takes about 1 KiB
_SATURDAY = 5
_FIXED_DAYS_OFF = ((1, 1), (5, 1), (10, 1), (10, 2), (10, 3))  # 全国年节及纪念日放假办法
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Year:
    """What one State Council notice says: days off and weekend days worked."""

    days_off: frozenset[date]
    workdays: frozenset[date]

    def is_working_day(self, day: date) -> bool:
        return day in self.workdays or (day.weekday() < _SATURDAY and day not in self.days_off)


class Calendar:
    """Working days of the years known."""

    def __init__(self, years: Mapping[int, Year] | None = None) -> None:
        """years: by number, they come before those of the package."""
        self._years = dict(years or {})
        self._deadlines: dict[date, date | None] = {}

    @classmethod
    def load(cls, path: Path | None) -> Calendar:
        """The calendar with the years of an operator's file; ConfigError if the file is wrong."""
        return cls(read_years(path) if path else None)

    def is_working_day(self, day: date) -> bool | None:
        """None: the year is not known."""
        year = self._years.get(day.year)
        if year is not None:
            return year.is_working_day(day)
        try:
            return bool(chinese_calendar.is_workday(day))
        except NotImplementedError:  # the package's word for a year without data
            return None

    def add_working_days(self, day: date, n: int) -> date | None:
        """The n-th working day after `day`, itself not counted; None if an unknown year comes
        before it."""
        while n:
            day += _ONE_DAY
            working = self.is_working_day(day)
            if working is None:
                return None
            n -= working
        return day

    def deadline(self, decided: date) -> date | None:
        """The last day on time for a decision of this day; None: unknown."""
        if decided not in self._deadlines:
            self._deadlines[decided] = self.add_working_days(decided, PUBLICATION_DAYS)
        return self._deadlines[decided]

    def horizon(self, day: date) -> date:
        """The first day, from `day` on, of which a decision has no known deadline: by then the next
        year must be here."""
        year = day.year
        while self.is_working_day(date(year, 1, 1)) is not None:
            year += 1
        # No run of days off is so long that seven working days take more than forty.
        at = max(day, date(year, 1, 1) - timedelta(days=40))
        while self.deadline(at) is not None:
            at += _ONE_DAY
        return at

    def timely(self, decided: date, promised: date) -> Literal["yes", "no", "unknown"]:
        """Whether a promise of this day is on time (`timely` of an entry)."""
        deadline = self.deadline(decided)
        if deadline is None:
            return "unknown"
        return "yes" if promised <= deadline else "no"


def read_years(path: Path) -> dict[int, Year]:
    """The years of an operator's file; ConfigError names what is wrong with it."""
    return read_operator_file(path, _SETTING, _years, max_bytes=_MAX_FILE)


def _years(tree: Any) -> dict[int, Year]:
    _members(tree, {"_type": str, "years": list})
    if tree["_type"] != _TYPE:
        raise ValueError(f"_type is not {_TYPE}")
    years: dict[int, Year] = {}
    for entry in tree["years"]:
        _members(entry, {"year": int, "source": str, "daysOff": list, "workdays": list})
        number = entry["year"]
        if number in years:
            raise ValueError(f"{number} twice")
        if not entry["source"].strip():
            raise ValueError(f"{number}: source is empty")
        years[number] = _year(number, entry["daysOff"], entry["workdays"])
    return years


def _year(number: int, days_off: list[Any], workdays: list[Any]) -> Year:
    year = Year(_days(number, "daysOff", days_off), _days(number, "workdays", workdays))
    wrong = [day for day in year.workdays if day.weekday() < _SATURDAY or day in year.days_off]
    if wrong:
        raise ValueError(f"{min(wrong)} is no weekend day that could be worked")
    for month, day in _FIXED_DAYS_OFF:
        if year.is_working_day(date(number, month, day)):
            raise ValueError(f"{date(number, month, day)} is a day off by law but not in daysOff")
    return year


def _days(number: int, name: str, texts: list[Any]) -> frozenset[date]:
    if not all(isinstance(text, str) for text in texts):
        raise ValueError(f"{number}: {name} is not a list of texts")
    days = [parse_day(text) for text in texts]
    if any(day.year != number for day in days) or days != sorted(set(days)):
        raise ValueError(f"{number}: {name} must ascend and lie in the year")
    return frozenset(days)


def _members(value: Any, expected: Mapping[str, type]) -> None:
    if type(value) is not dict or set(value) != set(expected):
        raise ValueError(f"needs exactly the members {', '.join(sorted(expected))}")
    for name, kind in expected.items():
        if type(value[name]) is not kind:
            raise ValueError(f"{name} has the wrong type")
