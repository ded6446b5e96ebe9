"""Look at the tables of a rules file that a verifier reads only to know its form (section 6)."""

import re

from tests.second.codec import Json, Malformed, day, integer_of, members, text_of
from tests.second.folding import fold
from tests.second.schema import NAME, words

TABLES = "areas exits reportable stages measures lists"
_REGION = re.compile(r"[0-9]{6}")
_FIELD = re.compile(r"[A-Z][A-Z0-9_]{0,31}")
_FINE = re.compile(r"(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?")
_STAGES = (
    "repair-accept repair-decide repair-answer repair-publish repair-sync objection-mark"
    " objection-answer correction national-result"
).split()
_UNITS = ("working", "calendar")
_MEASURES = ("reduces-rights", "manages", "advises")
_MOST_ROWS, _MOST_FAMILIES, _MOST_DAYS, _MEASURE = 1024, 256, 366, 200
_FORMS = {
    "areas": ("area authorities basis laws source texts title words", "fine"),
    "exits": ("entry exit source", ""),
    "reportable": ("expired repaired source unpublished", "from region families authority"),
    "stages": ("days source stage unit", "from region authority"),
    "measures": ("en kind source zh", ""),
    "lists": ("id source title", ""),
}
# What no two rows of a table have alike.
_KEYS = {
    "areas": "area",
    "exits": "entry",
    "stages": "stage from region authority",
    "measures": "zh",
    "lists": "id",
}


def titles(value: Json) -> None:
    """Demand a title in two languages."""
    for text in members(value, "en zh").values():
        words([text])


def rows_of(found: dict[str, Json], name: str, most: int = _MOST_ROWS) -> list[Json]:
    """Give the rows of a table, none where it is not there."""
    if name not in found:
        return []
    value = found[name]
    if not isinstance(value, list) or not 0 < len(value) <= most:
        raise Malformed(f"{name} is a list within its bounds")
    return value


def families(value: Json) -> frozenset[str]:
    """Read a list of families."""
    found = words(value, _MOST_FAMILIES)
    if not all(NAME.fullmatch(name) for name in found):
        raise Malformed("no families")
    return frozenset(found)


def short(value: Json, most: int) -> list[str]:
    """Read short texts, folded; none folds to nothing."""
    found = words(value, most)
    folded = [fold(text) for text in found]
    if any(len(text) > 100 for text in found) or not all(folded):
        raise Malformed("a text too long, or of nothing")
    return folded


def _area(one: dict[str, Json]) -> None:
    text_of(one["area"], NAME)
    titles(one["title"])
    for name in ("basis", "texts"):
        if not all(_FIELD.fullmatch(field) for field in words(one[name], 16)):
            raise Malformed("no field")
    for name in ("laws", "words", "authorities"):
        short(one[name], 64)
    if "fine" in one:
        fine = members(one["fine"], "field from")
        text_of(fine["field"], _FIELD)
        text_of(fine["from"], _FINE)


def _exit(one: dict[str, Json]) -> None:
    text_of(one["entry"], NAME)
    text_of(one["exit"], NAME)


def _reportable(one: dict[str, Json]) -> None:
    flags = (one["expired"], one["repaired"], one["unpublished"])
    if not all(isinstance(flag, bool) for flag in flags):
        raise Malformed("no flag")


def _stage(one: dict[str, Json]) -> None:
    if one["stage"] not in _STAGES:
        raise Malformed("no such stage")
    integer_of(one["days"], _MOST_DAYS)
    if one["unit"] not in _UNITS:
        raise Malformed("no such unit")


def _measure(one: dict[str, Json]) -> None:
    if one["kind"] not in _MEASURES:
        raise Malformed("no such kind of measure")
    for name in ("en", "zh"):
        if any(len(text) > _MEASURE for text in words([one[name]])):
            raise Malformed("the name of a measure is too long")


def _list(one: dict[str, Json]) -> None:
    text_of(one["id"], NAME)
    titles(one["title"])


_ROWS = {
    "areas": _area,
    "exits": _exit,
    "reportable": _reportable,
    "stages": _stage,
    "measures": _measure,
    "lists": _list,
}


def _common(one: dict[str, Json], kinds: tuple[str | None, ...]) -> None:
    words([one["source"]])
    if "from" in one:
        day(one["from"])
    if "region" in one:
        text_of(one["region"], _REGION)
    if "authority" in one and one["authority"] not in kinds:
        raise Malformed("an authority of no kind")
    if "families" in one:
        families(one["families"])


def demand(found: dict[str, Json], kinds: tuple[str | None, ...]) -> None:
    """Demand that each table is of its form, and no two rows of one say the same."""
    for table, (needed, optional) in _FORMS.items():
        rows = [members(row, needed, optional) for row in rows_of(found, table)]
        for one in rows:
            _common(one, kinds)
            _ROWS[table](one)
        keys = [key for one in rows for key in _keys(table, one)]
        if len(set(keys)) != len(keys):
            raise Malformed(f"two rows of {table} say the same")
    _once(found)


def _keys(table: str, one: dict[str, Json]) -> list[tuple[Json, ...]]:
    """Give what tells a row from the others: of `reportable` by each family, or none."""
    first = one.get("from", "0001-01-01")
    if table != "reportable":
        names = _KEYS[table].split()
        return [tuple(first if name == "from" else one.get(name) for name in names)]
    named = sorted(families(one["families"])) if "families" in one else [""]
    return [(first, one.get("region"), one.get("authority"), family) for family in named]


def _once(found: dict[str, Json]) -> None:
    """Demand that a family is named once in the exits."""
    rows = [members(row, "entry exit source") for row in rows_of(found, "exits")]
    named = [text_of(row[name]) for row in rows for name in ("entry", "exit")]
    if len(set(named)) != len(named):
        raise Malformed("a family is named twice")
