"""Stages: which runs, its last day by rules and calendar, and what is overdue."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cases.stages import (
    UNKNOWN,
    StageNow,
    keeps_running,
    stage_behind,
    stage_now,
    stage_of,
)
from ledger.core.case_chain import CaseState, Kind
from ledger.records.calendar import Calendar
from ledger.records.rule_tables import StageName
from ledger.records.rules import newest

CALENDAR = Calendar()


def now(
    since: date, today: date, *, name: StageName | None = "repair-accept", kind: str | None = None
) -> StageNow:
    return stage_now(
        newest(),
        CALENDAR,
        name=name,
        since=since,
        authority_kind=kind,
        region="110000",
        today=today,
    )


@given(st.dates(date(2026, 4, 1), date(2026, 12, 10)), st.integers(0, 30))
def test_three_working_days_counted_one_by_one(since: date, later: int) -> None:
    end, left = since, 3
    while left:
        end += timedelta(days=1)
        left -= bool(CALENDAR.is_working_day(end))
    today = since + timedelta(days=later)
    rest = [today + timedelta(days=n) for n in range(1, (end - today).days + 1)]
    behind = None if today > end else sum(bool(CALENDAR.is_working_day(day)) for day in rest)
    wanted = StageNow("repair-accept", end, overdue=today > end, unit="working", left=behind)
    assert now(since, today) == wanted


def test_a_year_without_calendar_is_unknown_and_never_overdue() -> None:
    found = now(date(2026, 12, 31), date(2027, 3, 1))
    assert found == StageNow("repair-accept", UNKNOWN, overdue=False, unit="working")
    assert found.as_dict()["deadline"] == "unknown"
    assert now(date(2026, 12, 20), date(2027, 3, 1)).overdue


def test_by_the_kind_of_the_authority_and_the_day() -> None:
    """Market supervision had five days before Order 107."""
    since = date(2025, 9, 1)
    found = now(since, since, kind="market-supervision").deadline
    assert found == CALENDAR.add_working_days(since, 5)
    assert now(since, since).deadline == CALENDAR.add_working_days(since, 3)


def test_no_rules_no_days() -> None:
    since = date(2026, 5, 6)
    without = stage_now(
        None,
        CALENDAR,
        name="repair-accept",
        since=since,
        authority_kind=None,
        region="",
        today=since,
    )
    assert without.deadline == UNKNOWN


def test_calendar_days_of_an_objection() -> None:
    since = date(2026, 5, 6)
    found = now(since, since, name="objection-answer")
    assert found.deadline == since + timedelta(days=20)


@pytest.mark.parametrize(
    ("kind", "state", "stage"),
    [
        (Kind.REPAIR, CaseState.FILED, "repair-accept"),
        (Kind.REPAIR, CaseState.ACCEPTED, "repair-decide"),
        (Kind.REPAIR, CaseState.AWAITING_SUPPLEMENT, None),
        (Kind.REPAIR, CaseState.GRANTED, None),
        (Kind.OBJECTION, CaseState.FILED, "objection-answer"),
        (Kind.OBJECTION, CaseState.ACCEPTED, "objection-answer"),
        (Kind.OBJECTION, CaseState.AWAITING_SUPPLEMENT, "objection-answer"),
        (Kind.OBJECTION, CaseState.DISMISSED, None),
        (Kind.OWN, CaseState.DECIDED, None),
    ],
)
def test_which_stage_runs(kind: Kind, state: CaseState, stage: str | None) -> None:
    assert stage_of(kind, state) == stage


def test_acceptance_does_not_give_an_objection_more_time() -> None:
    assert keeps_running(Kind.OBJECTION, "objection-answer", "objection-answer")
    assert keeps_running(Kind.OBJECTION, None, "objection-answer"), "it was asked for more"
    assert keeps_running(Kind.REPAIR, "repair-decide", "repair-decide")
    assert not keeps_running(Kind.REPAIR, "repair-accept", "repair-decide")
    assert not keeps_running(Kind.REPAIR, None, "repair-accept")


def test_a_national_result_has_a_clock_of_its_own() -> None:
    """From the first time it was handed over until the case ends, whatever comes between."""
    stage = stage_behind(Kind.REPAIR, "repair-accept", CaseState.FILED, "national-result")
    assert stage == "national-result"
    for state, act in (
        (CaseState.ACCEPTED, "accept"),
        (CaseState.AWAITING_SUPPLEMENT, "ask-supplement"),
        (CaseState.ACCEPTED, "national-result"),
    ):
        assert stage_behind(Kind.REPAIR, stage, state, act) == stage
        assert keeps_running(Kind.REPAIR, stage, stage)
    assert stage_behind(Kind.REPAIR, stage, CaseState.GRANTED, "grant") is None
    running = stage_behind(Kind.OBJECTION, "objection-answer", CaseState.FILED, "national-result")
    assert running == "objection-answer"
    assert stage_behind(Kind.REPAIR, "repair-accept", CaseState.ACCEPTED, "accept") == (
        "repair-decide"
    )
