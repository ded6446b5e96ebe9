"""How long a record may be used: Order 58, Order 36, and what neither says."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.records import publicity
from ledger.records.publicity import UseWindow, add_months, stated_end_note, until, use_window
from ledger.records.schema import Schema, all_schemas, load

PENALTY, OLD, LICENCE = load("penalty"), load("penalty-2015"), load("licence")
LISTED, HONOUR = load("severe-list-entry"), load("honour")
UNDER_58, UNDER_36 = date(2026, 3, 31), date(2026, 4, 1)


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2024-02-29", 36, "2027-02-28"),
        ("2026-11-30", 3, "2027-02-28"),
        ("2026-12-15", 12, "2027-12-15"),
        ("2026-12-01", 0, "2026-12-01"),
        ("9999-12-01", 36, "9999-12-31"),
    ],
)
def test_add_months(day: str, months: int, later: str) -> None:
    assert add_months(date.fromisoformat(day), months) == date.fromisoformat(later)


@pytest.mark.parametrize(
    ("class_", "under_58", "under_36"),
    [
        ("minor", date(2029, 3, 31), date(2026, 7, 1)),
        ("general", date(2029, 3, 31), date(2027, 4, 1)),
        ("severe", date(2029, 3, 31), date(2029, 4, 1)),
    ],
)
def test_the_day_of_decision_chooses_the_order(class_: str, under_58: date, under_36: date) -> None:
    assert until(PENALTY, class_, UNDER_58, None) == under_58
    assert until(PENALTY, class_, UNDER_36, None) == under_36
    assert until(OLD, class_, UNDER_36, None) == under_36


def test_the_earlier_of_stated_end_and_maximum() -> None:
    early, late = date(2026, 9, 1), date(2040, 1, 1)
    for class_, maximum in (("general", date(2027, 4, 1)), (None, date(2029, 4, 1))):
        assert until(PENALTY, class_, UNDER_36, early) == early
        assert until(PENALTY, class_, UNDER_36, late) == maximum
        assert until(PENALTY, class_, UNDER_36, maximum) == maximum
    assert until(PENALTY, None, UNDER_58, late) == date(2029, 3, 31)


def test_neither_class_nor_stated_end() -> None:
    for decided in (UNDER_58, UNDER_36, date(2025, 1, 16)):
        assert until(PENALTY, None, decided, None) is None


def test_order_58_is_about_penalties_alone() -> None:
    assert until(LISTED, "severe", UNDER_58, None) is None
    assert until(LISTED, "severe", UNDER_58, date(2040, 1, 1)) == date(2040, 1, 1)
    assert until(LISTED, "severe", UNDER_36, None) == date(2029, 4, 1)
    assert stated_end_note(LISTED, None, UNDER_58, date(2040, 1, 1)) is None


def test_licences_end_with_their_validity() -> None:
    assert until(LICENCE, None, UNDER_36, date(2029, 12, 31)) == date(2029, 12, 31)
    assert until(LICENCE, None, UNDER_36, date(2099, 12, 31)) is None
    assert until(LICENCE, None, UNDER_36, None) is None


def test_other_types_are_open() -> None:
    assert until(HONOUR, None, UNDER_36, None) is None
    assert use_window(HONOUR, None, UNDER_36, None) == UseWindow(None, None)
    assert use_window(LICENCE, None, UNDER_36, None) == UseWindow(None, None)


def test_windows() -> None:
    end = date(2027, 4, 1)
    assert use_window(PENALTY, "general", UNDER_36, end) == UseWindow(end, date(2027, 4, 2))
    assert use_window(PENALTY, None, date(2026, 11, 30), None) == UseWindow(
        date(2027, 2, 28), date(2029, 12, 1)
    )
    assert use_window(PENALTY, None, date.max, None) == UseWindow(date.max, None)
    assert use_window(LICENCE, None, UNDER_36, date.max) == UseWindow(date.max, None)


def test_the_bounds_of_an_unknown_class_come_from_the_data() -> None:
    assert (publicity.SHORTEST_MAXIMUM, publicity.LONGEST_MAXIMUM) == (3, 36)


def test_rules_are_dated_and_sourced() -> None:
    starts = [rules.since for rules in publicity.RULES]
    assert starts == sorted(starts, reverse=True)
    assert all(rules.source for rules in publicity.RULES)
    assert set(publicity.ORDER_36.periods) == {*publicity.CLASSES, None}


@pytest.mark.parametrize(
    ("class_", "decided", "stated", "note"),
    [
        (None, UNDER_58, date(2029, 3, 31), None),
        (None, UNDER_58, date(2029, 4, 1), "publicity-too-long"),
        (None, UNDER_58, date(2026, 6, 30), None),
        (None, UNDER_58, date(2026, 6, 29), "publicity-too-short"),
        ("minor", UNDER_36, date(2026, 7, 1), None),
        ("minor", UNDER_36, date(2026, 7, 2), "publicity-too-long"),
        ("minor", UNDER_36, UNDER_36, None),
        ("general", UNDER_36, date(2026, 6, 30), "publicity-too-short"),
        ("general", UNDER_36, date(2027, 4, 2), "publicity-too-long"),
        ("severe", UNDER_36, date(2027, 3, 31), "publicity-too-short"),
        ("severe", UNDER_36, date(2029, 4, 1), None),
        (None, UNDER_36, date(2029, 4, 2), "publicity-too-long"),
        (None, UNDER_36, UNDER_36, None),
        (None, UNDER_36, None, None),
    ],
)
def test_notes_on_the_stated_end(
    class_: str | None, decided: date, stated: date | None, note: str | None
) -> None:
    assert stated_end_note(PENALTY, class_, decided, stated) == note


def test_no_note_on_the_end_of_a_licence() -> None:
    assert stated_end_note(LICENCE, None, UNDER_36, date(2099, 12, 31)) is None


days = st.dates()


@given(
    st.sampled_from(all_schemas()),
    st.sampled_from([None, *publicity.CLASSES]),
    days,
    st.none() | days,
)
@settings(deadline=None)
def test_no_day_is_both_usable_and_expired(
    schema: Schema, class_: str | None, decided: date, stated: date | None
) -> None:
    end = until(schema, class_, decided, stated)
    window = use_window(schema, class_, decided, end)
    if end is not None:
        assert stated is None or end <= stated
        assert window.usable_to == end
    if window.usable_to is not None and window.expired_from is not None:
        assert window.expired_from > window.usable_to
        if end is not None:
            assert window.expired_from - window.usable_to == timedelta(days=1)
    if not schema.adverse and schema.until.rule == "open":
        assert window == UseWindow(None, None)
