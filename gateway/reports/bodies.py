"""What is asked, read within its bounds. All raise InputError, which names the member."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import orjson

from gateway.reports.interfaces import Scope, Wanted
from ledger.core.canonical import parse_day, unhex32
from ledger.core.errors import InputError, Malformed
from ledger.core.report_content import FIELD, MAX_FIELDS, MAX_RECORDS
from ledger.records import uscc

MAX_BODY: Final = 1 << 14
"""Bytes: a scope of 128 fields and 1,000 lines takes some 8,000."""
_CODE_LENGTH: Final = 18
_MAX_TEXT: Final = 100


def read_report(body: bytes) -> Wanted:
    """`{code, from, to, fields?}`."""
    value = _object(body, {"code", "from", "to"}, {"fields"})
    code = _text(value, "code")
    code = uscc.normalise(code)
    if len(code) != _CODE_LENGTH or code == uscc.FILLER or not (code.isascii() and code.isalnum()):
        raise _wrong("code", "须为统一社会信用代码", "must be a USCC")
    fields = frozenset(_fields(value)) if "fields" in value else None
    return Wanted(code=code, start=_day(value, "from"), end=_day(value, "to"), fields=fields)


def read_try(body: bytes) -> tuple[str, str]:
    """`{number, code}`: the two texts, whatever they are."""
    value = _object(body, {"number", "code"}, set())
    return _text(value, "number"), _text(value, "code")


def read_own(body: bytes) -> tuple[str, str, bytes | None]:
    """`{number, code, authorisation?}`: the two texts, whatever they are, and a commitment."""
    value = _object(body, {"number", "code"}, {"authorisation"})
    commitment = None
    if "authorisation" in value:
        try:
            commitment = unhex32(_text(value, "authorisation"))
        except Malformed as error:
            text = "须为 64 位小写十六进制的授权编号", "must be the number of an authorisation"
            raise _wrong("authorisation", *text) from error
    return _text(value, "number"), _text(value, "code"), commitment


def read_proof(body: bytes) -> tuple[str, str]:
    """`{number, proof}`: the two texts, whatever they are."""
    value = _object(body, {"number", "proof"}, set())
    return _text(value, "number"), _text(value, "proof")


def read_share(body: bytes) -> tuple[Scope, date]:
    """`{fields, lines, until}`."""
    value = _object(body, {"fields", "lines", "until"}, set())
    lines = value["lines"]
    if not isinstance(lines, list) or len(lines) > MAX_RECORDS:
        raise _wrong("lines", "须为行号列表", "must be a list of numbers of lines")
    if not all(type(one) is int and 1 <= one <= MAX_RECORDS for one in lines):
        raise _wrong("lines", "须为行号列表", "must be a list of numbers of lines")
    scope = Scope(fields=tuple(sorted(set(_fields(value)))), lines=tuple(sorted(set(lines))))
    return scope, _day(value, "until")


def _object(body: bytes, required: set[str], optional: set[str]) -> Mapping[str, Any]:
    names = ", ".join(sorted(required)) + "".join(f", {name}?" for name in sorted(optional))
    try:
        value = orjson.loads(body if len(body) <= MAX_BODY else b"")
    except orjson.JSONDecodeError as error:
        raise _wrong(None, f"正文须为 {{{names}}}", f"the body must be {{{names}}}") from error
    if not isinstance(value, dict) or not required <= value.keys() <= required | optional:
        raise _wrong(None, f"正文须为 {{{names}}}", f"the body must be {{{names}}}")
    return value


def _text(value: Mapping[str, Any], name: str) -> str:
    found = value[name]
    if not isinstance(found, str) or len(found) > _MAX_TEXT:
        raise _wrong(name, "须为文本", "must be a short text")
    return found


def _fields(value: Mapping[str, Any]) -> list[str]:
    found = value["fields"]
    if not isinstance(found, list) or len(found) > MAX_FIELDS:
        raise _wrong("fields", "须为领域列表", "must be a list of fields")
    if not all(isinstance(one, str) and FIELD.fullmatch(one) for one in found):
        raise _wrong("fields", "须为领域列表", "must be a list of fields")
    return found


def _day(value: Mapping[str, Any], name: str) -> date:
    try:
        return parse_day(_text(value, name))
    except Malformed as error:
        raise _wrong(name, "须为 YYYY-MM-DD", "must be YYYY-MM-DD") from error


def _wrong(field: str | None, zh: str, en: str) -> InputError:
    return InputError(field, "body-form", {"zh": zh, "en": en})
