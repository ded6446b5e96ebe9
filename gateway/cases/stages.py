"""The stage in which a case is, and until when it may last, by the rules and the calendar."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from ledger.core.case_chain import OPEN, CaseState, Kind
from ledger.records.calendar import Calendar
from ledger.records.rule_tables import StageName
from ledger.records.rules import Rules

UNKNOWN = "unknown"
NATIONAL: Final = "national-result"
"""Name of the step that hands a result of the national platform over, and of its stage."""

LONGEST: Final = 31
"""Days after which every stage of a repair has run out, whatever holidays lie in it: none has more
than seven working days."""


@dataclass(frozen=True, slots=True)
class StageNow:
    """name: None where no stage runs. deadline: its last day; UNKNOWN where no rule has days for
    it, or the calendar lacks the year. overdue: never of an unknown one. unit: in which days it is
    counted, `working` or `calendar`. left: how many of them are left behind today, None where that
    is not known or it is over."""

    name: str | None
    deadline: date | str | None
    overdue: bool
    unit: str | None = None
    left: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """As `case show` has it."""
        end = self.deadline.isoformat() if isinstance(self.deadline, date) else self.deadline
        return {"name": self.name, "deadline": end, "overdue": self.overdue} | {
            "unit": self.unit,
            "left": self.left,
        }


NO_STAGE = StageNow(None, None, overdue=False)


def stage_of(kind: str, state: str) -> StageName | None:
    """The stage that runs in a state; None: none does, or of a repair the other side has to act.
    The time to answer an objection runs whoever has to act."""
    if kind == Kind.REPAIR:
        if state == CaseState.FILED:
            return "repair-accept"
        return "repair-decide" if state == CaseState.ACCEPTED else None
    return "objection-answer" if kind == Kind.OBJECTION and state in OPEN else None


def stage_behind(
    kind: str, before: str | None, state: str, act: str, *, ran_out: bool = False
) -> StageName | None:
    """The stage that runs behind a step. A result of the national platform has a clock of its own,
    which no step but the last one ends. before: the stage until then. ran_out: it is over for sure,
    so that whoever hands a result over does not begin it anew."""
    handed_over = before == NATIONAL or (act == NATIONAL and not ran_out)
    if kind == Kind.REPAIR and state in OPEN and handed_over:
        return NATIONAL
    return stage_of(kind, state)


def keeps_running(kind: str, before: str | None, stage: str | None) -> bool:
    """Whether the clock of a stage goes on: where it is the stage of before, and that of an
    objection from filing to answer, whatever is asked for in between."""
    return kind == Kind.OBJECTION or before == stage


def stage_now(
    rules: Rules | None,
    calendar: Calendar,
    *,
    name: StageName | None,
    since: date,
    authority_kind: str | None,
    region: str,
    today: date,
) -> StageNow:
    """Where a stage stands that began on `since`."""
    if name is None:
        return NO_STAGE
    stage = rules.tables.stage(name, authority_kind, since, region=region) if rules else None
    if stage is None:
        return StageNow(name, UNKNOWN, overdue=False)
    end: date | None = None
    with suppress(OverflowError):  # of a year that no calendar has
        if stage.unit == "calendar":
            end = since + timedelta(days=stage.days)
        else:
            end = calendar.add_working_days(since, stage.days)
    if end is None:
        return StageNow(name, UNKNOWN, overdue=False, unit=stage.unit)
    left = _left(calendar, stage.unit, today, end)
    return StageNow(name, end, overdue=today > end, unit=stage.unit, left=left)


def _left(calendar: Calendar, unit: str, today: date, end: date) -> int | None:
    """How many days are left behind today, up to the last one."""
    if today > end:
        return None
    days = [today + timedelta(days=n) for n in range(1, (end - today).days + 1)]
    if unit == "calendar":
        return len(days)
    working = [calendar.is_working_day(day) for day in days]
    return None if None in working else sum(map(bool, working))
