"""Record JSON (interfaces.md) to `RowInput`, strictly: one object, no key twice, text only.

Nothing raises here: what cannot be read becomes the row's `fault`, or a `cell_error` where a
single value is at fault, and is answered like any other row.
"""

from __future__ import annotations

import json
from typing import Any

import orjson

from gateway.intake.interfaces import RowInput
from gateway.intake.texts import fault
from ledger.records.validate import FieldError

MAX_LINE = 256 * 1024
"""Bytes of one NDJSON line. The longest lawful penalty holds some 16,000 characters; each may be
escaped with six bytes (96 KiB), and surrogate pairs with twelve."""

_MEMBERS = {"type", "schema", "corrects", "class", "fields"}
_CLASSES = ("minor", "general", "severe")
_BOM = b"\xef\xbb\xbf"


class _Refused(Exception):  # noqa: N818 - never leaves this module
    def __init__(self, error: FieldError) -> None:
        self.error = error


def parse_record(data: bytes, row: int | None) -> RowInput:
    """One record. row: its line, None for a single record."""
    try:
        return _record(_load(data), row)
    except _Refused as refusal:
        return RowInput(row=row, type="", fields={}, fault=refusal.error)


def parse_lines(lines: list[bytes | None], first: int) -> list[RowInput]:
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
        raise _Refused(fault(_why_unreadable(data))) from error
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


def _refuse_duplicates(data: bytes) -> None:
    try:
        json.loads(data, object_pairs_hook=_pairs, parse_int=str, parse_float=str)
    except RecursionError as error:
        raise _Refused(fault("json-malformed")) from error


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
    class_ = value.get("class")
    if "class" in value and class_ not in _CLASSES:
        raise _Refused(fault("json-class"))
    for name in ("schema", "corrects"):
        if name in value and type(value[name]) is not str:
            raise _Refused(fault("json-members"))
    wrong = {code for code, item in sent.items() if not _is_text(item)}
    return RowInput(
        row=row,
        type=kind,
        schema=value.get("schema"),
        class_=class_,
        corrects=value.get("corrects"),
        fields={k: v for k, v in sent.items() if k not in wrong} if wrong else sent,
        cell_errors=dict.fromkeys(wrong, "schema-invalid") if wrong else {},
    )


def _is_text(value: Any) -> bool:
    """Text, or a list of texts."""
    kind = type(value)
    return kind is str or (kind is list and all(type(item) is str for item in value))
