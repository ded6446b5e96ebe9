"""What is asked, read within its bounds. All raise InputError, which names the member."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any, Final, cast, get_args

import orjson

from gateway.queries.interfaces import MAX_MATTER, MAX_SOUGHT, Asked, Decided, Sought, Wanted
from ledger.core.authorisation import MAX_TYPES, PURPOSES, SUBJECT
from ledger.core.bundle import Overall
from ledger.core.canonical import MAX_INTEGER, parse_day, unhex32
from ledger.core.errors import InputError, Malformed
from ledger.core.query import DECISIONS
from ledger.records import uscc
from ledger.records.schema import all_schemas

MAX_BODY: Final = 1 << 16
"""Bytes of what somebody at this node sends."""
_CODE_LENGTH: Final = 40
"""Characters of a code with the spaces that people type."""


def read_subject(body: bytes) -> Asked:
    """`{code, types, purpose, authorisation?}` of another member."""
    value = _object(body, {"code", "types", "purpose"}, {"authorisation"})
    code = value["code"]
    if not isinstance(code, str) or not SUBJECT.fullmatch(code):
        raise _wrong("code", "须为 18 位大写代码", "must be 18 digits and capital letters")
    authorisation = value.get("authorisation")
    if "authorisation" in value and not isinstance(authorisation, dict):
        raise _wrong("authorisation", "必须是开启件的对象", "must be the object of an opening")
    return Asked(
        code=code,
        purpose=_purpose(value),
        types=_types(value["types"]),
        authorisation=authorisation,
    )


def read_use(body: bytes) -> Wanted:
    """`{code, purpose, types?, authorisation?, decision?, matter?}` of somebody at this node."""
    optional = {"types", "authorisation", "decision", "matter"}
    value = _object(body, {"code", "purpose"}, optional)
    code, authorisation = read_named(value)
    purpose, types, matter = read_terms(value)
    return Wanted(
        code=code,
        purpose=purpose,
        types=types,
        authorisation=authorisation,
        decision=decision(value.get("decision", "none")),
        matter=matter,
    )


def read_named(value: Mapping[str, Any]) -> tuple[str, bytes | None]:
    """Whom a question is about, and under which authorisation: `{code, authorisation?}`."""
    code = _code(value["code"])
    return code, _digest(value, "authorisation") if value.get("authorisation") else None


def read_terms(value: Mapping[str, Any]) -> tuple[str, tuple[str, ...], str]:
    """What is asked of whomever: purpose, families (none: all that may be asked), matter."""
    types = _types(value["types"]) if "types" in value else ()
    return _purpose(value), types, _matter(value.get("matter", ""))


def read_sought(body: bytes) -> Sought:
    """`{code?, matter?, purpose?, overall?, first?, last?, before?, limit?}` of somebody at this
    node."""
    members = {"code", "matter", "purpose", "overall", "first", "last", "before", "limit"}
    value = _object(body, set(), members)
    return Sought(
        code=_code(value["code"]) if "code" in value else None,
        matter=_matter(value["matter"]) if "matter" in value else None,
        purpose=_purpose(value) if "purpose" in value else None,
        overall=_overall(value["overall"]) if "overall" in value else None,
        first=_day(value, "first"),
        last=_day(value, "last"),
        before=_number(value, "before", MAX_INTEGER),
        limit=_number(value, "limit", MAX_SOUGHT) or MAX_SOUGHT,
    )


def decision(value: Any) -> Decided:
    """What came of a question."""
    if not isinstance(value, str) or value not in DECISIONS:
        raise _wrong(
            "decision", "须为 approved、declined 或 none", "must be approved, declined or none"
        )
    return cast(Decided, value)


def families() -> Collection[str]:
    """The families of the record types that this program knows."""
    return {schema.family for schema in all_schemas()}


def _code(value: Any) -> str:
    if isinstance(value, str) and len(value) <= _CODE_LENGTH:
        code = uscc.normalise(value)
        if SUBJECT.fullmatch(code):
            return code
    raise _wrong(
        "code",
        "须为 18 位统一社会信用代码",
        "must be a unified social credit code of 18 characters",
    )


def _purpose(value: Mapping[str, Any]) -> str:
    found = value["purpose"]
    if not isinstance(found, str) or found not in PURPOSES:
        zh, en = _listed(PURPOSES)
        raise _wrong("purpose", f"须为以下之一：{zh}", f"must be one of {en}")
    return found


def _types(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_TYPES:
        raise _wrong("types", f"1 到 {MAX_TYPES} 个类别", f"1 to {MAX_TYPES} families")
    known = families()
    for each in value:
        if not isinstance(each, str) or each not in known:
            zh, en = _listed(known)
            raise _wrong("types", f"没有此类别；可用：{zh}", f"no such family; there are {en}")
    return tuple(sorted(set(value)))


def _listed(names: Collection[str]) -> tuple[str, str]:
    """Names as a Chinese and as an English text has them."""
    return "、".join(sorted(names)), ", ".join(sorted(names))


def _matter(value: Any) -> str:
    if not isinstance(value, str) or len(value) > MAX_MATTER:
        raise _wrong(
            "matter", f"不超过 {MAX_MATTER} 个字符", f"a text of at most {MAX_MATTER} characters"
        )
    return value


def _overall(value: Any) -> str:
    if value not in get_args(Overall):
        raise _wrong("overall", "须为 clear、adverse 或 open", "must be clear, adverse or open")
    return str(value)


def _day(value: Mapping[str, Any], name: str) -> date | None:
    if name not in value:
        return None
    try:
        return parse_day(value[name] if isinstance(value[name], str) else "")
    except Malformed as error:
        raise _wrong(name, "须为 YYYY-MM-DD", "must be YYYY-MM-DD") from error


def _number(value: Mapping[str, Any], name: str, most: int) -> int | None:
    found = value.get(name)
    if found is not None and not (type(found) is int and 1 <= found <= most):
        raise _wrong(name, f"须为 1 至 {most} 的整数", f"must be an integer from 1 to {most}")
    return found


def _digest(value: Mapping[str, Any], name: str) -> bytes:
    text = value[name]
    try:
        return unhex32(text if isinstance(text, str) else "")
    except Malformed as error:
        raise _wrong(
            name, "必须是 64 位小写十六进制", "must be 64 lower-case hex digits"
        ) from error


def _object(body: bytes, required: set[str], optional: set[str]) -> dict[str, Any]:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _wrong(None, "正文不是 JSON", "the body is not JSON") from error
    if not isinstance(value, dict) or not required <= value.keys() <= required | optional:
        names = ", ".join(sorted(required)) + "".join(f", {name}?" for name in sorted(optional))
        raise _wrong(None, f"正文须为 {{{names}}}", f"the body must be {{{names}}}")
    return value


def _wrong(field: str | None, zh: str, en: str) -> InputError:
    return InputError(field, "body-form", {"zh": zh, "en": en})
