"""How long a record may be used, by the rules file that its payload names.

Which rule governs follows from the day of the decision: publicity starts on it (Order 36 Art. 3
and following, Order 58 likewise), whatever day the record was uploaded. Decisions before Order 58
fall under it too: it is the earliest rule we hold, and publicity that still ran when it came into
force ran under it. Whether Order 36 shortens publicity that began under Order 58 is not confirmed,
so no row says so.

A sender's node knows the kind of the authority; a verifier does not, and bounds by the widest.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import product
from types import MappingProxyType
from typing import Final, Literal

from ledger.core import commitment
from ledger.records import rules as rules_files
from ledger.records.areas import belongs
from ledger.records.rules import Period, Rules
from ledger.records.schema import Schema

__all__ = [
    "CLASSES",
    "NO_AUTHORITIES",
    "Bounds",
    "Decision",
    "EarliestEnd",
    "Fields",
    "UseWindow",
    "add_months",
    "authority_kind",
    "bounds",
    "earliest_end",
    "rules_id",
    "stated_end_note",
    "until",
    "untils",
    "use_window",
]

CLASSES: Final = commitment.CLASSES
_NO_FIELDS: Final[Mapping[str, str | list[str]]] = MappingProxyType({})
NO_AUTHORITIES: Final[Mapping[str, str | None]] = MappingProxyType({})
_MONTHS = 12

Fields = Mapping[str, str | list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the end of use depends on beside the rules. adverse, void: whether it is adverse, and
    whether it says that it is not in force; None where the field that says so is not known.
    class_: None where it is not stated. kinds: of the authority, more than one where it is not
    known."""

    schema: Schema
    adverse: bool | None
    class_: str | None
    decided: date
    kinds: tuple[str | None, ...]
    void: bool | None = False

    @property
    def void_end(self) -> date:
        """The `until` of what was decided not to be in force: the day before it was decided, so
        that there is no day of use, whoever hides the field that says so."""
        return self.decided - timedelta(days=1) if self.decided > date.min else date.min


@dataclass(frozen=True, slots=True)
class UseWindow:
    """usable_to: last day on which the record may be used, None = no end. expired_from: first day
    on which it may not, None = never. Between the two it is undetermined."""

    usable_to: date | None
    expired_from: date | None


@dataclass(frozen=True, slots=True)
class Bounds:
    """What `until` may be where no stated end is known: a day from `earliest` to `latest` (None:
    without end), or null where it `may_be_open`."""

    earliest: date
    latest: date | None
    may_be_open: bool


@dataclass(frozen=True, slots=True)
class EarliestEnd:
    """The first day on which use may end early. possible: no earlier day is lawful, whatever the
    record leaves open. certain: from it on the end is lawful, whatever it leaves open. areas: those
    with a longer minimum that the record belongs to, or may; whoever decides knows which."""

    possible: date
    certain: date
    areas: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """Whether it is one day; else whoever decides must say more than the record does."""
        return self.possible == self.certain


def rules_id() -> str:
    """The newest packaged rules as payloads name them: `publicity@1:<SHA-256>`."""
    return rules_files.newest().id


def authority_kind(
    rules: Rules,
    schema: Schema,
    fields: Fields,
    authorities: Mapping[str, str | None] = NO_AUTHORITIES,
) -> str | None:
    """The kind of the authority that decided; None: none with rules of its own.

    authorities: a table of kinds by USCC, which comes before the authority's name.
    """
    name, code = schema.authority.name, schema.authority.code
    known = fields.get(code) if code else None
    if isinstance(known, str) and known in authorities:
        return authorities[known]
    called = fields.get(name)
    return rules.kind_of(called) if isinstance(called, str) else None


def until(rules: Rules, decision: Decision, stated_end: date | None) -> date | None:
    """The payload's `until`, the last day of use (design 4); None: open, or for an adverse record
    not known. stated_end: the field that the schema's `until` names."""
    if decision.void:
        return decision.void_end
    rule = decision.schema.until.rule
    if rule == "validity":
        if stated_end is None or stated_end.isoformat() in decision.schema.until.open_days:
            return None
        return stated_end
    if rule == "open" or not decision.adverse:
        return None
    maxima = {period.maximum for period in _periods(rules, decision)}
    if stated_end is None and len(maxima) > 1:
        return None  # the class decides, and is not known
    return min((end for end in (stated_end, _longest(decision, maxima)) if end), default=None)


def untils(rules: Rules, decision: Decision, stated_end: date | None) -> set[date | None]:
    """Every `until` that is right, whatever kind the authority is of and, where that is not known,
    whether the record is adverse or in force or not."""
    return {until(rules, each, stated_end) for each in _certain(decision)}


def bounds(rules: Rules, decision: Decision) -> Bounds:
    """What the rules allow for the `until` of an adverse record."""
    periods = _periods(rules, decision)
    return Bounds(
        earliest=_after(decision, min(period.minimum for period in periods)),
        latest=_longest(decision, {period.maximum for period in periods}),
        may_be_open=None in untils(rules, decision, None),
    )


def earliest_end(
    rules: Rules, decision: Decision, class_: str, fields: Fields = _NO_FIELDS
) -> EarliestEnd:
    """When use may end early, for a repair that states the class: `decided` and the minimum that
    the rules give for it. fields: what is known of the record, by which it is told whether it is
    about an area that has a minimum of its own (`ledger/records/areas.py`)."""
    periods = _periods(rules, replace(decision, class_=class_))
    if all(period.area_minimum is None for period in periods):
        minima = {period.minimum for period in periods}
        return EarliestEnd(_after(decision, min(minima)), _after(decision, max(minima)))
    told = {area.id: belongs(area, decision.schema, fields) for area in rules.areas}
    areas = tuple(name for name, found in told.items() if found != "no")
    first = min(_minimum(period, within="yes" in told.values()) for period in periods)
    last = max(_minimum(period, within=bool(areas)) for period in periods)
    return EarliestEnd(_after(decision, first), _after(decision, last), areas)


def use_window(rules: Rules, decision: Decision, until: date | None) -> UseWindow:
    """When a record with this payload may be used. An adverse one without `until` may be used up
    to the shortest possible maximum and is expired only after the longest."""
    if until is not None:
        return UseWindow(until, _day_after(until))
    if decision.schema.until.rule != "publicity" or decision.adverse is False:
        return UseWindow(None, None)
    maxima = {period.maximum for period in _periods(rules, decision)}
    ends = [_after(decision, maximum) for maximum in maxima if maximum is not None]
    longest = None if decision.adverse is None else _longest(decision, maxima)
    return UseWindow(min(ends, default=None), None if longest is None else _day_after(longest))


def stated_end_note(
    rules: Rules, decision: Decision, stated_end: date | None, fields: Fields = _NO_FIELDS
) -> Literal["publicity-too-long", "publicity-too-short"] | None:
    """The note that a stated end of publicity earns; never a reason to refuse. fields: what tells
    whether the record is about an area with a minimum of its own."""
    if stated_end is None or decision.schema.until.rule != "publicity" or not decision.adverse:
        return None
    periods = _periods(rules, decision)
    longest = _longest(decision, {period.maximum for period in periods})
    if longest is not None and stated_end > longest:
        return "publicity-too-long"
    shortest = min(period.minimum for period in periods)
    if stated_end < _after(decision, shortest):
        return "publicity-too-short"
    longer = min(_minimum(period, within=True) for period in periods)
    if stated_end >= _after(decision, longer):
        return None
    within = any(belongs(area, decision.schema, fields) == "yes" for area in rules.areas)
    return "publicity-too-short" if within else None


def _minimum(period: Period, *, within: bool) -> int:
    """The minimum of what is about an area, or is not."""
    longer = period.area_minimum
    return longer if within and longer is not None else period.minimum


def _periods(rules: Rules, decision: Decision) -> tuple[Period, ...]:
    """The periods that may govern, of all kinds that the authority may be of."""
    family, class_, decided = decision.schema.family, decision.class_, decision.decided
    if len(decision.kinds) == 1:
        return rules.periods(family, decision.kinds[0], class_, decided)
    found = (rules.periods(family, kind, class_, decided) for kind in decision.kinds)
    return tuple(period for periods in found for period in periods)


def _certain(decision: Decision) -> Iterator[Decision]:
    """The decision, as it is in each case that it may be."""
    for kind, adverse, void in product(
        decision.kinds, _possible(decision.adverse), _possible(decision.void)
    ):
        yield replace(decision, kinds=(kind,), adverse=adverse, void=void)


def _possible(known: bool | None) -> tuple[bool, ...]:
    return (True, False) if known is None else (known,)


def _longest(decision: Decision, maxima: set[int | None]) -> date | None:
    """The day of the longest maximum; None: one is open."""
    months = [maximum for maximum in maxima if maximum is not None]
    return _after(decision, max(months)) if len(months) == len(maxima) else None


def _after(decision: Decision, months: int) -> date:
    return add_months(decision.decided, months)


def add_months(day: date, months: int) -> date:
    """The same day `months` later, or the last of a shorter month; at most the last date."""
    year, month = divmod(day.year * _MONTHS + day.month - 1 + months, _MONTHS)
    if year > date.max.year:
        return date.max
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _day_after(day: date) -> date | None:
    return None if day == date.max else day + timedelta(days=1)
