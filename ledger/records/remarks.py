"""Errors and notes of rows: which field, which code, and a text that says what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from ledger.core.texts import Text
from ledger.records.schema_parts import Field
from ledger.records.texts import message
from ledger.records.values import MONEY_DIGITS, Fault

__all__ = ["NAMED_TWICE", "FieldError", "explained", "listed", "remark", "unread"]

NAMED_TWICE = "named-twice"
"""What a cell is whose column stands in the row under two names that say different things."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """An error or note: the standard's code of the field (None: the whole record), a row code of
    interfaces "Row answer", and a text that names field and remedy, never the value. row: of the
    table, where it is about another than the record it stands on."""

    field: str | None
    code: str
    message: Text
    row: int | None = None


def remark(code: str, about: Field | str | None = None, **values: Text) -> FieldError:
    """An error or note with its text; arguments as for `texts.message`."""
    if not values:
        return _remark(code, about)
    return FieldError(_name(about), code, message(code, about, **values))


@lru_cache(maxsize=1 << 12)  # whole files earn the same note in every row
def _remark(code: str, about: Field | str | None) -> FieldError:
    return FieldError(_name(about), code, message(code, about))


def _name(about: Field | str | None) -> str | None:
    return about.code if isinstance(about, Field) else about


def unread(field: Field, code: str) -> FieldError:
    """The remark on a cell that could not be read as a value."""
    if code == NAMED_TWICE:
        return explained(field, Fault("schema-invalid", NAMED_TWICE))
    return remark(code, field)


def explained(field: Field, fault: Fault) -> FieldError:
    """The remark on a value, with the parts that its text needs."""
    code = fault.code
    if fault.why is not None:
        parts = {"values": _joined(fault.values)} if fault.values else {}
        return FieldError(field.code, code, message(fault.why, field, **parts))
    if code == "too-long":
        limit = str(field.max or MONEY_DIGITS)
        unit = {"zh": "个字符", "en": "characters"}
        if field.kind == "money":
            unit = {"zh": "位整数", "en": "digits before the point"}
        return remark(code, field, max={"zh": limit, "en": limit}, unit=unit)
    if code == "not-in-vocabulary":
        return remark(code, field, values=listed(field.vocabulary, field.other))
    return remark(code, field)


def _joined(values: Sequence[str]) -> Text:
    """Values as a cell has them, which is with either semicolon."""
    return {"zh": "；".join(values), "en": ";".join(values)}


@cache
def listed(vocabulary: tuple[str, ...], other: bool) -> Text:
    """The values of a vocabulary in a text. other: one's own is one more."""
    values = [value for value in vocabulary if not (other and value == "其他")]
    if other:
        values.append("其他-…")
    return {"zh": "；".join(values), "en": "; ".join(values)}
