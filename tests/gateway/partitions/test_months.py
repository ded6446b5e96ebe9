"""Months and their row numbers."""

from datetime import UTC, datetime

import pytest

from gateway.partitions.months import (
    between,
    first_number,
    later,
    month_at,
    read_month,
    start_of,
    written,
)

TURN = datetime(2026, 11, 30, 16, 0, tzinfo=UTC).timestamp()
"""Midnight in China."""


def test_a_month_turns_at_midnight_in_china() -> None:
    assert (month_at(TURN - 1), month_at(TURN)) == (202611, 202612)
    assert start_of(202612) == TURN


@pytest.mark.parametrize(
    ("month", "count", "other"),
    [(202611, 0, 202611), (202611, 1, 202612), (202612, 1, 202701), (202611, 26, 202901)],
)
def test_months_are_counted_over_the_year(month: int, count: int, other: int) -> None:
    assert later(month, count) == other
    assert between(month, other) == count
    assert later(other, -count) == month


def test_numbers_of_a_month_lie_before_those_of_the_next() -> None:
    assert first_number(202612) == 2_026_120_000_000_001
    assert first_number(202701) - first_number(202612) > 500_000_000
    assert first_number(900001) < 2**53


@pytest.mark.parametrize("text", ["2026-11", "0001-01"])
def test_months_read_as_they_are_written(text: str) -> None:
    assert written(read_month(text) or 0) == text


@pytest.mark.parametrize("text", ["", "2026-13", "2026-00", "202611", "2026-1", "２０２６-11", "x"])
def test_what_is_no_month(text: str) -> None:
    assert read_month(text) is None
