"""Rules files: what the law says of records, as dated data: how long an adverse one may be used,
what ends an entry in a list, what a report shows, how long a stage of a case may take.

A rules file is canonical JSON in `rules/`, one per name and version. The payload of a record names
the SHA-256 of the file by which its `until` was computed, and the catalogue names the files in
force (kind RULES), so a published file never changes and a new version changes no old record.
`scripts/schemas.py` makes ours of `scripts/rules/`; an operator may put others into a folder.

A file holds:

_type        credit-ledger/rules@1
name         ASCII, at most 32 bytes: the item id of the catalogue; `publicity` is the one read here
version      from 1
title        {zh, en}
authorities  kinds of authority that have rules of their own, each {kind, named}: an authority is of
             the kind where its folded name holds one of the texts `named`
rows         at least one:
    from           first day of decision that the row governs; absent: ever
    families       families of types that it governs; absent: every one not named by another row
    authority      kind of the deciding authority; absent: any
    class          minor, general or severe; absent: whatever the class
    minimumMonths  months from the decision before publicity may end early; absent: 0
    areaMinimumMonths  the same for what is about one of the `areas`; absent: no others
    maximumMonths  months from the decision after which the record may no longer be used
    openUntilExit  true in place of maximumMonths: only an exit or a stated end ends it
    source         the law, with its number and dates
areas, exits, reportable, stages, measures, lists    optional tables of rows with their `source`:
    areas          what may end early only after longer: `ledger/records/areas.py`
    exits          {entry, exit}: records of the family `exit` end those of the family `entry`
    reportable     {from?, region?, families?, authority?, expired, unpublished, repaired}: what of
                   these belongs into a subject's own report, by the day of the report
    stages         {stage, from?, region?, authority?, days, unit: working | calendar}: the days
                   of a stage, by the day on which it begins
    measures       {kind: reduces-rights | manages | advises, zh, en}: the vocabulary of measures
    lists          {id, title}: the severe lists, id as the item of the catalogue

Rows of one `from`, `authority` and `families` make a set: one row without a class, or one for each
of the three. No two sets of one `from` and `authority` may share a family. What governs a decision
is one set: of those that hold its type, its authority and its day the one that names the family,
then the one that names the authority, then the latest. Where there is none, nothing bounds its use.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from importlib import resources
from typing import Final, NewType

from ledger.core import canonical
from ledger.core.commitment import CLASSES
from ledger.core.errors import Malformed
from ledger.core.verdict.facts import PUBLICITY
from ledger.records import rule_tables
from ledger.records.areas import Area
from ledger.records.fold import fold
from ledger.records.members import MAX_VERSION, NAME, Members
from ledger.records.rule_tables import Tables

__all__ = [
    "MAX_FILE",
    "MEASURES_ITEM",
    "OPEN",
    "Period",
    "Row",
    "RuleSet",
    "Rules",
    "RulesHash",
    "all_rules",
    "by_hash",
    "newest",
    "packaged_files",
    "parse",
]

RulesHash = NewType("RulesHash", str)
"""64 lower-case hex: SHA-256 of the rules file."""

MEASURES_ITEM: Final = "measures"
"""Item id of the vocabulary of measures: the table of a rules file whose hash it has."""

MAX_FILE: Final = 1 << 18
"""Bytes: a thousand rows; the law of fifty years has a few dozen."""

_TYPE = "credit-ledger/rules@1"
_MAX_ROWS = 1 << 10
_MAX_FAMILIES = 256
_MAX_KINDS = 32
_MAX_MONTHS = 1200  # a hundred years: longer is a slip of the pen


@dataclass(frozen=True, slots=True)
class Period:
    """Months from the decision. minimum 0: use may end at any time. maximum None: open until an
    exit or a stated end. area_minimum: that of what is about one of the areas; None: no other."""

    minimum: int
    maximum: int | None
    area_minimum: int | None = None


OPEN: Final = Period(0, None)
"""What holds where no rule governs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a file. families: None for all that no other row names."""

    since: date
    families: tuple[str, ...] | None
    authority: str | None
    class_: str | None
    period: Period
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """The rows that govern together. periods: by class; None: whatever the class."""

    since: date
    families: tuple[str, ...] | None
    authority: str | None
    periods: Mapping[str | None, Period]

    def holds(self, family: str, authority: str | None) -> bool:
        """Whether it may govern decisions on this family by this kind of authority."""
        return (self.families is None or family in self.families) and (
            self.authority is None or self.authority == authority
        )

    @property
    def rank(self) -> tuple[bool, bool, date]:
        """The highest of those that hold governs."""
        return (self.families is not None, self.authority is not None, self.since)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rules:
    """One rules file; there is one object per file, so equality is identity.

    kinds: every kind of authority that has rules of its own, None for all others first.
    named: texts in the folded name of an authority, with the kind that they tell. tables: what
    the file holds beside the periods of publicity.
    """

    name: str
    version: int
    title: Mapping[str, str]
    kinds: tuple[str | None, ...]
    named: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]
    sets: tuple[RuleSet, ...]
    tables: Tables
    sha256: RulesHash

    @property
    def id(self) -> str:
        """As payloads name it: `publicity@1:<SHA-256>`."""
        return f"{self.name}@{self.version}:{self.sha256}"

    @property
    def areas(self) -> Sequence[Area]:
        """The areas of which some periods are longer."""
        return self.tables.areas

    def kind_of(self, authority: str) -> str | None:
        """The kind of authority that its name tells; None: none with rules of its own."""
        return _kind_of(self, authority)

    def periods(
        self, family: str, authority: str | None, class_: str | None, decided: date
    ) -> tuple[Period, ...]:
        """The periods that may govern a decision: one where the class is known or does not matter.

        authority: its kind. class_: None where it is not known.
        """
        for each in _ladder(self, family, authority):
            if each.since <= decided:
                known = each.periods.get(class_) or each.periods.get(None)
                return (known,) if known else tuple(each.periods.values())
        return (OPEN,)


def newest() -> Rules:
    """The newest packaged rules of publicity."""
    return max(_by_hash().values(), key=lambda rules: rules.version)


def by_hash(sha256: str) -> Rules | None:
    """The packaged rules whose file has this SHA-256 (hex); None if we do not hold it."""
    return _by_hash().get(RulesHash(sha256))


def all_rules() -> Sequence[Rules]:
    """Every rules file that we package, by version."""
    return sorted(_by_hash().values(), key=lambda rules: rules.version)


def packaged_files() -> Sequence[bytes]:
    """The packaged rules files."""
    files = resources.files(__package__).joinpath("rules").iterdir()
    return [file.read_bytes() for file in files if file.name.endswith(".json")]


def parse(data: bytes) -> Rules:
    """The rules in the bytes of a rules file; Malformed if it is none of publicity."""
    tree = Members("rules", canonical.parse(data, max_bytes=MAX_FILE, max_depth=4))
    if tree.text("_type") != _TYPE:
        raise tree.fault(f"not {_TYPE}")
    if tree.text("name") != PUBLICITY:
        raise tree.fault(f"not called {PUBLICITY}")
    version = tree.number("version", 1, MAX_VERSION)
    title = tree.pair("title")
    named = _authorities(tree) if tree.has("authorities") else ()
    kinds = (None, *dict.fromkeys(kind for _, kind in named))
    rows = tuple(_row(n, row, kinds) for n, row in enumerate(tree.items("rows", most=_MAX_ROWS)))
    tables = rule_tables.read(tree, kinds)
    tree.done()
    if not tables.areas and any(row.period.area_minimum is not None for row in rows):
        raise tree.fault("areaMinimumMonths, and no areas")
    return Rules(
        name=PUBLICITY,
        version=version,
        title=title,
        kinds=kinds,
        named=named,
        rows=rows,
        sets=_sets(rows),
        tables=tables,
        sha256=RulesHash(hashlib.sha256(data).hexdigest()),
    )


@cache
def _by_hash() -> Mapping[RulesHash, Rules]:
    return {rules.sha256: rules for rules in map(parse, packaged_files())}


@lru_cache(maxsize=1 << 12)
def _kind_of(rules: Rules, authority: str) -> str | None:
    name = fold(authority)
    return next((kind for text, kind in rules.named if text in name), None)


@lru_cache(maxsize=1 << 10)
def _ladder(rules: Rules, family: str, authority: str | None) -> tuple[RuleSet, ...]:
    """The sets that may govern, the one of the highest rank first."""
    found = [each for each in rules.sets if each.holds(family, authority)]
    return tuple(sorted(found, key=lambda each: each.rank, reverse=True))


def _authorities(tree: Members) -> tuple[tuple[str, str], ...]:
    named: dict[str, str] = {}
    for item in tree.items("authorities", most=_MAX_KINDS):
        entry = Members("rules, authorities", item)
        kind = entry.text("kind", like=NAME)
        for text in entry.texts("named", most=_MAX_KINDS, max_=100):
            if not fold(text) or named.setdefault(fold(text), kind) != kind:
                raise entry.fault(f"a name of {kind} is empty, or names another kind too")
        entry.done()
    return tuple(named.items())


def _row(number: int, item: object, kinds: tuple[str | None, ...]) -> Row:
    row = Members(f"rules, row {number}", item)
    families = row.maybe("families", lambda name: row.texts(name, most=_MAX_FAMILIES, max_=32))
    if not all(NAME.fullmatch(family) for family in families or ()):
        raise row.fault("families holds what is no name")
    authority, class_ = row.maybe("authority", row.text), row.maybe("class", row.text)
    if authority not in kinds or class_ not in (None, *CLASSES):
        raise row.fault("a kind of authority or a class that is not defined")
    since = row.maybe("from", row.day) or date.min
    source = row.text("source")
    period = _period(row)
    row.done()
    return Row(
        since=since,
        families=families,
        authority=authority,
        class_=class_,
        period=period,
        source=source,
    )


def _period(row: Members) -> Period:
    minimum = row.maybe("minimumMonths", lambda name: row.number(name, 0, _MAX_MONTHS)) or 0
    if row.has("openUntilExit"):
        if not row.flag("openUntilExit"):
            raise row.fault("openUntilExit is false: leave it out")
        maximum = None
    else:
        maximum = row.number("maximumMonths", 0, _MAX_MONTHS)
    most = _MAX_MONTHS if maximum is None else maximum
    if minimum > most:
        raise row.fault("minimumMonths is above maximumMonths")
    longer = row.maybe("areaMinimumMonths", lambda name: row.number(name, minimum, most))
    return Period(minimum, maximum, longer)


def _sets(rows: Sequence[Row]) -> tuple[RuleSet, ...]:
    """The rows, put together; Malformed where it is not clear which would govern."""
    groups: dict[tuple[date, str | None, tuple[str, ...] | None], list[Row]] = defaultdict(list)
    for row in rows:
        families = None if row.families is None else tuple(sorted(row.families))
        groups[row.since, row.authority, families].append(row)
    taken: set[tuple[date, str | None, str | None]] = set()
    for (since, authority, families), group in groups.items():
        classes = [row.class_ for row in group]
        if classes != [None] and sorted(map(str, classes)) != sorted(CLASSES):
            raise Malformed("rules", "a set has neither one row for all classes nor one for each")
        for family in families or (None,):
            if (since, authority, family) in taken:
                raise Malformed("rules", "two sets govern the same")
            taken.add((since, authority, family))
    return tuple(
        RuleSet(
            since=since,
            families=families,
            authority=authority,
            periods={row.class_: row.period for row in group},
        )
        for (since, authority, families), group in groups.items()
    )
