"""How long a record may be used: Orders 58, 36 and 107, lists, and what none of them says."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core import canonical
from ledger.records import publicity
from ledger.records import rules as rules_files
from ledger.records.publicity import Bounds, Decision, UseWindow, add_months
from ledger.records.schema import Schema, all_schemas, load, packaged_files, parse
from tests.records.test_rules import FILE, MARKET, RULES, changed

PENALTY, OLD, LICENCE = load("penalty"), load("penalty-2015"), load("licence")
LISTED, HONOUR = load("severe-list-entry"), load("honour")
UNDER_58, UNDER_36 = date(2026, 3, 31), date(2026, 4, 1)
UNDER_107 = date(2026, 1, 10)
ANY = RULES.kinds


def decision(schema: Schema, class_: str | None, decided: date, *kinds: str | None) -> Decision:
    return Decision(
        schema=schema,
        adverse=schema.is_adverse({}),
        class_=class_,
        decided=decided,
        kinds=kinds or (None,),
    )


def until(
    schema: Schema, class_: str | None, decided: date, stated: date | None, kind: str | None = None
) -> date | None:
    return publicity.until(RULES, decision(schema, class_, decided, kind), stated)


def window(
    schema: Schema, class_: str | None, decided: date, end: date | None, *kinds: str | None
) -> UseWindow:
    return publicity.use_window(RULES, decision(schema, class_, decided, *(kinds or ANY)), end)


def note(class_: str | None, decided: date, stated: date | None) -> str | None:
    return publicity.stated_end_note(RULES, decision(PENALTY, class_, decided), stated)


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
    ("class_", "under_58", "under_36", "market"),
    [
        ("minor", date(2029, 3, 31), date(2026, 7, 1), date(2026, 4, 10)),
        ("general", date(2029, 3, 31), date(2027, 4, 1), date(2027, 1, 10)),
        ("severe", date(2029, 3, 31), date(2029, 4, 1), date(2029, 1, 10)),
    ],
)
def test_the_day_of_decision_and_the_authority_choose_the_order(
    class_: str, under_58: date, under_36: date, market: date
) -> None:
    for schema in (PENALTY, OLD):
        assert until(schema, class_, UNDER_58, None) == under_58
        assert until(schema, class_, UNDER_36, None) == under_36
        assert until(schema, class_, UNDER_107, None, MARKET) == market
        assert until(schema, class_, UNDER_107, None) == date(2029, 1, 10)


def test_the_earlier_of_stated_end_and_maximum() -> None:
    early, late = date(2026, 9, 1), date(2040, 1, 1)
    for class_, maximum in (("general", date(2027, 4, 1)), (None, date(2029, 4, 1))):
        assert until(PENALTY, class_, UNDER_36, early) == early
        assert until(PENALTY, class_, UNDER_36, late) == maximum
        assert until(PENALTY, class_, UNDER_36, maximum) == maximum
    assert until(PENALTY, None, UNDER_58, late) == date(2029, 3, 31)


def test_neither_class_nor_stated_end() -> None:
    """Order 58 has one maximum for all classes; where the class decides, nobody knows."""
    assert until(PENALTY, None, UNDER_58, None) == date(2029, 3, 31)
    assert until(PENALTY, None, date(2025, 1, 16), None) == date(2028, 1, 16)
    assert until(OLD, None, date(2015, 1, 16), None) == date(2018, 1, 16)
    assert until(PENALTY, None, UNDER_36, None) is None
    assert until(PENALTY, None, UNDER_107, None, MARKET) is None


def test_lists_and_court_enforcement_stay_open() -> None:
    for schema in (LISTED, load("abnormal-list"), load("judicial-enforcement")):
        for class_ in (None, *publicity.CLASSES):
            for decided in (UNDER_58, UNDER_36):
                assert until(schema, class_, decided, None) is None
                assert until(schema, class_, decided, date(2040, 1, 1)) == date(2040, 1, 1)
                assert window(schema, class_, decided, None) == UseWindow(None, None)
    stated = decision(LISTED, None, UNDER_58)
    assert publicity.stated_end_note(RULES, stated, date(2040, 1, 1)) is None


def test_licences_end_with_their_validity() -> None:
    assert until(LICENCE, None, UNDER_36, date(2029, 12, 31)) == date(2029, 12, 31)
    assert until(LICENCE, None, UNDER_36, date(2099, 12, 31)) is None
    assert until(LICENCE, None, UNDER_36, None) is None


def test_other_types_are_open() -> None:
    assert until(HONOUR, None, UNDER_36, None) is None
    assert window(HONOUR, None, UNDER_36, None) == UseWindow(None, None)
    assert window(LICENCE, None, UNDER_36, None) == UseWindow(None, None)


def test_windows() -> None:
    end = date(2027, 4, 1)
    assert window(PENALTY, "general", UNDER_36, end) == UseWindow(end, date(2027, 4, 2))
    assert window(PENALTY, None, date(2026, 11, 30), None) == UseWindow(
        date(2027, 2, 28), date(2029, 12, 1)
    )
    assert window(PENALTY, "general", UNDER_36, None) == UseWindow(end, date(2027, 4, 2))
    assert window(PENALTY, None, UNDER_58, None, None) == UseWindow(
        date(2029, 3, 31), date(2029, 4, 1)
    )
    assert window(PENALTY, None, date.max, None) == UseWindow(date.max, None)
    assert window(LICENCE, None, UNDER_36, date.max) == UseWindow(date.max, None)


def test_a_verifier_bounds_by_the_widest_kind_of_authority() -> None:
    assert window(PENALTY, "minor", UNDER_107, None) == UseWindow(
        date(2026, 4, 10), date(2029, 1, 11)
    )
    bounds = publicity.bounds(RULES, decision(PENALTY, "severe", UNDER_107, *ANY))
    assert bounds == Bounds(date(2026, 4, 10), date(2029, 1, 10), may_be_open=False)
    bounds = publicity.bounds(RULES, decision(PENALTY, None, UNDER_36, *ANY))
    assert bounds == Bounds(UNDER_36, date(2029, 4, 1), may_be_open=True)
    bounds = publicity.bounds(RULES, decision(LISTED, None, UNDER_36, *ANY))
    assert bounds == Bounds(UNDER_36, None, may_be_open=True)


@pytest.mark.parametrize(
    ("class_", "decided", "stated", "expected"),
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
    class_: str | None, decided: date, stated: date | None, expected: str | None
) -> None:
    assert note(class_, decided, stated) == expected


def test_no_note_on_the_end_of_a_licence() -> None:
    licence = decision(LICENCE, None, UNDER_36)
    assert publicity.stated_end_note(RULES, licence, date(2099, 12, 31)) is None


def test_the_rules_are_named_in_full() -> None:
    assert publicity.rules_id() == RULES.id


def test_a_type_adverse_by_value_ends_only_where_it_is_adverse() -> None:
    tree = canonical.parse(_file("compliance")) | {
        "adverseIf": {"field": "ZS_LB", "values": ["欠税"]},
        "until": {"rule": "publicity"},
    }
    schema = parse(canonical.encode(tree))

    def of(adverse: bool | None) -> Decision:
        return Decision(
            schema=schema, adverse=adverse, class_="general", decided=UNDER_36, kinds=(None,)
        )

    end = date(2027, 4, 1)
    assert publicity.until(RULES, of(True), None) == end
    assert publicity.until(RULES, of(False), None) is None
    assert publicity.untils(RULES, of(None), None) == {end, None}
    assert publicity.use_window(RULES, of(True), None) == UseWindow(end, date(2027, 4, 2))
    assert publicity.use_window(RULES, of(False), None) == UseWindow(None, None)
    assert publicity.use_window(RULES, of(None), None) == UseWindow(end, None)


def _file(name: str) -> bytes:
    return next(data for data in packaged_files() if f'"name":"{name}"'.encode() in data)


days = st.dates()
classes = st.sampled_from([None, *publicity.CLASSES])


@given(st.sampled_from(all_schemas()), classes, days, st.none() | days, st.sampled_from(ANY))
@settings(deadline=None)
def test_no_day_is_both_usable_and_expired(
    schema: Schema, class_: str | None, decided: date, stated: date | None, kind: str | None
) -> None:
    end = until(schema, class_, decided, stated, kind)
    found = window(schema, class_, decided, end)
    if end is not None:
        assert stated is None or end <= stated
        assert found.usable_to == end
    if found.usable_to is not None and found.expired_from is not None:
        assert found.expired_from > found.usable_to
        if end is not None:
            assert found.expired_from - found.usable_to == timedelta(days=1)
    if not schema.adverse and schema.until.rule == "open":
        assert found == UseWindow(None, None)


# A law of 2027 in a new version: longer than any before, another authority, every adverse type.
LAW = [
    {"class": c, "from": "2027-01-01", "maximumMonths": 120, "source": "x", **more}
    for c in publicity.CLASSES
    for more in ({"families": ["penalty"]}, {"authority": MARKET, "families": ["penalty"]}, {})
]
TAX = {"authority": "tax", "families": ["penalty"], "from": "2027-01-01", "maximumMonths": 240}
LATER = changed(
    *LAW,
    TAX | {"source": "x"},
    version=2,
    authorities=[*canonical.parse(FILE)["authorities"], {"kind": "tax", "named": ["税务"]}],
)


@given(
    st.sampled_from(all_schemas()),
    classes,
    st.dates(max_value=date(2026, 12, 31)),
    st.none() | days,
)
@settings(deadline=None)
def test_a_new_version_changes_nothing_that_was_decided_before(
    schema: Schema, class_: str | None, decided: date, stated: date | None
) -> None:
    for kind in ANY:
        known = decision(schema, class_, decided, kind)
        end = publicity.until(RULES, known, stated)
        assert publicity.until(LATER, known, stated) == end
        before = decision(schema, class_, decided, *RULES.kinds)
        after = decision(schema, class_, decided, *LATER.kinds)
        assert publicity.use_window(RULES, before, end) == publicity.use_window(LATER, after, end)
        assert publicity.bounds(RULES, before) == publicity.bounds(LATER, after)


def test_a_new_version_is_another_file_and_the_old_one_stays() -> None:
    assert LATER.sha256 != RULES.sha256
    assert rules_files.by_hash(RULES.sha256) is RULES
    late = decision(PENALTY, "minor", date(2027, 1, 1))
    assert publicity.until(LATER, late, None) == date(2037, 1, 1)
    assert publicity.until(RULES, late, None) == date(2027, 4, 1)
