"""Read rules files, and the days that follow from them (section 6)."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product

from tests.second import tables
from tests.second.codec import (
    Json,
    Malformed,
    day,
    integer_of,
    is_day,
    members,
    months_later,
    parse,
    text_of,
)
from tests.second.present import CLASSES, Payload, Value
from tests.second.schema import NAME, Schema, words

_ROW = "from families authority class minimumMonths areaMinimumMonths maximumMonths openUntilExit"


@dataclass(frozen=True)
class Row:
    """Hold one row: the months of minimum and maximum, none for open."""

    start: date
    families: frozenset[str] | None
    authority: str | None
    class_: str | None
    minimum: int
    maximum: int | None

    @property
    def of_set(self) -> tuple[date, str | None, frozenset[str] | None]:
        """Give what the rows of one set have alike."""
        return self.start, self.authority, self.families


@dataclass(frozen=True)
class Rules:
    """Hold a rules file; `kinds` of authority begin with none."""

    name: str
    version: int
    kinds: tuple[str | None, ...]
    rows: tuple[Row, ...]

    def periods(self, family: str, kind: str | None, of: Payload) -> list[tuple[int, int | None]]:
        """Give the periods that govern: minimum and maximum, nothing for open."""
        fit = [
            row
            for row in self.rows
            if (row.families is None or family in row.families)
            and row.authority in (None, kind)
            and row.start <= of.decided
        ]
        if not fit:
            return [(0, None)]
        best = max(fit, key=_rank)
        chosen = [row for row in fit if row.of_set == best.of_set]
        if of.class_ is not None:
            chosen = [row for row in chosen if row.class_ in (None, of.class_)]
        return [(row.minimum, row.maximum) for row in chosen]

    def all_periods(self, family: str, of: Payload) -> list[tuple[int, int | None]]:
        """Give the periods of every kind of authority, "none" included: `P` of the text."""
        return [period for kind in self.kinds for period in self.periods(family, kind, of)]


def _rank(row: Row) -> tuple[bool, bool, date]:
    return row.families is not None, row.authority is not None, row.start


def _row(value: Json, kinds: tuple[str | None, ...], areas: bool) -> Row:
    found = members(value, "source", _ROW)
    words([found["source"]])
    if ("maximumMonths" in found) == ("openUntilExit" in found):
        raise Malformed("maximumMonths or openUntilExit")
    if found.get("openUntilExit", True) is not True:
        raise Malformed("openUntilExit is true")
    most = integer_of(found["maximumMonths"], 1200) if "maximumMonths" in found else None
    least = integer_of(found.get("minimumMonths", 0), 1200)
    area = integer_of(found.get("areaMinimumMonths", least), 1200)
    if ("areaMinimumMonths" in found and not areas) or area < least:
        raise Malformed("areaMinimumMonths without areas, or below the minimum")
    if most is not None and area > most:
        raise Malformed("a minimum above the maximum")
    authority, class_ = found.get("authority"), found.get("class")
    if authority is not None and authority not in kinds:
        raise Malformed("an authority of no kind")
    if class_ is not None and class_ not in CLASSES:
        raise Malformed("no such class")
    families = tables.families(found["families"]) if "families" in found else None
    return Row(
        start=day(found["from"]) if "from" in found else date.min,
        families=families,
        authority=authority if isinstance(authority, str) else None,
        class_=class_ if isinstance(class_, str) else None,
        minimum=least,
        maximum=most,
    )


def _sets(rows: tuple[Row, ...]) -> None:
    """Demand that rows make sets, of which no two of one time and authority share a family."""
    sets: dict[tuple[date, str | None, frozenset[str] | None], list[str | None]] = {}
    for row in rows:
        sets.setdefault(row.of_set, []).append(row.class_)
    for classes in sets.values():
        if classes != [None] and sorted(map(str, classes)) != sorted(CLASSES):
            raise Malformed("a set without one row, or one for each class")
    seen: set[tuple[date, str | None, str]] = set()
    for start, authority, families in sets:
        for family in families or ():
            if (start, authority, family) in seen:
                raise Malformed("two sets share a family")
            seen.add((start, authority, family))


def _authorities(found: dict[str, Json]) -> tuple[str | None, ...]:
    kinds: list[str | None] = [None]
    told: dict[str, str] = {}
    for item in tables.rows_of(found, "authorities", 32):
        one = members(item, "kind named")
        kind = text_of(one["kind"], NAME)
        for text in tables.short(one["named"], 32):
            if told.setdefault(text, kind) != kind:
                raise Malformed("a name of two kinds")
        kinds.append(kind)
    return tuple(kinds)


def read(data: bytes) -> Rules:
    """Read a rules file, or refuse one that is of another format."""
    found = members(
        parse(data, limit=262_144), "_type name rows title version", f"authorities {tables.TABLES}"
    )
    if found["_type"] != "credit-ledger/rules@1" or found["name"] != "publicity":
        raise Malformed("no rules of version 1")
    tables.titles(found["title"])
    kinds = _authorities(found)
    if "rows" not in found:
        raise Malformed("rules without rows")
    rows = tuple(_row(item, kinds, "areas" in found) for item in tables.rows_of(found, "rows"))
    _sets(rows)
    tables.demand(found, kinds)
    return Rules("publicity", integer_of(found["version"], 999_999_999, 1), kinds, rows)


@dataclass(frozen=True)
class Case:
    """Hold a record as far as it is shown, with its schema."""

    schema: Schema
    payload: Payload
    shown: dict[str, Value]

    @property
    def adverse(self) -> bool | None:
        """Tell whether it is adverse, as far as it shows."""
        return self.schema.is_adverse(self.shown)

    @property
    def void(self) -> bool | None:
        """Tell whether it is void, as far as it shows."""
        return self.schema.is_void(self.shown)

    @property
    def stated(self) -> str | None:
        """Give the shown value of the field that states an end."""
        value = self.shown.get(self.schema.until_field)
        return value if isinstance(value, str) else None

    @property
    def day_before(self) -> date:
        """Give the day before `decided`, which is the last day of what is void."""
        return max(self.payload.decided, date.min + timedelta(1)) - timedelta(1)

    def after(self, months: int) -> date:
        """Give the day some months after `decided`."""
        return months_later(self.payload.decided, months)


def longest(case: Case, periods: list[tuple[int, int | None]]) -> date | None:
    """Give the day of the longest maximum; nothing where one is open."""
    maxima = [most for _, most in periods]
    return None if None in maxima else case.after(max(most for most in maxima if most is not None))


def _by_publicity(case: Case, rules: Rules, kind: str | None, stated: date | None) -> date | None:
    periods = rules.periods(case.schema.family, kind, case.payload)
    if stated is None and len({most for _, most in periods}) > 1:
        return None
    ends = [end for end in (stated, longest(case, periods)) if end is not None]
    return min(ends) if ends else None


def _issued(case: Case, rules: Rules, kind: str | None, adverse: bool, void: bool) -> date | None:
    """Give the day that section 6 gives an issuer."""
    if void:
        return case.day_before
    stated = day(case.stated) if case.stated is not None and is_day(case.stated) else None
    if case.schema.rule == "validity":
        return None if case.stated in case.schema.until_open else stated
    if case.schema.rule == "open" or not adverse:
        return None
    return _by_publicity(case, rules, kind, stated)


def agrees(case: Case, rules: Rules) -> bool:
    """Make step 3 of check 7, but for what check 25 finds out of bounds."""
    publicity = case.schema.rule == "publicity"
    hidden = bool(case.schema.until_field) and not (case.stated and is_day(case.stated))
    if hidden and case.void is not True and not (publicity and case.adverse is False):
        return True
    adverse = (True, False) if case.adverse is None else (case.adverse,)
    void = (True, False) if case.void is None else (case.void,)
    ways = product(rules.kinds, adverse, void)
    return any(case.payload.until == _issued(case, rules, *way) for way in ways)


def out_of_bounds(case: Case, rules: Rules) -> str | None:
    """Make step 5 of check 25."""
    if case.schema.rule != "publicity" or case.adverse is False or case.void is True:
        return None
    periods = rules.all_periods(case.schema.family, case.payload)
    until = case.payload.until
    if until is None:
        lawful = case.adverse is None or any(
            _by_publicity(case, rules, kind, None) is None for kind in rules.kinds
        )
        return None if lawful else "until-beyond-rules"
    last = longest(case, periods)
    if last is not None and until > last:
        return "until-beyond-rules"
    first = case.after(min(least for least, _ in periods))
    excused = case.stated is not None or (case.void is None and until == case.day_before)
    return "until-before-minimum" if until < first and not excused else None


def window(case: Case, rules: Rules | None, today: date) -> str | None:
    """Make check 20: give the code where the record may not be used on a day."""
    if case.void is True:
        return "not-in-force"
    until = case.payload.until
    if until is not None:
        return "expired" if today > until else None
    if case.schema.rule != "publicity" or case.adverse is False or rules is None:
        return None
    periods = rules.all_periods(case.schema.family, case.payload)
    maxima = [most for _, most in periods if most is not None]
    if not maxima or today <= case.after(min(maxima)):
        return None
    end = longest(case, periods)
    certain = end is not None and today > end and case.adverse is True
    return "expired" if certain else "window-unknown"
