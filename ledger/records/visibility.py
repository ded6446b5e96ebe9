"""Who may see a record: as its type says, or more strictly by its values and class (domain 3.6)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Final

from ledger.records.schema import Schema
from ledger.records.schema_parts import VISIBILITIES, Visibility

__all__ = ["least_possible", "strictest", "strictest_possible", "visibility"]

_MINOR: Final = "minor"
_SHARED: Final[Visibility] = "authorisation"
_MAX_TOLD: Final = 256
"""Characters of what is remembered: values of one's own must not fill the memory."""


def visibility(
    schema: Schema, fields: Mapping[str, str | list[str]], class_: str | None
) -> Visibility:
    """The strictest of what type, values and class say. What is minor is shared, never public.

    fields: the canonical ones of a good record. class_: minor, general, severe or None.
    """
    told = [fields.get(code) for code in _telling(schema)]
    length = sum(map(len, (text for value in told for text in value or ())))
    of = _of if length <= _MAX_TOLD else _of.__wrapped__
    return of(schema, tuple([tuple(v) if isinstance(v, list) else v for v in told]), class_)


def strictest_possible(
    schema: Schema, shown: Mapping[str, str | list[str]], class_: str | None
) -> Visibility:
    """The strictest that a record may have of which only some fields are shown."""
    cases = (
        each.visibility
        for each in schema.visibility_if
        if each.holds(shown) or not set(each.fields) <= shown.keys()
    )
    return strictest(schema.visibility, *cases, *([_SHARED] if class_ == _MINOR else []))


def least_possible(
    schema: Schema, shown: Mapping[str, str | list[str]], class_: str | None
) -> Visibility:
    """The least strict that a record may have of which only some fields are shown: whatever the
    others are."""
    cases = (
        each.visibility
        for each in schema.visibility_if
        if each.holds(shown) and (not each.only or set(each.fields) <= shown.keys())
    )
    return strictest(schema.visibility, *cases, *([_SHARED] if class_ == _MINOR else []))


@cache
def _telling(schema: Schema) -> tuple[str, ...]:
    """The fields that say who may see a record."""
    return tuple(dict.fromkeys(code for each in schema.visibility_if for code in each.fields))


@lru_cache(maxsize=1 << 12)  # vocabularies: the same few values over and over
def _of(
    schema: Schema, told: tuple[str | tuple[str, ...] | None, ...], class_: str | None
) -> Visibility:
    values = dict(zip(_telling(schema), map(_as_field, told), strict=True))
    fields = {code: value for code, value in values.items() if value is not None}
    cases = (each.visibility for each in schema.visibility_if if each.holds(fields))
    return strictest(schema.visibility, *cases, *([_SHARED] if class_ == _MINOR else []))


def _as_field(value: str | tuple[str, ...] | None) -> str | list[str] | None:
    return list(value) if isinstance(value, tuple) else value


def strictest(*said: Visibility) -> Visibility:
    """The one that lets the fewest see a record."""
    return max(said, key=VISIBILITIES.index)
