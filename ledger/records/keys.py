"""The keys of records: which record this is, by family, authority, document number and subject.

Some real records have no number (domain 11). Then the fields that the schema calls `apart` stand
for it: a record sent again with a change elsewhere is still the same one, and one that differs in
them is another. The price: what was sent without a number and comes again with one is another
record, and so is what comes with and without the code of its authority.

Intake keeps an HMAC of a record key, also after erasure, so its bytes may never change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

import orjson

from ledger.records.fold import fold
from ledger.records.schema import Schema
from ledger.records.uscc import FILLER

__all__ = [
    "Keys",
    "SubjectKeys",
    "authority_key",
    "keys",
    "record_key",
    "same_subject",
    "subject_keys",
]


_INDIVIDUAL = "92"
_DIVISION = slice(2, 8)
"""Of a USCC: the division in which its holder was registered (GB/T 2260)."""


class SubjectKeys(NamedTuple):
    """Canonical JSON of a subject's code, and of its name by which one with two codes is found."""

    code: bytes
    name: bytes


class Keys(NamedTuple):
    """Canonical JSON of what identifies a good record. document: without the subject, since one
    decision may concern several, a record each; where there is no number it is the record's, for
    nothing says that two such records are of one decision. authority: who decided. subject: None
    where it has no code, or its name is not given."""

    record: bytes
    document: bytes
    authority: bytes
    subject: SubjectKeys | None


def record_key(schema: Schema, fields: Mapping[str, str | list[str]]) -> bytes:
    """The key of a good record: document and subject."""
    return keys(schema, fields).record


def authority_key(*, code: str | None = None, name: str | None = None) -> bytes:
    """The key of an authority by its code, or by its name where a template has no code."""
    return orjson.dumps({"code": code} if code else {"name": fold(name or "")})


def keys(schema: Schema, fields: Mapping[str, str | list[str]]) -> Keys:
    """All keys of a good record."""
    # The names here are ASCII and in order, so the plain writer gives the canonical bytes, and
    # `subject`, the last of them, goes behind the others.
    parts = _document(schema, fields)
    document = orjson.dumps(parts)
    subject = orjson.dumps(_subject(schema, fields))
    record = b"".join((document[:-1], b',"subject":', subject, b"}"))
    code, name, about = fields[schema.subject.code], schema.subject.name, None
    if isinstance(code, str) and code != FILLER and name in fields:
        about = subject_keys(code, _folded(fields, name))
    numbered = schema.document in fields
    by = orjson.dumps(parts["authority"])
    return Keys(record, document if numbered else record, by, about)


def same_subject(
    one: tuple[Schema, Mapping[str, str | list[str]]],
    other: tuple[Schema, Mapping[str, str | list[str]]],
    lawful: Iterable[Collection[str]] = (),
) -> bool:
    """Whether two good records are about one subject: by its code, or by name and registration
    where it has none. lawful: codes that are one subject's each."""
    mine, theirs = _subject(*one), _subject(*other)
    if mine == theirs:
        return True
    codes = {mine.get("code"), theirs.get("code")}
    return any(codes <= set(group) for group in lawful)


def subject_keys(code: str, name: str) -> SubjectKeys:
    """The keys of a subject. Firms have their names for themselves; individual businesses only
    where they are registered, so their division goes into the key of the name."""
    named = {"name": fold(name)}
    if code.startswith(_INDIVIDUAL):
        named = {"division": code[_DIVISION]} | named
    return SubjectKeys(orjson.dumps({"code": code}), orjson.dumps(named))


def _document(schema: Schema, fields: Mapping[str, str | list[str]]) -> dict[str, object]:
    """The authority counts by its code; the 2015 template has only its name, and so have records
    of courts and lists."""
    name, code = schema.authority.name, fields.get(schema.authority.code or "")
    numbered = schema.document in fields
    return {
        "authority": {"code": code} if code else {"name": _folded(fields, name)},
        "document": _folded(fields, schema.document) if numbered else _apart(schema, fields),
        "family": schema.family,
    }


def _apart(schema: Schema, fields: Mapping[str, str | list[str]]) -> dict[str, str]:
    """What stands for a number, in the order of the codes."""
    return {code: _folded(fields, code) for code in sorted(schema.apart) if code in fields}


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
