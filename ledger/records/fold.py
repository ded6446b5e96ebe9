"""The matching form of a text, and the keys of records made of it.

Brackets, width and white space are folded so that `样罚〔2024〕1号`, `样罚（2024）1号` and
`样罚 [2024] 1号` match. Only keys and look-ups use it: what is stored and committed is the text
as sent (design 3.1).

A record key says which record this is: family, authority, document number and subject. Intake
keeps an HMAC of it, also after erasure, so its bytes may never change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import orjson

from ledger.records.uscc import FILLER

if TYPE_CHECKING:
    from ledger.records.schema import Schema

# Brackets in use round the year of a document number or inside a name; book title marks (《》)
# and quotation marks are content and stay.
_BRACKETS = {"(": "（﹙〔〖【﹝［[⟨〈{｛", ")": "）﹚〕〗】﹞］]⟩〉}｝"}
# Full-width forms U+FF01 … U+FF5E of the ASCII characters 0x21 … 0x7E.
_WIDTH = {code + 0xFEE0: code for code in range(0x21, 0x7F)}
# Characters without a width that editors and web pages leave behind.
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff"

_TABLE: dict[int, int | str | None] = {
    **_WIDTH,
    **{ord(form): plain for plain, forms in _BRACKETS.items() for form in forms},
    **{ord(char): None for char in _INVISIBLE},
    **{code: None for code in range(0x10000) if chr(code).isspace()},
}


def fold(text: str) -> str:
    """`text` without white space, with ASCII for full-width forms and round brackets for all."""
    return text.translate(_TABLE)


class Keys(NamedTuple):
    """Canonical JSON of what identifies a good record. document: without the subject, since one
    decision may concern several, a record each. authority: who decided."""

    record: bytes
    document: bytes
    authority: bytes


def record_key(schema: Schema, fields: Mapping[str, str | list[str]]) -> bytes:
    """The key of a good record: document and subject."""
    return keys(schema, fields).record


def keys(schema: Schema, fields: Mapping[str, str | list[str]]) -> Keys:
    """All keys of a good record."""
    # The names here are ASCII and in order, so the plain writer gives the canonical bytes, and
    # `subject`, the last of them, goes behind the others.
    parts = _document(schema, fields)
    document = orjson.dumps(parts)
    subject = orjson.dumps(_subject(schema, fields))
    record = b"".join((document[:-1], b',"subject":', subject, b"}"))
    return Keys(record, document, orjson.dumps(parts["authority"]))


def _document(schema: Schema, fields: Mapping[str, str | list[str]]) -> dict[str, object]:
    """The authority counts by its code; the 2015 template has only its name."""
    code, name = schema.authority.code, schema.authority.name
    return {
        "authority": {"code": fields[code]} if code else {"name": _folded(fields, name)},
        "document": _folded(fields, schema.document),
        "family": schema.family,
    }


def _subject(schema: Schema, fields: Mapping[str, str | list[str]]) -> dict[str, object]:
    """The USCC; the filler is nobody's, so registration number and name stand for it."""
    subject = schema.subject
    if fields[subject.code] != FILLER:
        return {"code": fields[subject.code]}
    return {
        "name": _folded(fields, subject.name),
        "registration": _folded(fields, subject.registration),
    }


def _folded(fields: Mapping[str, str | list[str]], code: str) -> str:
    value = fields[code]
    return fold(value if isinstance(value, str) else ";".join(value))
