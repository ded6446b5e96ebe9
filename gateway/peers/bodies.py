"""Bodies of requests, read within their bounds. All raise InputError, which names the member."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import orjson

from ledger.core.canonical import MAX_INTEGER, unhex32
from ledger.core.draw import MAX_COUNT
from ledger.core.errors import InputError, Malformed
from ledger.core.read import day, within

MAX_FIELDS: Final = 10
"""Fields of one check."""
MAX_VALUE: Final = 1000
"""Characters of a value that is checked; no field that may be is longer."""
MAX_RANGE: Final = 1024
"""Leaves of one question for openings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawAsked:
    """A draw: of the first block of a day, so many records of each log."""

    day: date
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordAsked:
    """authorisation: the object of the opening that the asker names; None: it names none. drawn: by
    which draw an auditor asks; None: by none."""

    record_id: bytes
    authorisation: Mapping[str, Any] | None
    drawn: DrawAsked | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckAsked:
    """fields: values by code, 1 … MAX_FIELDS of them. authorisation: as of a record."""

    record_id: bytes
    fields: Mapping[str, str]
    authorisation: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningsAsked:
    """The leaves start … end - 1 of a log."""

    log: bytes
    start: int
    end: int


def read_record(body: bytes) -> RecordAsked:
    """`{recordId, authorisation?}`, or `{recordId, drawn: {count, day}}`."""
    value = _object(body, {"recordId"}, {"authorisation", "drawn"})
    if {"authorisation", "drawn"} <= value.keys():
        raise _wrong("drawn", "不能与 authorisation 并用", "cannot stand beside an authorisation")
    return RecordAsked(
        record_id=_digest(value, "recordId"),
        authorisation=read_authorisation(value),
        drawn=_draw(value["drawn"]) if "drawn" in value else None,
    )


def _draw(value: Any) -> DrawAsked:
    try:
        if not isinstance(value, dict) or value.keys() != {"count", "day"}:
            raise Malformed("drawn", "is not {count, day}")
        count = within(value, "count", 1, MAX_COUNT)
        return DrawAsked(day=date.fromisoformat(day(value, "day")), count=count)
    except Malformed as error:
        raise _wrong(
            "drawn",
            f"须为 {{count, day}}，count 为 1 到 {MAX_COUNT}",
            f"must be {{count, day}}, a count of 1 to {MAX_COUNT}",
        ) from error


def read_check(body: bytes) -> CheckAsked:
    """`{recordId, fields, authorisation?}`."""
    value = _object(body, {"recordId", "fields"}, {"authorisation"})
    fields = value["fields"]
    if not isinstance(fields, dict) or not 1 <= len(fields) <= MAX_FIELDS:
        raise _wrong("fields", f"1 到 {MAX_FIELDS} 个字段", f"1 to {MAX_FIELDS} fields")
    for text in fields.values():
        if not isinstance(text, str) or not 1 <= len(text) <= MAX_VALUE:
            raise _wrong(
                "fields", "值必须是文本", f"values are texts of 1 to {MAX_VALUE} characters"
            )
    return CheckAsked(
        record_id=_digest(value, "recordId"),
        fields=fields,
        authorisation=read_authorisation(value),
    )


def read_openings(body: bytes) -> OpeningsAsked:
    """`{log, from, to}`."""
    value = _object(body, {"log", "from", "to"}, set())
    start, end = value["from"], value["to"]
    for name, number in (("from", start), ("to", end)):
        if type(number) is not int or not 0 <= number <= MAX_INTEGER:
            raise _wrong(name, "必须是非负整数", "must be an integer that is not negative")
    if not start < end <= start + MAX_RANGE:
        raise _wrong("to", f"范围为 1 到 {MAX_RANGE} 个", f"a range of 1 to {MAX_RANGE} leaves")
    return OpeningsAsked(log=_digest(value, "log"), start=start, end=end)


def _object(body: bytes, required: set[str], optional: set[str]) -> dict[str, Any]:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _wrong(None, "正文不是 JSON", "the body is not JSON") from error
    if not isinstance(value, dict) or not required <= value.keys() <= required | optional:
        names = ", ".join(sorted(required)) + "".join(f", {name}?" for name in sorted(optional))
        raise _wrong(None, f"正文须为 {{{names}}}", f"the body must be {{{names}}}")
    return value


def _digest(value: Mapping[str, Any], name: str) -> bytes:
    text = value[name]
    try:
        return unhex32(text if isinstance(text, str) else "")
    except Malformed as error:
        raise _wrong(
            name, "必须是 64 位小写十六进制", "must be 64 lower-case hex digits"
        ) from error


def read_authorisation(value: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The object of an opening, where there is one. What it says is read by who knows
    authorisations."""
    found: Mapping[str, Any] | None = value.get("authorisation")
    if "authorisation" in value and not isinstance(found, dict):
        raise _wrong("authorisation", "必须是开启件的对象", "must be the object of an opening")
    return found


def _wrong(field: str | None, zh: str, en: str) -> InputError:
    return InputError(field, "body-form", {"zh": zh, "en": en})
