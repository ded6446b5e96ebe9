"""One cell: what it becomes in a column of each kind."""

import math
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.files.cells import MAX_CELL, UNREAD, clean, plain_text, shown, text_of
from gateway.files.interfaces import Cell, Marked
from ledger.records.schema import all_schemas
from ledger.records.schema_parts import Kind

KINDS: list[Kind] = ["text", "list", "choice", "date", "money", "uscc"]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (1.0, "1"),
        (0.2, "0.2"),
        (1e-6, "0.000001"),
        (123456.789, "123456.789"),
        (0.1 + 0.2, "0.3"),
        (1.1 * 3, "3.3"),
        (-1.0, "-1"),
        (-0.0, "0"),
        (1e21, "1000000000000000000000"),
        (1234567890.1234567, "1234567890.12346"),
        (7, "7"),
        (math.nan, "nan"),
        (math.inf, "inf"),
    ],
)
def test_money_number(cell: float, text: str) -> None:
    assert text_of(cell, "money") == (text, None)


@pytest.mark.parametrize("kind", ["text", "choice", "uscc", "list", "date"])
@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (1.0, ("1", None)),
        (921200000000123.0, ("921200000000123", None)),
        (999999999999999.0, ("999999999999999", None)),
        (1e15, ("", "number-lost-digits")),
        (9.1110108e17, ("", "number-lost-digits")),
        (0.1 + 0.2, ("", "number-lost-digits")),
        (3.5, ("3.5", None)),
        (-0.0, ("0", None)),
        (20240305, ("20240305", None)),
        (math.nan, ("", "number-lost-digits")),
        (math.inf, ("", "number-lost-digits")),
        (1e-300, ("0." + "0" * 299 + "1", None)),
    ],
)
def test_number_elsewhere(cell: float, expected: tuple[str, str | None], kind: Kind) -> None:
    assert text_of(cell, kind) == expected


@given(st.integers(-(10**15) + 1, 10**15 - 1))
def test_integers_of_15_digits_keep_every_digit(number: int) -> None:
    assert text_of(float(number), "text") == (str(number), None)
    assert text_of(float(number), "money") == (str(number), None)


@given(st.integers(10**15, 10**300) | st.integers(-(10**300), -(10**15)))
def test_longer_integers_have_lost_digits(number: int) -> None:
    assert text_of(float(number), "uscc") == ("", "number-lost-digits")


@given(st.decimals(0, 10**9, places=6, allow_nan=False))
def test_money_typed_into_a_spreadsheet_comes_back(amount: Decimal) -> None:
    """Any amount of the standard with at most 15 digits survives the double it is stored as."""
    text, error = text_of(float(amount), "money")
    assert error is None
    assert Decimal(text) == amount
    assert "e" not in text.lower() and not (("." in text) and text.endswith(("0", ".")))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_money_is_the_shortest_decimal_of_15_digits(number: float) -> None:
    text, error = text_of(number, "money")
    assert error is None
    assert Decimal(text) == Decimal(f"{number:.15g}")


DAY, MIDNIGHT = date(2024, 3, 5), datetime(2024, 3, 5)
NOON = datetime(2024, 3, 5, 12, 30, 15, 914000)


@pytest.mark.parametrize("cell", [DAY, MIDNIGHT, NOON, time(12), timedelta(days=1.5)])
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "date"])
def test_date_cell_elsewhere(cell: Cell, kind: Kind) -> None:
    assert text_of(cell, kind) == ("", "date-cell")


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (DAY, "2024-03-05"),
        (MIDNIGHT, "2024-03-05"),
        (NOON, "2024-03-05 12:30:15"),
        (time(12), "12:00:00"),
        (timedelta(days=1.5), "1 day, 12:00:00"),
        (date(1900, 1, 5), "1900-01-05"),
    ],
)
def test_date_cell_in_a_date_column(cell: Cell, text: str) -> None:
    assert text_of(cell, "date") == (text, None)


@pytest.mark.parametrize("kind", KINDS)
def test_formulas_and_error_cells_are_refused(kind: Kind) -> None:
    for cell in (Marked("formula", 2.0), Marked("formula", ""), Marked("error", "")):
        assert text_of(cell, kind) == ("", "formula-cell")


@pytest.mark.parametrize("kind", KINDS)
def test_booleans_are_what_is_seen(kind: Kind) -> None:
    assert text_of(True, kind) == ("TRUE", None)
    assert text_of(False, kind) == ("FALSE", None)


def test_text_is_trimmed_and_nothing_else() -> None:
    assert text_of("\u3000 \xa0合成 样例\t\r\n", "text") == ("合成 样例", None)
    assert text_of(" \u3000\n", "text") == ("", None)
    assert text_of("", "text") == ("", None)
    assert text_of("91120118mau9m3630r ", "uscc") == ("91120118mau9m3630r", None)


def test_text_that_is_none() -> None:
    assert text_of("a\0b", "text") == ("", "encoding")
    assert text_of("公司\udcff", "text") == ("", "encoding")
    assert text_of("公司\ud800", "text") == ("", "encoding")


def test_no_field_is_as_long_as_what_is_looked_at() -> None:
    assert all((field.max or 0) < MAX_CELL for s in all_schemas() for field in s.fields)
    assert text_of("甲" * 1_000_000, "text") == ("甲" * MAX_CELL, None)


@pytest.mark.parametrize(
    "code", ["formula-cell", "date-cell", "number-lost-digits", "encoding", "schema-invalid"]
)
def test_unread_cells_stay_unread(code: str) -> None:
    assert text_of(f" {UNREAD}{code}: 2", "money") == ("", code)
    assert text_of(f"{UNREAD} {code}", "text") == ("", code)
    assert text_of(f"{UNREAD}other: 2", "text") == (f"{UNREAD}other: 2", None)


@given(st.text())
def test_any_text(text: str) -> None:
    found, error = text_of(text, "text")
    if "\0" in text:
        assert (found, error) == ("", "encoding")
    else:
        assert (found, error) == (text.strip(), None)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("a", "a"),
        (Marked("formula", 2.0), "2"),
        (Marked("error", ""), ""),
        (True, "TRUE"),
        (0.1 + 0.2, "0.30000000000000004"),
        (9.1110108e17, "911101080000000000"),
        (math.nan, "nan"),
        (MIDNIGHT, "2024-03-05"),
    ],
)
def test_shown(cell: Cell, text: str) -> None:
    assert shown(cell) == text


def test_clean() -> None:
    assert clean("a\0b\udcffc") == "a\ufffdb\ufffdc"
    assert clean("公司𠀀") == "公司𠀀"


@given(
    st.one_of(
        st.text(),
        st.text(st.characters(categories=["Cs", "Cc", "Zs", "Lo"])),
        st.sampled_from(
            [f"{UNREAD}formula-cell: 2", UNREAD, "x" * (MAX_CELL + 1), "a\0", "\ud800"]
        ),
    ),
    st.sampled_from(KINDS),
)
def test_the_short_way_ends_where_the_long_one_does(cell: str, kind: Kind) -> None:
    quick = plain_text(cell)
    assert quick is None or (quick, None) == text_of(cell, kind)


def test_the_short_way_is_taken() -> None:
    assert [plain_text(cell) for cell in (" 合成公司（北京） ", "", "  ", "12")] == [
        "合成公司（北京）",
        "",
        "",
        "12",
    ]
