"""A row of a file of national results, as far as it can be judged by itself. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from gateway.casefiles.store import NewRow
from gateway.casefiles.words import class_of, result_of
from gateway.worklists.columns import Role
from gateway.worklists.reading import Entry
from ledger.core.case import MAX_NATIONAL_NO
from ledger.records import uscc
from ledger.records.schema import known_schemas

_NEEDED: tuple[Role, ...] = ("number", "authority", "result", "day")


def adverse_families() -> frozenset[str]:
    """Families of the types that can be repaired."""
    return frozenset(schema.family for schema in known_schemas() if schema.may_be_adverse)


def judged(entry: Entry, today: date) -> NewRow:
    """The row, refused where it cannot mean anything; else to be looked up."""
    said: dict[str, Any] = {"row": entry.row, "sheet": entry.sheet}
    said |= {str(role): text for role, text in entry.texts.items()}
    found = result_of(entry.texts.get("result", ""))
    fault = _fault(entry, today)
    if fault is None:
        return NewRow(said, act=found)
    code, role = fault
    return NewRow(said, act=found, code=code, field=role)


def _fault(entry: Entry, today: date) -> tuple[str, Role] | None:
    for role in _NEEDED:
        if role in entry.wrong:
            return "unreadable", role
        if role not in entry.texts:
            return "required", role
    return _wrong(entry.texts, today)


def _wrong(texts: Mapping[Role, str], today: date) -> tuple[str, Role] | None:
    if uscc.check(texts["authority"]) is not None:
        return "unreadable", "authority"
    if result_of(texts["result"]) is None:
        return "result-unknown", "result"
    if date.fromisoformat(texts["day"]) > today:
        return "day-in-future", "day"
    if "class" in texts and class_of(texts["class"]) is None:
        return "class-unknown", "class"
    if len(texts.get("national", "")) > MAX_NATIONAL_NO:
        return "unreadable", "national"
    return None
