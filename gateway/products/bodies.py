"""What is asked, read within its bounds. All raise InputError, which names the member."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from gateway.products.interfaces import KINDS, MAX_TITLE, NewProduct, NewVersion
from ledger.core.canonical import unhex32
from ledger.core.errors import InputError, Malformed
from ledger.core.ids import CODE, Digest, ProductId
from ledger.core.manifest import MAX_INPUTS

MAX_SMALL: Final = 1 << 16
"""Bytes of a body that lists no records."""
_DIGITS: Final = 64


def read_product(body: bytes) -> NewProduct:
    """`{kind, method, product?, title?}`."""
    value = read_object(body, {"kind", "method"}, {"product", "title"})
    kind, title = value["kind"], value.get("title", "")
    if not isinstance(kind, str) or kind not in KINDS:
        names = "、".join(KINDS)
        raise wrong("kind", f"须为以下之一：{names}", f"must be one of {', '.join(KINDS)}")
    if not isinstance(title, str) or len(title) > MAX_TITLE:
        raise wrong(
            "title", f"不超过 {MAX_TITLE} 个字符", f"a text of at most {MAX_TITLE} characters"
        )
    return NewProduct(
        kind=KINDS[kind],
        method=_digest(value, "method"),
        product_id=ProductId(_digest(value, "product")) if "product" in value else None,
        title=title,
    )


def read_version(body: bytes) -> NewVersion:
    """`{content, records, method?}`."""
    value = read_object(body, {"content", "records"}, {"method"})
    return NewVersion(
        content=_digest(value, "content"),
        method=_digest(value, "method") if "method" in value else None,
        record_ids=_records(value["records"]),
    )


def read_user(body: bytes) -> str:
    """`{member}`: whom a version is handed to."""
    member = read_object(body, {"member"}, set())["member"]
    if not isinstance(member, str) or not CODE.fullmatch(member):
        raise wrong("member", "须为成员代码", "must be the code of a member")
    return member


def read_object(body: bytes, required: set[str], optional: set[str]) -> dict[str, Any]:
    """A JSON object with these members."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise wrong(None, "正文不是 JSON", "the body is not JSON") from error
    if not isinstance(value, dict) or not required <= value.keys() <= required | optional:
        names = ", ".join(sorted(required)) + "".join(f", {name}?" for name in sorted(optional))
        raise wrong(None, f"正文须为 {{{names}}}", f"the body must be {{{names}}}")
    return value


def wrong(field: str | None, zh: str, en: str) -> InputError:
    """What is wrong with a member of the body; None: with all of it."""
    return InputError(field, "body-form", {"zh": zh, "en": en})


def _records(value: Any) -> list[bytes]:
    """Record ids or leaves, each once."""
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_INPUTS:
        raise wrong(
            "records", f"须为 1 至 {MAX_INPUTS} 个记录", f"must be 1 … {MAX_INPUTS} records"
        )
    found: dict[bytes, int] = {}
    for at, text in enumerate(value):
        try:
            record = unhex32(text if isinstance(text, str) else "")
        except Malformed as error:
            place = f"records[{at}]"
            raise wrong(
                place, "须为 64 位小写十六进制", "must be 64 lower-case hex digits"
            ) from error
        if record in found:
            raise wrong(
                f"records[{at}]",
                f"与第 {found[record]} 项相同，每条记录只列一次",
                f"is that at {found[record]} again; a record is listed once",
            )
        found[record] = at
    return list(found)


def _digest(value: Mapping[str, Any], name: str) -> Digest:
    text = value[name]
    try:
        return Digest(unhex32(text if isinstance(text, str) else ""))
    except Malformed as error:
        raise wrong(name, "须为 64 位小写十六进制", "must be 64 lower-case hex digits") from error
