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
    "About",
    "Keys",
    "SubjectKeys",
    "about",
    "authority_key",
    "by_whom",
    "keys",
    "numbered",
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


class About(NamedTuple):
    """Who a record is about. subject: canonical JSON; keys: as in `Keys.subject`."""

    subject: bytes
    keys: SubjectKeys | None


def keys(schema: Schema, fields: Mapping[str, str | list[str]]) -> Keys:
    """All keys of a good record."""
    by, subject = by_whom(schema, fields), about(schema, fields)
    number = fields.get(schema.document)
    if number is not None:
        document, record = numbered(schema, _fold(number), by, subject)
    else:
        document = record = _record(_document(schema, _apart(schema, fields), by), subject)
    return Keys(record, document, by, subject.keys)


def by_whom(schema: Schema, fields: Mapping[str, str | list[str]]) -> bytes:
    """The key of the authority. It counts by its code; the 2015 template has only its name, and so
    have records of courts and lists."""
    code = fields.get(schema.authority.code or "")
    return orjson.dumps(
        {"code": code} if code else {"name": _folded(fields, schema.authority.name)}
    )


def about(schema: Schema, fields: Mapping[str, str | list[str]]) -> About:
    """The subject, from its fields alone."""
    code, name, known = fields[schema.subject.code], schema.subject.name, None
    if isinstance(code, str) and code != FILLER and name in fields:
        known = subject_keys(code, _folded(fields, name))
    return About(_kept(_subject(schema, fields)), known)


def numbered(schema: Schema, number: str, by: bytes, subject: About) -> tuple[bytes, bytes]:
    """The keys of a document with a number, folded, and of the record in it about a subject."""
    document = _document(schema, number, by)
    return document, _record(document, subject)


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
    return SubjectKeys(_kept({"code": code}), _kept(named))


# The names of the members are ASCII and in order, so the plain writer gives the canonical bytes,
# and `subject`, the last of them, goes behind the others.


def _document(schema: Schema, what: str | dict[str, str], by: bytes) -> bytes:
    return b'{"authority":%b,"document":%b,"family":"%b"}' % (
        by,
        orjson.dumps(what),
        schema.family.encode(),
    )


def _record(document: bytes, subject: About) -> bytes:
    return b"".join((document[:-1], b',"subject":', subject.subject, b"}"))


def _kept(members: dict[str, object] | dict[str, str]) -> bytes:
    """JSON that is remembered for as long as a set is made: a copy, since what orjson gives holds
    4 KiB however short it is."""
    return b"%b" % orjson.dumps(members)


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
    return _fold(fields[code])


def _fold(value: str | list[str]) -> str:
    return fold(value if isinstance(value, str) else ";".join(value))
