"""Periods of publicity: how long an adverse record may be used.

The rules are dated data. Which one governs follows from the day of the decision: publicity starts
on it (Order 36 Art. 3 and following, Order 58 likewise), whatever day the record was uploaded.
Decisions before Order 58 fall under it too: it is the earliest rule we hold, and publicity that
still ran when it came into force ran under it. Whether Order 36 shortens publicity that began
under Order 58 is not confirmed, so no rule says so.

Verifiers recompute `until` of a payload: a row once published never changes, new law is a new row
with a later `since`.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import Final, Literal

from ledger.core.ids import sha256
from ledger.records.schema import Schema

CLASSES: Final = ("minor", "general", "severe")
_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Period:
    """Months from the decision; minimum 0: publicity may end at any time."""

    minimum: int
    maximum: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """One rule set. since: first day of decision it governs. families: of the types it governs,
    empty for every adverse type. periods: by class; None is what holds whatever the class."""

    source: str
    since: date
    families: frozenset[str]
    periods: Mapping[str | None, Period]


ORDER_58 = Rules(
    source="国家发展改革委令2023年第58号, in force 2023-05-01 to 2026-03-31, penalties",
    since=date.min,
    families=frozenset({"penalty"}),
    # One period without classes. The longer minimum of special fields (food, drugs, special
    # equipment, work safety, fire: 12 months) cannot be told from a record.
    periods={None: Period(3, 36)},
)
ORDER_36 = Rules(
    source="国家发展改革委令2025年第36号 (国办发〔2025〕22号), in force from 2026-04-01",
    since=date(2026, 4, 1),
    families=frozenset(),
    periods={
        "minor": Period(0, 3),
        "general": Period(3, 12),
        "severe": Period(12, 36),
        None: Period(0, 36),  # the class is not known: what no class can go beyond
    },
)
RULES: Final = (ORDER_36, ORDER_58)  # the newest first

# A record with neither class nor stated end: the maxima it may have, of all classes there are.
SHORTEST_MAXIMUM: Final = min(period.maximum for rule in RULES for period in rule.periods.values())
LONGEST_MAXIMUM: Final = max(period.maximum for rule in RULES for period in rule.periods.values())


@dataclass(frozen=True, slots=True)
class UseWindow:
    """usable_to: last day on which the record may be used, None = no end. expired_from: first day
    on which it may not, None = never. Between the two it is undetermined."""

    usable_to: date | None
    expired_from: date | None


@cache
def rules_id() -> str:
    """The newest packaged rules as payloads name them: `publicity@1:<SHA-256>`."""
    file = resources.files(__package__).joinpath("rules", "publicity@1.json")
    return f"publicity@1:{sha256(file.read_bytes()).hex()}"


def until(
    schema: Schema, class_: str | None, decided: date, stated_end: date | None
) -> date | None:
    """The payload's `until`, the last day of use (design 4); None: open, or for an adverse type
    not known. stated_end: the field that the schema's `until` names."""
    rule = schema.until.rule
    if rule == "open":
        return None
    if rule == "validity":
        is_open = stated_end is None or stated_end.isoformat() == schema.until.open_day
        return None if is_open else stated_end
    if class_ is None and stated_end is None:
        return None
    period = period_of(schema, class_, decided)
    maximum = add_months(decided, period.maximum) if period else None
    return min((end for end in (stated_end, maximum) if end), default=None)


def use_window(schema: Schema, class_: str | None, decided: date, until: date | None) -> UseWindow:
    """When a record with this payload may be used. An adverse one without `until` may be used up
    to the shortest possible maximum and is expired only after the longest."""
    if until is None and not schema.adverse:
        return UseWindow(None, None)
    if until is not None:
        return UseWindow(until, _day_after(until))
    last = add_months(decided, LONGEST_MAXIMUM)
    return UseWindow(add_months(decided, SHORTEST_MAXIMUM), _day_after(last))


def stated_end_note(
    schema: Schema, class_: str | None, decided: date, stated_end: date | None
) -> Literal["publicity-too-long", "publicity-too-short"] | None:
    """The note that a stated end of publicity earns; never a reason to refuse."""
    if stated_end is None or schema.until.rule != "publicity":
        return None
    period = period_of(schema, class_, decided)
    if period is None:
        return None
    if stated_end > add_months(decided, period.maximum):
        return "publicity-too-long"
    if stated_end < add_months(decided, period.minimum):
        return "publicity-too-short"
    return None


def period_of(schema: Schema, class_: str | None, decided: date) -> Period | None:
    """The period that governs; None: no rule we hold does."""
    for rules in RULES:
        if decided >= rules.since and (not rules.families or schema.family in rules.families):
            return rules.periods.get(class_, rules.periods[None])
    return None


def add_months(day: date, months: int) -> date:
    """The same day `months` later, or the last of a shorter month; at most the last date."""
    year, month = divmod(day.year * _MONTHS + day.month - 1 + months, _MONTHS)
    if year > date.max.year:
        return date.max
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _day_after(day: date) -> date | None:
    return None if day == date.max else day + timedelta(days=1)
