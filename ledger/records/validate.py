"""Judging one record against its schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from ledger.records.schema import Schema

Text = Mapping[str, str]
"""A text for people: {"zh", "en"}."""
Fields = dict[str, str | list[str]]
"""Canonical fields by code, in the order of the schema; empty ones are absent."""

NO_CELL_ERRORS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class FieldError:
    """An error or note: the standard's code of the field (None: the whole record), a row code of
    interfaces.md, and a text that names field and remedy, never the value."""

    field: str | None
    code: str
    message: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The judgement. errors: in the order of the standard's table, empty for a good record.
    fields: the canonical fields (of a bad record those that are right). decided, until: the days
    for the payload; decided is None only beside errors, until None = open or unknown."""

    fields: Fields
    errors: tuple[FieldError, ...]
    notes: tuple[FieldError, ...]
    class_: str | None
    decided: date | None
    until: date | None


def check(
    schema: Schema,
    raw: Mapping[str, object],
    *,
    today: date,
    class_: str | None = None,
    cell_errors: Mapping[str, str] = NO_CELL_ERRORS,
) -> Checked:
    """The judgement on `raw`, by code: text, or list of texts. Bad data never raises.

    today: the day in Asia/Shanghai that no decision may be after. class_: minor, general, severe
    or None. cell_errors: row codes of cells that could not be read as a value, by field code;
    whatever `raw` holds for them is not looked at.
    """
    raise NotImplementedError
