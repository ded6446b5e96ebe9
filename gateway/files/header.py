"""Finding the header row, and with it the record type."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, lru_cache

from gateway.files.cells import clean, shown
from gateway.files.errors import FileFault
from gateway.files.facts import MAX_COLUMNS
from gateway.files.interfaces import Cell, Line
from ledger.records.fold import fold
from ledger.records.schema import Schema, all_schemas
from ledger.records.schema_parts import Field

HEADER_WITHIN = 10
"""A header stands in one of the first so many rows; titles and notes stand above it."""
MIN_KNOWN = 3
"""A row that names fewer columns of the standard is no header."""
MAX_NAME = 100
"""Characters of a header that are looked at; the longest of the standard has 20."""

CORRECTS, CLASS = "CL_CORRECTS", "CL_CLASS"
_OWN_WORDS = {"更正": CORRECTS, "失信等级": CLASS}
LIKELY = 0.75
"""How much of a name must agree with one of the standard for the question whether it is meant."""
_MARKS = "*★☆※:;,、.。\"'"
_HINTS = re.compile(r"\((?:必填|必填项|必录|必录项|选填|选填项|非必填|可选|可空|可为空|可不填)\)")
_OWN_CODE = re.compile(r"CL_[A-Z]+(?:_[A-Z]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the columns of a table are, by place from 0.

    row: where it stands, from 1. names: as sent. known: the fields; a field that several columns
    name stands once for each. corrects, class_: our own columns. unknown: the other names.
    unnamed: columns without any.
    """

    row: int
    schema: Schema
    names: Sequence[str]
    known: Sequence[tuple[int, Field]]
    corrects: int | None = None
    class_: int | None = None
    unknown: Sequence[str] = ()
    unnamed: Sequence[int] = ()


def candidates(type_: str | None) -> Sequence[Schema]:
    """Schemas a file may be of. type_: name or family the sender gave; `type-unknown` for one
    that we do not have."""
    if type_ is None:
        return all_schemas()
    named = [schema for schema in all_schemas() if type_ in (schema.family, schema.name)]
    exact = [schema for schema in named if schema.name == type_ != schema.family]
    if not named:
        raise FileFault("type-unknown")
    return exact or named


def find_header(lines: Iterable[Line], schemas: Sequence[Schema]) -> Header | None:
    """The header among the first rows of a table; None where there is none.

    `header-ambiguous` where it fits types of several families equally well; within a family the
    current template is preferred.
    """
    for line in lines:
        if line.row > HEADER_WITHIN:
            break
        names = header_names(line.cells)
        ranked = sorted(((_fit(names, schema), schema) for schema in schemas), key=_rank)
        if not ranked or ranked[-1][0][0] < MIN_KNOWN:
            continue
        fit, best = ranked[-1]
        if any(other == fit and schema.family != best.family for other, schema in ranked):
            raise FileFault("header-ambiguous")
        if any(shown(cell).strip() for cell in line.cells[MAX_COLUMNS:]):
            raise FileFault("dimensions")
        return _header(line.row, names, best)
    return None


def known_columns(cells: Sequence[Cell], schemas: Sequence[Schema]) -> int:
    """How many of the cells name a column of some schema, at best."""
    names = header_names(cells)
    return max((_fit(names, schema)[0] for schema in schemas), default=0)


def header_names(cells: Sequence[Cell]) -> list[str]:
    """Cells as the names of columns, as many as a table may have."""
    return [clean(shown(cell)[:MAX_NAME].strip()) for cell in cells[:MAX_COLUMNS]]


def own_column(name: str) -> str | None:
    """The code of a column beside those of the standard: CL_CORRECTS, CL_CLASS, or one that only
    the workbook to correct has and nobody reads back. Any text may follow the code."""
    folded = _forms(name)[-1].upper()
    code = _OWN_CODE.match(folded)
    if code is None:
        return _OWN_WORDS.get(folded)
    return None if code[0] in _fields_of_records() else code[0]


@cache
def _fields_of_records() -> frozenset[str]:
    """CL_ORIGIN and others: codes like ours that are fields of a record."""
    return frozenset(code for schema in all_schemas() for code in schema.by_code)


def known_field(name: str, schema: Schema) -> Field | None:
    """The field that a header names: Chinese name, alias or code, in any width and case, whatever
    marks stand round it."""
    for form in _forms(name):
        field = schema.columns.get(form) or schema.columns.get(form.upper())
        if field is not None:
            return field
    return None


def likely_field(name: str, schema: Schema) -> Field | None:
    """The field that an unknown header may have meant; for the sender to say, never taken."""
    form = _forms(name)[-1]
    near = get_close_matches(form, schema.columns, 1, LIKELY) or get_close_matches(
        form.upper(), schema.columns, 1, LIKELY
    )
    return schema.columns[near[0]] if near else None


@lru_cache(maxsize=1 << 10)  # the same names, for every schema and delimiter
def _forms(name: str) -> tuple[str, ...]:
    """The name folded; and without the marks and hints that templates put round it."""
    form = fold(name)
    bare = _HINTS.sub("", form).strip(_MARKS)
    return (form, bare) if bare and bare != form else (form,)


def _fit(names: Sequence[str], schema: Schema) -> tuple[int, int]:
    """(how many columns of the schema are named, how many of those it always needs)."""
    named = {field.code: field for name in names if (field := known_field(name, schema))}
    return len(named), sum(field.required for field in named.values())


def _rank(fitted: tuple[tuple[int, int], Schema]) -> tuple[tuple[int, int], bool, int]:
    fit, schema = fitted
    return fit, schema.name == schema.family, schema.version


def _header(row: int, names: Sequence[str], schema: Schema) -> Header:
    known: list[tuple[int, Field]] = []
    own: dict[str, int] = {}
    unknown: list[str] = []
    unnamed: list[int] = []
    for at, name in enumerate(names):
        field = known_field(name, schema)
        mine = own_column(name)
        if field is not None:
            known.append((at, field))
        elif mine is not None:
            own.setdefault(mine, at)
        elif name:
            unknown.append(name)
        else:
            unnamed.append(at)
    return Header(
        row=row,
        schema=schema,
        names=names,
        known=known,
        corrects=own.get(CORRECTS),
        class_=own.get(CLASS),
        unknown=unknown,
        unnamed=unnamed,
    )
