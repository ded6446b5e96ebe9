"""Who may see a record: as its type says, or more strictly by its values and class (domain 3.6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ledger.records.schema import Schema
from ledger.records.schema_parts import VISIBILITIES, Visibility

__all__ = ["strictest", "visibility"]

_MINOR: Final = "minor"
_SHARED: Final[Visibility] = "authorisation"


def visibility(
    schema: Schema, fields: Mapping[str, str | list[str]], class_: str | None
) -> Visibility:
    """The strictest of what type, values and class say. What is minor is shared, never public.

    fields: the canonical ones of a good record. class_: minor, general, severe or None.
    """
    cases = (each.visibility for each in schema.visibility_if if each.holds(fields))
    return strictest(schema.visibility, *cases, *([_SHARED] if class_ == _MINOR else []))


def strictest(*said: Visibility) -> Visibility:
    """The one that lets the fewest see a record."""
    return max(said, key=VISIBILITIES.index)
