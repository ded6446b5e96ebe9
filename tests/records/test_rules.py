"""Rules files: what is in ours, which row governs, and files that are none."""

import hashlib
from contextlib import suppress
from datetime import date
from importlib import resources
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core import canonical
from ledger.core.commitment import CLASSES
from ledger.core.errors import Malformed
from ledger.records import rules as rules_files
from ledger.records.rules import OPEN, Period, Rules
from ledger.records.schema import all_schemas

# Published rules never change. A test that fails here is answered with a new version.
HASH = "f075f38aa4f19daba03c0cca5275be26499287945c407de259798f4fbe7163cb"
FILE = resources.files("ledger.records").joinpath("rules/publicity@1.json").read_bytes()
RULES = rules_files.newest()
MARKET = "market-supervision"
UNDER_58, UNDER_107, UNDER_36 = date(2025, 12, 24), date(2025, 12, 25), date(2026, 4, 1)
LISTS = ("abnormal-list", "judicial-enforcement", "severe-list-entry")


def changed(*rows: dict[str, Any], **members: Any) -> Rules:
    """Our rules with members replaced and rows added."""
    tree = canonical.parse(FILE) | members
    tree["rows"] = [*tree["rows"], *rows]
    return rules_files.parse(canonical.encode(tree))


def test_the_hash_is_pinned() -> None:
    assert RULES.sha256 == HASH == hashlib.sha256(FILE).hexdigest()
    assert RULES.id == f"publicity@1:{HASH}"
    assert canonical.encode(canonical.parse(FILE)) == FILE
    assert rules_files.by_hash(HASH) is RULES
    assert rules_files.by_hash("00" * 32) is None
    assert rules_files.all_rules() == [RULES]


@pytest.mark.parametrize(
    ("kind", "decided", "periods"),
    [
        (None, date.min, {None: (3, 36, 12)}),
        (None, date(2026, 3, 31), {None: (3, 36, 12)}),
        (None, UNDER_36, {"minor": (0, 3), "general": (3, 12), "severe": (12, 36)}),
        (MARKET, date(2021, 8, 31), {None: (3, 36, 12)}),
        (MARKET, UNDER_58, {None: (3, 36, 12)}),
        (MARKET, UNDER_107, {"minor": (0, 3), "general": (3, 12), "severe": (12, 36)}),
        (MARKET, date.max, {"minor": (0, 3), "general": (3, 12), "severe": (12, 36)}),
    ],
)
def test_penalties(kind: str | None, decided: date, periods: dict[Any, tuple[int, ...]]) -> None:
    expected = {class_: Period(*period) for class_, period in periods.items()}
    for class_ in CLASSES:
        found = RULES.periods("penalty", kind, class_, decided)
        assert found == (expected.get(class_) or expected[None],)
    assert set(RULES.periods("penalty", kind, None, decided)) == set(expected.values())


@pytest.mark.parametrize("family", LISTS)
def test_lists_and_court_enforcement_are_open_until_exit(family: str) -> None:
    for kind in RULES.kinds:
        for class_ in (None, *CLASSES):
            for decided in (date.min, UNDER_36, date.max):
                assert RULES.periods(family, kind, class_, decided) == (OPEN,)


def test_order_36_is_about_other_adverse_records_too() -> None:
    assert RULES.periods("compliance", None, "general", UNDER_36) == (Period(3, 12),)
    assert RULES.periods("compliance", MARKET, "general", UNDER_36) == (Period(3, 12),)
    assert RULES.periods("compliance", None, "general", UNDER_58) == (OPEN,)  # nothing governs


def test_every_adverse_type_has_rows_of_its_own() -> None:
    named = {family for row in RULES.rows for family in row.families or ()}
    assert named == {schema.family for schema in all_schemas() if schema.adverse}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("北京市朝阳区市场监督管理局", MARKET),
        ("国家市场监督管理总局", MARKET),
        ("市场 监督", MARKET),
        ("天津市120101交通运输局", None),
        ("", None),
    ],
)
def test_the_kind_of_an_authority_by_its_name(name: str, kind: str | None) -> None:
    assert RULES.kind_of(name) == kind
    assert RULES.kinds == (None, MARKET)


def test_the_set_that_names_family_then_authority_then_the_latest_governs() -> None:
    open_until_exit = {"openUntilExit": True, "source": "x"}
    rules = changed(
        {"maximumMonths": 1, "source": "x", "from": "2027-01-01"},
        {"authority": MARKET, "from": "2027-06-01", **open_until_exit},
        {"families": ["licence"], "maximumMonths": 7, "source": "x"},
    )
    late = date(2028, 1, 1)
    assert rules.periods("compliance", None, None, late) == (Period(0, 1),)
    assert rules.periods("compliance", MARKET, None, late) == (OPEN,)
    assert rules.periods("compliance", MARKET, None, date(2027, 5, 31)) == (Period(0, 1),)
    assert rules.periods("licence", MARKET, None, late) == (Period(0, 7),)
    assert rules.periods("penalty", None, "minor", late) == (Period(0, 3),)


ROW: dict[str, Any] = {"maximumMonths": 1, "source": "x", "from": "2030-01-01"}


@pytest.mark.parametrize(
    ("rows", "members", "problem"),
    [
        ([], {"_type": "credit-ledger/rules@2"}, "not credit-ledger/rules@1"),
        ([], {"_type": 1}, "_type is no str"),
        ([], {"name": "stages"}, "not called publicity"),
        ([], {"version": 0}, "version"),
        ([], {"title": {"zh": "x", "en": "x", "fr": "x"}}, "unknown member fr"),
        ([], {"surprise": 1}, "surprise"),
        ([], {"authorities": [{"kind": "X", "named": ["x"]}]}, "kind"),
        ([], {"authorities": [{"kind": "x", "named": []}]}, "named"),
        ([], {"authorities": [{"kind": "x", "named": [" "]}]}, "a name of x is empty"),
        ([], {"authorities": [{"kind": "x", "named": ["a"]}, {"kind": "y", "named": ["a "]}]}, "y"),
        ([], {"authorities": [{"kind": "x", "named": ["x"]}]}, "not defined"),
        ([ROW | {"surprise": 1}], {}, "row 12: unknown member surprise"),
        ([ROW | {"source": ""}], {}, "source"),
        ([ROW | {"families": []}], {}, "families"),
        ([ROW | {"families": ["Penalty"]}], {}, "families"),
        ([ROW | {"families": ["a", "a"]}], {}, "twice"),
        ([ROW | {"from": "2030-1-1"}], {}, "day"),
        ([ROW | {"class": "worst"}], {}, "not defined"),
        ([ROW | {"authority": "tax"}], {}, "not defined"),
        ([ROW | {"minimumMonths": 2}], {}, "above"),
        ([ROW | {"maximumMonths": 1201}], {}, "maximumMonths"),
        ([ROW | {"openUntilExit": True}], {}, "unknown member maximumMonths"),
        ([{"source": "x", "openUntilExit": False}], {}, "leave it out"),
        ([{"source": "x"}], {}, "no member maximumMonths"),
        ([ROW | {"class": "minor"}], {}, "one row for all classes"),
        ([ROW, ROW | {"class": "minor"}], {}, "one row for all classes"),
        ([ROW, *(ROW | {"class": c} for c in CLASSES)], {}, "one row for all classes"),
        ([ROW, ROW], {}, "one row for all classes"),
        ([ROW | {"families": ["a", "b"]}, ROW | {"families": ["b"]}], {}, "govern the same"),
        ([ROW | {"from": f"{year}-01-01"} for year in range(3000, 4020)], {}, "rows has not"),
        ([1], {}, "row 12: not an object"),
    ],
)
def test_a_wrong_file_is_malformed(rows: list[Any], members: dict[str, Any], problem: str) -> None:
    with pytest.raises(Malformed, match=problem):
        changed(*rows, **members)


def test_a_file_is_bounded_and_canonical() -> None:
    for data in (b"", b"[]", b"null", b" " + FILE, FILE + b"\n", b"{}" * (1 << 18), b"[" * 9999):
        with pytest.raises(Malformed):
            rules_files.parse(data)


anything = st.recursive(
    st.booleans() | st.integers(0, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner),
)


@given(st.sampled_from([*canonical.parse(FILE)]), anything)
@settings(deadline=None)
def test_whatever_stands_in_a_file_only_malformed_is_raised(name: str, value: object) -> None:
    with suppress(Malformed):
        rules_files.parse(canonical.encode(canonical.parse(FILE) | {name: value}))


@given(st.dictionaries(st.sampled_from([*canonical.parse(FILE)["rows"][1], "class"]), anything))
@settings(deadline=None)
def test_whatever_stands_in_a_row_only_malformed_is_raised(row: dict[str, Any]) -> None:
    with suppress(Malformed):
        changed(ROW | row)
