"""Clocks of cases, by the rules and the calendar that ship with this software (design-2 12).

An auditor sees neither the day on which a step reached the owner nor the kind of who decides:
so all is counted from the latest day and for the longest stage that may be meant, and the
minimum of a repair from the first day of the record's period. What is found is late or early by any
reading; what cannot be told is not found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from typing import Any

from ledger.audit.judge_steps import Open, StepJudge
from ledger.audit.opened import RecordPlace
from ledger.audit.opened_cases import OpenedCase
from ledger.core.canonical import parse_day
from ledger.core.case import ACTS_OF_OWNER, Step
from ledger.core.case_chain import CaseState, Kind, may_follow
from ledger.core.promise import MAX_PROMISE
from ledger.core.statement import Statement
from ledger.core.status import Basis
from ledger.core.verdict.facts import DAY, date_of
from ledger.records import rules as rules_files
from ledger.records import schema as schemas
from ledger.records.calendar import Calendar
from ledger.records.publicity import Decision, earliest_end
from ledger.records.rule_tables import StageName

__all__ = ["ClockJudge"]

_NATIONAL_DAYS = 3
"""Working days in which the owner records a national result (design-2 12)."""
_ARRIVES = MAX_PROMISE // DAY
"""Days that a step of another member may take to reach the owner; its outbox goes on for longer,
but what is late then is the filer's."""


@dataclass(frozen=True, slots=True)
class _Stage:
    """A stage that ran. until: the step that ended it; None: it runs."""

    name: StageName
    since: date
    first: Statement
    until: Statement | None


@dataclass(slots=True)
class _Stages:
    """All stages of one name at one member. days: that they took, all together; longest: days of
    the longest, and days that it might take (0: not known)."""

    ended: int = 0
    running: int = 0
    late: int = 0
    untold: int = 0
    days: int = 0
    longest: tuple[int, int] = (0, 0)

    def add(self, stage: _Stage, ended: date, end: date | None) -> None:
        """One more. ended: its last day, or today; end: the last day that it may take."""
        took = max(0, (ended - stage.since).days)
        limit = 0 if end is None else (end - stage.since).days
        self.ended += stage.until is not None
        self.running += stage.until is None
        self.late += end is not None and ended > end
        self.untold += end is None
        self.days += took
        self.longest = max(self.longest, (took, limit))


class ClockJudge:
    """Finds what was late or early."""

    def __init__(self, judge: StepJudge, calendar: Calendar | None = None) -> None:
        self._judge = judge
        self._calendar = calendar or Calendar()
        self._stages: dict[tuple[str, str], _Stages] = {}

    def run(self, found: Open) -> None:
        """About the cases of one record."""
        for case in found.cases:
            for stage in _stages(case, found.owner):
                self._stage(found, stage)
            for place, (made, step) in enumerate(case.steps):
                if step.act == "national-result":
                    self._national(found, case, place)
                elif step.act == "grant":
                    self._grant(found, made, step)

    def stages(self) -> list[dict[str, Any]]:
        """How long stages took, as the report shows it: by member and stage, in calendar days."""
        return [
            {
                "member": member,
                "stage": stage,
                "ended": told.ended,
                "running": told.running,
                "late": told.late,
                "untold": told.untold,
                "mean": told.days // (told.ended + told.running),
                "longest": {"days": told.longest[0], "limit": told.longest[1]},
            }
            for (member, stage), told in sorted(self._stages.items())
        ]

    def _stage(self, found: Open, stage: _Stage) -> None:
        if stage.until is None and not self._judge.all_asked:
            return  # the step that ended it may be elsewhere
        end = self._end(stage, self._region(found))
        ended = _day(self._judge.now if stage.until is None else stage.until.at)
        told = self._stages.setdefault((found.owner, stage.name), _Stages())
        told.add(stage, ended, end)
        if end is None or ended <= end:
            return
        self._judge.add(
            "stage-overdue",
            found.log,
            found.owner,
            stage.first,
            stage=stage.name,
            deadline=end.isoformat(),
        )

    def _region(self, found: Open) -> str:
        member = self._judge.state.members.get(found.owner)
        return "" if member is None else member.region

    def _end(self, stage: _Stage, region: str) -> date | None:
        """The last day of the longest stage that may be meant; None: some rule has no days, or the
        calendar lacks the year."""
        ends: list[date] = []
        for rules in rules_files.all_rules():
            for kind in rules.kinds:
                days = rules.tables.stage(stage.name, kind, stage.since, region=region)
                end = None if days is None else self._after(stage.since, days.days, days.unit)
                if end is None:
                    return None
                ends.append(end)
        return max(ends, default=None)

    def _after(self, since: date, days: int, unit: str) -> date | None:
        try:
            if unit == "calendar":
                return since + timedelta(days=days)
            return self._calendar.add_working_days(since, days)
        except OverflowError:
            return None

    def _national(self, found: Open, case: OpenedCase, place: int) -> None:
        """Whether the owner recorded a national result within three working days of it."""
        made, _ = case.steps[place]
        since = _day(made.at)
        if made.iss != found.owner:
            since += timedelta(days=_ARRIVES)
        end = self._after(since, _NATIONAL_DAYS, "working")
        times = [one.at for one, step in case.steps[place + 1 :] if step.act in ACTS_OF_OWNER] + [
            done.acted.recorded_at
            for done in found.acts
            if done.acted.act.basis == Basis.NATIONAL_RESULT and done.acted.recorded_at >= made.at
        ]
        if not times and not self._judge.all_asked:
            return
        if end is not None and _day(min(times, default=self._judge.now)) > end:
            self._judge.add(
                "national-result-late",
                found.log,
                found.owner,
                made,
                deadline=end.isoformat(),
            )

    def _grant(self, found: Open, made: Statement, step: Step) -> None:
        if step.class_ is None:
            self._judge.add("repair-without-class", found.log, found.owner, made)
            return
        place = self._judge.opened.place(found.record)
        if step.basis == Basis.NATIONAL_RESULT or place is None or step.day is None:
            return
        first = _first_day(place, step.class_)
        if first is not None and parse_day(step.day) < first:
            self._judge.add(
                "repair-before-minimum",
                found.log,
                found.owner,
                made,
                day=step.day,
                possible=first.isoformat(),
            )


def _stages(case: OpenedCase, owner: str) -> Iterator[_Stage]:
    """The stages that a case went through, with the day from which each counts."""
    if case.case is None:
        return
    running: tuple[StageName, date, Statement] | None = None
    now = replace(case.case, state=CaseState.FILED, accepted=False)
    for made, step in case.steps:
        state = now.state if made is case.steps[0][0] else may_follow(now, step.act)
        if state is None or now.kind is Kind.OWN:  # cannot be: it folded
            return
        accepted = now.accepted or state is CaseState.ACCEPTED
        now = replace(now, state=state, accepted=accepted)
        name = _stage_of(now.kind, state)
        if running is not None and running[0] == name:
            continue
        if running is not None:
            yield _Stage(*running, made)
        running = None if name is None else (name, _since(made, step, owner), made)
    if running is not None:
        yield _Stage(*running, None)


def _stage_of(kind: Kind, state: CaseState) -> StageName | None:
    if kind is Kind.REPAIR:
        if state is CaseState.FILED:
            return "repair-accept"
        return "repair-decide" if state is CaseState.ACCEPTED else None
    open_ = state in (CaseState.FILED, CaseState.ACCEPTED)
    return "objection-answer" if kind is Kind.OBJECTION and open_ else None


def _since(made: Statement, step: Step, owner: str) -> date:
    """The latest day on which a stage may have begun."""
    days = [_day(made.at), *(parse_day(day) for day in (step.received, step.pushed) if day)]
    arrives = 0 if made.iss == owner else _ARRIVES
    return max(days) + timedelta(days=arrives)


def _day(time: int) -> date:
    return parse_day(date_of(time))


@cache
def _first_day(place: RecordPlace, class_: str) -> date | None:
    """The first day on which any record of this type and period could have been repaired; None:
    the type is not known here, or nothing is published of it."""
    name, _, version = place.schema.partition("@")
    schema = schemas.find(name, int(version))
    if schema is None or not schema.may_be_adverse or schema.until.rule != "publicity":
        return None
    ends = [
        earliest_end(
            rules,
            Decision(
                schema=schema, adverse=True, class_=class_, decided=decided, kinds=rules.kinds
            ),
            class_,
        ).possible
        for rules in rules_files.all_rules()
        for decided in _days_of(place.period)
    ]
    return min(ends, default=None)


def _days_of(period: str) -> Iterator[date]:
    """All days of a month or year; none of what is no period of ours."""
    year, _, month = period.partition("-")
    if not 1 <= int(year) < date.max.year:
        return
    day = date(int(year), int(month or 1), 1)
    end = date(day.year + (not month or month == "12"), 1 if not month else day.month % 12 + 1, 1)
    while day < end:
        yield day
        day += timedelta(days=1)
