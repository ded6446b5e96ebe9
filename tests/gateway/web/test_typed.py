"""What people type: numbers of reports, days."""

from __future__ import annotations

import pytest

from gateway.web.typed import day, number, report_number
from ledger.core.report_content import is_number

NUMBER = "120000-20261201-SC9MRRF45HM"


@pytest.mark.parametrize(
    "typed",
    [
        *(NUMBER, NUMBER.lower(), f"  {NUMBER} ", NUMBER.replace("-", " ")),
        *(NUMBER.replace("-", " - "), NUMBER.replace("-", "－"), NUMBER.replace("-", "–")),
        "１２００００-20261201-ＳC9MRRF45HM",
    ],
)
def test_a_number_of_a_report(typed: str) -> None:
    assert report_number(typed) == NUMBER and is_number(NUMBER)


@pytest.mark.parametrize("typed", ["", "-", "hello", NUMBER[:-1], NUMBER + "X", "\0", "1" * 300])
def test_none_of_a_report(typed: str) -> None:
    assert not is_number(report_number(typed))


@pytest.mark.parametrize(
    "typed",
    ["2026-12-01", "2026-12-1", "2026/12/1", "2026.12.01", "2026年12月1日", "２０２６年12月 1日"],
)
def test_a_day(typed: str) -> None:
    assert day(typed) == "2026-12-01"


@pytest.mark.parametrize(
    "typed", ["2026-13-01", "2026-02-30", "0000-01-01", "20261201", "今天", ""]
)
def test_no_day(typed: str) -> None:
    assert day(typed) is None


def test_digits() -> None:
    assert (number("12"), number("²"), number("1" * 16)) == (12, "²", "1" * 16)
