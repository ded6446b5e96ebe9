"""Working days: the package's years, the operator's, and years nobody knows."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.errors import ConfigError
from ledger.records.calendar import Calendar, read_years

# Made up: nobody knows 2027 yet.
OFF_2027 = [
    *("2027-01-01", "2027-02-05", "2027-02-08", "2027-04-05", "2027-05-01", "2027-05-03"),
    *("2027-06-09", "2027-09-15", "2027-10-01", "2027-10-02", "2027-10-03", "2027-10-04"),
]
YEAR_2027: dict[str, Any] = {
    "year": 2027,
    "source": "合成样例",
    "daysOff": OFF_2027,
    "workdays": ["2027-01-31", "2027-10-09"],
}


def write(path: Path, *years: Any, **changes: Any) -> Path:
    tree = {"_type": "credit-ledger/calendar@1", "years": list(years)} | changes
    file = path / "calendar.json"
    file.write_text(json.dumps(tree), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("decided", "deadline"),
    [
        ("2024-09-27", "2024-10-12"),  # over National Day, with two Sundays worked
        ("2026-02-10", "2026-02-26"),  # over the Spring Festival
        ("2024-04-10", "2024-04-19"),
        ("2026-11-23", "2026-12-02"),
    ],
)
def test_deadlines(decided: str, deadline: str) -> None:
    calendar, day, last = Calendar(), date.fromisoformat(decided), date.fromisoformat(deadline)
    assert calendar.deadline(day) == last
    assert calendar.timely(day, last) == "yes"
    assert calendar.timely(day, day) == "yes"
    assert calendar.timely(day, last + timedelta(days=1)) == "no"


def test_make_up_days_are_working_days() -> None:
    calendar = Calendar()
    assert calendar.is_working_day(date(2024, 9, 29)) is True  # a Sunday
    assert calendar.is_working_day(date(2024, 10, 7)) is False  # a Monday
    assert calendar.is_working_day(date(2024, 10, 8)) is True
    assert calendar.is_working_day(date(2024, 10, 13)) is False


def test_a_year_without_data_is_unknown() -> None:
    calendar = Calendar()
    for day in (date(2003, 12, 31), date(2027, 1, 1), date(2027, 1, 4), date.max, date.min):
        assert calendar.is_working_day(day) is None
    assert calendar.deadline(date(2026, 12, 22)) == date(2026, 12, 31)
    assert calendar.deadline(date(2026, 12, 23)) is None
    assert calendar.timely(date(2026, 12, 23), date(2026, 12, 23)) == "unknown"
    assert calendar.timely(date(2026, 12, 23), date(2027, 6, 1)) == "unknown"
    assert calendar.timely(date(1999, 1, 1), date(2026, 1, 1)) == "unknown"


def test_the_operator_adds_a_year(tmp_path: Path) -> None:
    calendar = Calendar.load(write(tmp_path, YEAR_2027))
    assert calendar.is_working_day(date(2027, 1, 1)) is False
    assert calendar.is_working_day(date(2027, 1, 2)) is False  # a Saturday
    assert calendar.is_working_day(date(2027, 1, 31)) is True  # a Sunday worked
    assert calendar.is_working_day(date(2028, 1, 3)) is None
    assert calendar.deadline(date(2026, 12, 25)) == date(2027, 1, 6)
    assert calendar.is_working_day(date(2024, 9, 29)) is True  # the package's years stay


def test_no_file_means_the_package_alone() -> None:
    assert Calendar.load(None).deadline(date(2026, 12, 25)) is None


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"year": "2027"}, "year has the wrong type"),
        ({"year": True}, "year has the wrong type"),
        ({"source": " "}, "source is empty"),
        ({"extra": 1}, "exactly the members"),
        ({"workdays": None}, "workdays has the wrong type"),
        ({"workdays": [20270131]}, "not a list of texts"),
        ({"workdays": ["2027-02-01"]}, "2027-02-01 is no weekend day"),
        ({"workdays": ["2027-10-02"]}, "2027-10-02 is no weekend day"),  # also a day off
        ({"daysOff": ["2027-1-1"]}, "day"),
        ({"daysOff": ["2027-02-30"]}, "no such day"),
        ({"daysOff": ["2026-12-31", *OFF_2027]}, "must ascend and lie in the year"),
        ({"daysOff": [OFF_2027[0], *OFF_2027]}, "must ascend and lie in the year"),
        ({"daysOff": OFF_2027[::-1]}, "must ascend and lie in the year"),
        ({"daysOff": OFF_2027[1:]}, "2027-01-01 is a day off by law"),
        ({"daysOff": []}, "2027-01-01 is a day off by law"),
    ],
)
def test_a_wrong_year_is_refused(tmp_path: Path, change: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        read_years(write(tmp_path, YEAR_2027 | change))


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "calendar.json"),
        (b"[]", "exactly the members"),
        (b"{}", "exactly the members"),
        (b'{"_type":"credit-ledger/calendar@1","_type":"x","years":[]}', "a member twice"),
        (b'{"_type":"credit-ledger/calendar@2","years":[]}', "_type is not"),
        (b'{"_type":"credit-ledger/calendar@1","years":[1]}', "exactly the members"),
        (b"\xff\xfe", "calendar.json"),
        (b"[" * 100_000, "calendar.json"),
        (b" " * ((1 << 20) + 1), "longer than"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, data: bytes, problem: str) -> None:
    (tmp_path / "calendar.json").write_bytes(data)
    with pytest.raises(ConfigError, match=problem):
        read_years(tmp_path / "calendar.json")


def test_a_year_twice_or_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="2027 twice"):
        read_years(write(tmp_path, YEAR_2027, YEAR_2027))
    with pytest.raises(ConfigError, match="No such file"):
        read_years(tmp_path / "missing.json")


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    file = write(tmp_path, YEAR_2027)
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert list(read_years(file)) == [2027]


@given(st.dates(date(2004, 1, 1), date(2026, 11, 1)), st.integers(0, 30))
@settings(deadline=None)
def test_adding_counts_exactly_the_working_days(day: date, n: int) -> None:
    calendar = Calendar()
    last = calendar.add_working_days(day, n)
    assert last is not None
    days = [day + timedelta(days=i + 1) for i in range((last - day).days)]
    assert sum(calendar.is_working_day(each) is True for each in days) == n
    assert n == 0 or calendar.is_working_day(last)
