"""What a rules file holds beside publicity: exits, reports, stages, measures, severe lists."""

from datetime import date
from typing import Any

import pytest

from ledger.core import canonical
from ledger.core.errors import Malformed
from ledger.records import rules as rules_files
from ledger.records.rule_tables import NOT_REPORTABLE, STAGES, Reportable, Stage, Tables
from ledger.records.schema import all_schemas
from tests.records.test_rules import FILE, MARKET, RULES

TABLES = RULES.tables
UNDER_58, PLAN, UNDER_107 = date(2025, 6, 21), date(2025, 6, 22), date(2025, 12, 25)
UNDER_36 = date(2026, 4, 1)


def tables(**members: Any) -> Tables:
    """Our file with these tables in place of its own; None takes one out."""
    tree = canonical.parse(FILE) | members
    tree = {name: value for name, value in tree.items() if value is not None}
    return rules_files.parse(canonical.encode(tree)).tables


@pytest.mark.parametrize(
    ("entry", "exit_"),
    [
        ("abnormal-list", "abnormal-list-exit"),
        ("severe-list-entry", "severe-list-exit"),
        ("incentive-list-entry", "incentive-list-exit"),
    ],
)
def test_exits(entry: str, exit_: str) -> None:
    assert TABLES.exit_of(entry) == exit_
    assert TABLES.entry_of(exit_) == entry
    assert TABLES.exit_of(exit_) is TABLES.entry_of(entry) is None
    families = {schema.family for schema in all_schemas()}
    assert {entry, exit_} <= families


def test_every_exit_type_ends_something() -> None:
    exits = {schema.family for schema in all_schemas() if schema.family.endswith("-exit")}
    assert exits == {each.exit for each in TABLES.exits}
    assert TABLES.exit_of("penalty") is None


@pytest.mark.parametrize(
    ("name", "kind", "day", "stage"),
    [
        ("repair-accept", None, UNDER_58, None),
        ("repair-accept", None, PLAN, Stage(3, "working")),
        ("repair-accept", None, UNDER_36, Stage(3, "working")),
        ("repair-accept", MARKET, date(2021, 8, 31), None),
        ("repair-accept", MARKET, date(2021, 9, 1), Stage(5, "working")),
        ("repair-accept", MARKET, date(2025, 12, 24), Stage(5, "working")),
        ("repair-accept", MARKET, UNDER_107, Stage(3, "working")),
        ("repair-decide", None, UNDER_58, None),
        ("repair-decide", None, PLAN, Stage(7, "working")),
        ("repair-decide", MARKET, date(2025, 12, 24), Stage(15, "working")),
        ("repair-decide", MARKET, UNDER_107, Stage(7, "working")),
        ("repair-answer", None, date.min, Stage(10, "working")),
        ("repair-answer", MARKET, UNDER_36, Stage(10, "working")),
        ("repair-publish", None, UNDER_58, Stage(3, "working")),
        ("repair-publish", MARKET, date(2021, 9, 1), Stage(3, "working")),
        ("repair-sync", MARKET, UNDER_36, Stage(3, "working")),
        ("repair-sync", None, UNDER_36, None),
        ("objection-mark", None, UNDER_36, Stage(0, "calendar")),
        ("objection-answer", None, date.min, Stage(20, "calendar")),
        ("objection-answer", MARKET, UNDER_36, Stage(20, "calendar")),
        ("correction", None, UNDER_36, Stage(3, "working")),
        ("national-result", None, UNDER_36, Stage(3, "working")),
    ],
)
def test_stages(name: Any, kind: str | None, day: date, stage: Stage | None) -> None:
    assert TABLES.stage(name, kind, day) == stage


def test_every_stage_has_days() -> None:
    assert {row.name for row in TABLES.stages} == set(STAGES)


def test_a_province_sets_its_own_days() -> None:
    row = {"stage": "objection-answer", "days": 5, "unit": "working", "source": "x"}
    own = tables(
        stages=[row | {"days": 20}, row | {"region": "130000", "from": "2027-01-01"}],
    )
    late = date(2027, 1, 1)
    assert own.stage("objection-answer", None, late, region="130000") == Stage(5, "working")
    assert own.stage("objection-answer", None, late, region="110000") == Stage(20, "working")
    assert own.stage("objection-answer", None, UNDER_36, region="130000") == Stage(20, "working")
    assert own.stage("objection-answer", None, late) == Stage(20, "working")


@pytest.mark.parametrize(
    ("family", "shown"),
    [
        ("penalty", Reportable(expired=True, unpublished=True, repaired=False)),
        ("administrative-coercion", Reportable(expired=True, unpublished=True, repaired=False)),
        ("severe-list-entry", Reportable(expired=True, unpublished=True, repaired=False)),
        ("judicial-decision", Reportable(expired=True, unpublished=True, repaired=False)),
        ("compliance", NOT_REPORTABLE),
        ("licence", NOT_REPORTABLE),
    ],
)
def test_what_belongs_into_a_report(family: str, shown: Reportable) -> None:
    for region in ("", "140000", "110000"):
        assert TABLES.report(family, UNDER_36, region=region) == shown


def test_a_province_that_shows_repaired_records() -> None:
    row = {"expired": True, "unpublished": True, "repaired": False, "source": "x"}
    own = tables(
        reportable=[
            row,
            row | {"region": "120000", "from": "2027-01-01", "repaired": True},
            row | {"families": ["penalty"], "authority": MARKET, "unpublished": False},
        ]
    )
    late = date(2027, 1, 1)
    assert own.report("honour", late).expired
    assert own.report("penalty", late, region="120000", authority=MARKET).repaired
    assert not own.report("penalty", UNDER_36, region="120000").repaired
    assert not own.report("penalty", late, authority=MARKET).unpublished
    assert own.report("penalty", late).unpublished


def test_families_that_reports_speak_of() -> None:
    """Those that a row names which holds on that day in that region."""
    ours = ("administrative-coercion", "judicial-decision", "penalty", "severe-list-entry")
    assert TABLES.reported(UNDER_36, region="110000") == ours
    row = {"expired": True, "unpublished": True, "repaired": False, "source": "x"}
    own = tables(
        reportable=[
            row,
            row | {"families": ["penalty"]},
            row | {"families": ["honour"], "region": "120000", "from": "2027-01-01"},
        ]
    )
    late = date(2027, 1, 1)
    assert own.reported(late) == ("penalty",)
    assert own.reported(late, region="120000") == ("honour", "penalty")
    assert own.reported(UNDER_36, region="120000") == ("penalty",)


def test_measures_are_the_fourteen_in_three_kinds() -> None:
    by_kind: dict[str, list[str]] = {}
    for measure in TABLES.measures:
        by_kind.setdefault(measure.kind, []).append(measure.name["zh"])
    assert [(kind, len(names)) for kind, names in by_kind.items()] == [
        ("reduces-rights", 8),
        ("manages", 4),
        ("advises", 2),
    ]
    assert "限制消费" in by_kind["reduces-rights"]
    assert "从严审慎授信" in by_kind["advises"]


def test_severe_lists_are_items_of_their_own() -> None:
    ids = [each.id for each in TABLES.lists]
    assert len(ids) == len(set(ids)) > 5
    assert not set(ids) & {schema.name for schema in all_schemas()}


def test_a_file_without_tables_is_one() -> None:
    names = ("areas", "exits", "reportable", "stages", "measures", "lists")
    rows = [
        {name: value for name, value in row.items() if name != "areaMinimumMonths"}
        for row in canonical.parse(FILE)["rows"]
    ]
    assert tables(rows=rows, **dict.fromkeys(names)) == Tables()


EXIT = {"entry": "a", "exit": "b", "source": "x"}
REPORT = {"expired": True, "unpublished": True, "repaired": True, "source": "x"}
STAGE = {"stage": "correction", "days": 1, "unit": "working", "source": "x"}
MEASURE = {"kind": "manages", "zh": "x", "en": "x", "source": "x"}
LIST = {"id": "list-x", "title": {"zh": "x", "en": "x"}, "source": "x"}


@pytest.mark.parametrize(
    ("name", "rows", "problem"),
    [
        ("exits", [], "exits has not"),
        ("exits", {}, "exits is no list"),
        ("exits", [1], "not an object"),
        ("exits", [EXIT | {"exit": "a"}], "entry and exit are one"),
        ("exits", [EXIT | {"entry": "A"}], "entry"),
        ("exits", [EXIT, EXIT | {"entry": "c"}], "two rows say the same"),
        ("exits", [EXIT, {"entry": "b", "exit": "c", "source": "x"}], "two rows say the same"),
        ("exits", [EXIT | {"surprise": 1}], "surprise"),
        ("exits", [EXIT | {"source": ""}], "source"),
        ("reportable", [REPORT | {"expired": "yes"}], "expired"),
        ("reportable", [REPORT | {"region": "13"}], "region"),
        ("reportable", [REPORT | {"authority": "tax"}], "not defined"),
        ("reportable", [REPORT | {"families": ["X"]}], "no name"),
        ("reportable", [REPORT, REPORT], "two rows say the same"),
        (
            "reportable",
            [REPORT | {"families": ["a", "b"]}, REPORT | {"families": ["b"]}],
            "two rows say the same",
        ),
        ("stages", [STAGE | {"stage": "lunch"}], "stage is none of"),
        ("stages", [STAGE | {"days": 367}], "days"),
        ("stages", [STAGE | {"unit": "moons"}], "unit is none of"),
        ("stages", [STAGE | {"authority": "tax"}], "not defined"),
        ("stages", [STAGE | {"from": "2027-1-1"}], "day"),
        ("stages", [STAGE, STAGE | {"days": 2}], "two rows say the same"),
        ("stages", [STAGE] * 1025, "stages has not"),
        ("measures", [MEASURE | {"kind": "x"}], "kind is none of"),
        ("measures", [MEASURE | {"zh": "x" * 201}], "zh"),
        ("measures", [MEASURE, MEASURE], "two rows say the same"),
        ("lists", [LIST | {"id": "list-X"}], "id"),
        ("lists", [LIST | {"title": "x"}], "title"),
        ("lists", [LIST, LIST], "two rows say the same"),
    ],
)
def test_a_wrong_table_is_malformed(name: str, rows: Any, problem: str) -> None:
    with pytest.raises(Malformed, match=problem):
        tables(**{name: rows})
