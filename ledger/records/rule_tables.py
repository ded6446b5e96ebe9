"""What a rules file holds beside the periods of publicity: areas of longer periods, exits, what
reports show, the days of stages, measures and severe lists; and how each is read.

Rows of reports and stages are dated and may be for one region or one kind of authority. Of those
that hold the one governs that names the region, then the one that names the family, then the one
that names the authority, then the latest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, TypeVar, get_args

from ledger.records.areas import Area, read_area
from ledger.records.members import NAME, Members

__all__ = [
    "NOT_REPORTABLE",
    "REGION",
    "STAGES",
    "Exit",
    "Measure",
    "MeasureKind",
    "Reportable",
    "ReportableRow",
    "SevereList",
    "Stage",
    "StageName",
    "StageRow",
    "Tables",
    "Unit",
    "read",
]

Unit = Literal["working", "calendar"]
MeasureKind = Literal["reduces-rights", "manages", "advises"]
StageName = Literal[
    "repair-accept",
    "repair-decide",
    "repair-answer",
    "repair-publish",
    "repair-sync",
    "objection-mark",
    "objection-answer",
    "correction",
    "national-result",
]
STAGES: Final[tuple[StageName, ...]] = get_args(StageName)

_UNITS: tuple[Unit, ...] = get_args(Unit)
_MEASURES: tuple[MeasureKind, ...] = get_args(MeasureKind)
REGION: Final = re.compile(r"[0-9]{6}")
_MAX_ROWS = 1 << 10
_MAX_FAMILIES = 256
_MAX_DAYS = 366  # of a stage: a year is longer than any law gives
_MAX_NAME = 200  # characters of a measure, which stands in a field of a record

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Exit:
    """Records of the family `exit` end those of the family `entry`."""

    entry: str
    exit: str
    source: str


@dataclass(frozen=True, slots=True)
class Reportable:
    """Whether what has expired, was never published or was repaired belongs into a subject's own
    report."""

    expired: bool
    unpublished: bool
    repaired: bool


NOT_REPORTABLE: Final = Reportable(expired=False, unpublished=False, repaired=False)
"""What holds where no row governs: only what may be used is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportableRow:
    """A dated row. families, region, authority: None for any."""

    since: date
    region: str | None
    families: tuple[str, ...] | None
    authority: str | None
    reportable: Reportable
    source: str


@dataclass(frozen=True, slots=True)
class Stage:
    """The days that a stage may take: the first day is not counted. unit: PRC working days, or days
    of the calendar."""

    days: int
    unit: Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRow:
    """A dated row. region, authority: None for any."""

    name: StageName
    since: date
    region: str | None
    authority: str | None
    stage: Stage
    source: str


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure of the national vocabulary. name: {zh, en}; a record names it in Chinese."""

    kind: MeasureKind
    name: Mapping[str, str]
    source: str


@dataclass(frozen=True, slots=True)
class SevereList:
    """A severe list. id: of its item of the catalogue."""

    id: str
    title: Mapping[str, str]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """All that a rules file holds beside the periods; empty where it has nothing."""

    areas: tuple[Area, ...] = ()
    exits: tuple[Exit, ...] = ()
    reportable: tuple[ReportableRow, ...] = ()
    stages: tuple[StageRow, ...] = ()
    measures: tuple[Measure, ...] = ()
    lists: tuple[SevereList, ...] = ()

    def exit_of(self, family: str) -> str | None:
        """The family whose records end those of this one; None: nothing does."""
        return next((each.exit for each in self.exits if each.entry == family), None)

    def entry_of(self, family: str) -> str | None:
        """The family whose records those of this one end; None: they end nothing."""
        return next((each.entry for each in self.exits if each.exit == family), None)

    def report(
        self, family: str, day: date, *, region: str = "", authority: str | None = None
    ) -> Reportable:
        """What a report of this day shows of a family. region: six digits, "" for none. authority:
        kind of the one that decided."""
        rows = [
            row
            for row in self.reportable
            if row.since <= day
            and row.region in (None, region)
            and row.authority in (None, authority)
            and (row.families is None or family in row.families)
        ]
        return max(rows, key=_report_rank).reportable if rows else NOT_REPORTABLE

    def reported(self, day: date, *, region: str = "") -> tuple[str, ...]:
        """The families of which a report of this day speaks, ascending: those that a row names."""
        rows = [row for row in self.reportable if row.since <= day]
        named = [row.families or () for row in rows if row.region in (None, region)]
        return tuple(sorted({family for families in named for family in families}))

    def stage(
        self, name: StageName, kind: str | None, day: date, *, region: str = ""
    ) -> Stage | None:
        """The days of a stage that begins on this day at an authority of this kind; None: nobody
        has set any. region: six digits, "" for none."""
        rows = [
            row
            for row in self.stages
            if row.name == name
            and row.since <= day
            and row.region in (None, region)
            and row.authority in (None, kind)
        ]
        return max(rows, key=_stage_rank).stage if rows else None


def read(tree: Members, kinds: Sequence[str | None]) -> Tables:
    """Take the tables out of a rules file. kinds: of the authorities that it defines."""
    return Tables(
        areas=_once(tree, "areas", read_area, lambda row: [row.id]),
        exits=_once(tree, "exits", _exit, lambda row: [row.entry, row.exit]),
        reportable=_once(tree, "reportable", lambda row: _reportable(row, kinds), _reported),
        stages=_once(
            tree,
            "stages",
            lambda row: _stage(row, kinds),
            lambda row: [(row.name, row.since, row.region, row.authority)],
        ),
        measures=_once(tree, "measures", _measure, lambda row: [row.name["zh"]]),
        lists=_once(tree, "lists", _list, lambda row: [row.id]),
    )


def _once(
    tree: Members,
    name: str,
    take: Callable[[Members], _T],
    keys: Callable[[_T], Iterable[object]],
) -> tuple[_T, ...]:
    """The rows of a table; Malformed where two say what there can be only one of."""
    if not tree.has(name):
        return ()
    rows, taken = [], set()
    for number, item in enumerate(tree.items(name, most=_MAX_ROWS)):
        members = Members(f"rules, {name} {number}", item)
        row = take(members)
        members.done()
        for key in keys(row):
            if key in taken:
                raise members.fault("two rows say the same")
            taken.add(key)
        rows.append(row)
    return tuple(rows)


def _exit(row: Members) -> Exit:
    entry, exit_ = row.text("entry", like=NAME), row.text("exit", like=NAME)
    if entry == exit_:
        raise row.fault("entry and exit are one")
    return Exit(entry, exit_, row.text("source"))


def _reportable(row: Members, kinds: Sequence[str | None]) -> ReportableRow:
    families = row.maybe("families", lambda name: row.texts(name, most=_MAX_FAMILIES, max_=32))
    if not all(NAME.fullmatch(family) for family in families or ()):
        raise row.fault("families holds what is no name")
    return ReportableRow(
        since=row.maybe("from", row.day) or date.min,
        region=row.maybe("region", lambda name: row.text(name, like=REGION)),
        families=families,
        authority=_authority(row, kinds),
        reportable=Reportable(row.flag("expired"), row.flag("unpublished"), row.flag("repaired")),
        source=row.text("source"),
    )


def _stage(row: Members, kinds: Sequence[str | None]) -> StageRow:
    return StageRow(
        name=row.one_of("stage", STAGES),
        since=row.maybe("from", row.day) or date.min,
        region=row.maybe("region", lambda name: row.text(name, like=REGION)),
        authority=_authority(row, kinds),
        stage=Stage(row.number("days", 0, _MAX_DAYS), row.one_of("unit", _UNITS)),
        source=row.text("source"),
    )


def _measure(row: Members) -> Measure:
    kind = row.one_of("kind", _MEASURES)
    name = {language: row.text(language, max_=_MAX_NAME) for language in ("zh", "en")}
    return Measure(kind, name, row.text("source"))


def _list(row: Members) -> SevereList:
    return SevereList(row.text("id", like=NAME), row.pair("title"), row.text("source"))


def _authority(row: Members, kinds: Sequence[str | None]) -> str | None:
    authority = row.maybe("authority", row.text)
    if authority not in kinds:
        raise row.fault("a kind of authority that is not defined")
    return authority


def _reported(row: ReportableRow) -> Iterable[object]:
    return [(row.since, row.region, row.authority, family) for family in row.families or (None,)]


def _report_rank(row: ReportableRow) -> tuple[bool, bool, bool, date]:
    return row.region is not None, row.families is not None, row.authority is not None, row.since


def _stage_rank(row: StageRow) -> tuple[bool, bool, date]:
    return row.region is not None, row.authority is not None, row.since
