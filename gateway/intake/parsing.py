"""`RowInput` from JSON (interfaces "Record JSON"), strictly: one object, no key twice, text only.

Nothing raises here: what cannot be read becomes the row's `fault` and is answered like any other
row. Values of fields are judged by `ledger.records.validate`, which wants texts and lists of them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import orjson
import structlog

from gateway.intake.interfaces import RowInput
from gateway.intake.texts import fault
from ledger.records.remarks import FieldError

MAX_FIELDS = 64
"""Twice the longest table of the standard; every unknown name earns a note in the answer."""
MAX_DEPTH = 16
"""Values in one another; a record has three. What reads 1,024 levels may write only 253."""

_OPTIONAL = ("schema", "corrects", "class")
_MEMBERS = {"type", "fields", *_OPTIONAL}
_BOM = b"\xef\xbb\xbf"

_log = structlog.get_logger(__name__)


class _Refused(Exception):
    """Never leaves this module."""

    def __init__(self, error: FieldError) -> None:
        self.error = error


def parse_record(data: bytes, row: int | None) -> RowInput:
    """One record. row: its line, None for a single record."""
    try:
        return _record(_load(data), row)
    except _Refused as refusal:
        error = refusal.error
    except (LookupError, RecursionError, TypeError, ValueError) as unforeseen:
        # Whatever one row broke, the others are not to suffer for it.
        _log.error("intake.row-unreadable", error=type(unforeseen).__name__)
        error = fault("json-malformed")
    return RowInput(row=row, type="", fields={}, fault=error)


def parse_lines(lines: Sequence[bytes | None], first: int) -> list[RowInput]:
    """Consecutive NDJSON lines, the first of which has the number `first`; None: too long."""
    return [
        parse_record(line.removeprefix(_BOM) if at == 1 else line, at)
        if line is not None
        else RowInput(row=at, type="", fields={}, fault=fault("too-large"))
        for at, line in enumerate(lines, first)
    ]


def _load(data: bytes) -> Any:
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        if "memory" in error.msg:  # of us, not of the row
            raise MemoryError from error
        raise _Refused(fault(_why_unreadable(data))) from error
    _refuse_deep(value, MAX_DEPTH)
    # Most senders write compact JSON: then equal bytes prove that no key came twice. Others are
    # read once more by a slower reader that sees every pair.
    if orjson.dumps(value) != data:
        _refuse_duplicates(data)
    return value


def _why_unreadable(data: bytes) -> str:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "encoding"
    return "json-malformed"


def _refuse_deep(value: Any, levels: int) -> None:
    """Refuse what has more than so many levels, before anything descends further."""
    kind = type(value)
    if kind is not dict and kind is not list:
        return
    if not levels:
        raise _Refused(fault("json-malformed"))
    for item in value.values() if kind is dict else value:
        if type(item) is not str:
            _refuse_deep(item, levels - 1)


def _refuse_duplicates(data: bytes) -> None:
    json.loads(data, object_pairs_hook=_pairs, parse_int=str, parse_float=str)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Refused(fault("json-duplicate-key"))
    return found


def _record(value: Any, row: int | None) -> RowInput:
    if type(value) is not dict or not value.keys() <= _MEMBERS:
        raise _Refused(fault("json-members"))
    kind = value.get("type")
    sent = value.get("fields")
    if type(kind) is not str or type(sent) is not dict:
        raise _Refused(fault("json-members"))
    for name in _OPTIONAL:
        if name in value and type(value[name]) is not str:
            raise _Refused(fault("json-members"))
    if len(sent) > MAX_FIELDS:
        raise _Refused(fault("json-fields"))
    return RowInput(
        row=row,
        type=kind,
        schema=value.get("schema"),
        class_=value.get("class"),
        corrects=value.get("corrects"),
        fields=sent,
    )
