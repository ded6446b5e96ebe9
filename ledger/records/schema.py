"""Record schemas: canonical JSON files in `schemas/`, one per type and version.

The SHA-256 of a file is the schema hash that payloads and the catalogue name, so a published file
never changes; a change is a new file with the next version. `tests/records` pins the hashes. To
make one, edit freely and store `ledger.core.canonical.encode(json.load(file))`.

A file holds:

_type       credit-ledger/schema@1
name        the type, ASCII, at most 32 bytes: it is the item id of the catalogue
version     from 1
family      types that describe the same thing share one; record keys are unique within it
title, category          {zh, en}; the category of the national catalogue of 2024
adverse     whether periods of publicity apply and a class may be given
naturalPerson            true: a category about natural persons, every record is refused
period      month or year: how exactly a public entry names the day of `decided`
decided     the date field: the day the fact was established
until       {rule: publicity, field?} | {rule: validity, field, open} | {rule: open} (design 4)
document    the field of the document number
authority   {name, code?}: fields that name the determining authority
subject     {name, code, registration, kind?, person?}: fields that say who it is about
fields      in the order of the standard's table; those not marked `disclosable: false` are the
            slots of a commitment, in this order
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal, NewType

from ledger.core import canonical
from ledger.core.errors import Malformed
from ledger.records.fold import fold

SchemaHash = NewType("SchemaHash", str)
"""64 lower-case hex: SHA-256 of the schema file."""

Kind = Literal["text", "list", "choice", "date", "money", "uscc"]
Rule = Literal["publicity", "validity", "open"]

_TYPE = "credit-ledger/schema@1"


@dataclass(frozen=True, slots=True)
class RequiredIf:
    """The field is required where `field` has one of `any_` among its values."""

    field: str
    any_: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One column of the standard's table.

    max: characters, of a list those of its values joined by one separator; None for dates, money
    and USCCs. vocabulary: the only values, matched folded; empty: anything. other: `其他-…` is
    one more. not_before: a date field that this date may not precede. unusual: (below, above) in
    万元, amounts outside earn a note. aliases: other headers of the column in use.
    """

    code: str
    zh: str
    en: str
    kind: Kind
    required: bool = False
    required_if: RequiredIf | None = None
    max: int | None = None
    vocabulary: tuple[str, ...] = ()
    other: bool = False
    not_before: str | None = None
    unusual: tuple[str, str] | None = None
    disclosable: bool = True
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Until:
    """How the end of use follows from a record; `open_day` is the date that means no end."""

    rule: Rule
    field: str | None = None
    open_day: str | None = None


@dataclass(frozen=True, slots=True)
class Authority:
    """Fields that name the determining authority; the 2015 template has no code."""

    name: str
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """Fields that identify the subject. kind: its type (entity, person, individual business).
    person: an identity number whose presence without a USCC means a natural person."""

    name: str
    code: str
    registration: str
    kind: str | None = None
    person: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Schema:
    """One schema file. id: `penalty@1`. slots: codes of the disclosable fields, in order.
    by_code, columns: fields by code, and by folded header (code, Chinese name or alias).
    There is one object per file, so equality is identity."""

    name: str
    version: int
    family: str
    title: Mapping[str, str]
    category: Mapping[str, str]
    adverse: bool
    natural_person: bool
    period: Literal["month", "year"]
    decided: str
    until: Until
    document: str
    authority: Authority
    subject: Subject
    fields: tuple[Field, ...]
    sha256: SchemaHash
    by_code: Mapping[str, Field]
    columns: Mapping[str, Field]
    slots: tuple[str, ...]

    @property
    def id(self) -> str:
        return f"{self.name}@{self.version}"

    def column(self, header: str) -> Field | None:
        """The field that a column header names, None for an unknown one."""
        return self.columns.get(fold(header))


def load(name: str, version: int = 1) -> Schema:
    """The schema of a type; KeyError if there is none."""
    return _by_id()[f"{name}@{version}"]


def find(name: str, version: int = 1) -> Schema | None:
    """The schema of a type named by an outsider; None if there is none."""
    return _by_id().get(f"{name}@{version}")


def by_hash(sha256: str) -> Schema | None:
    """The schema whose file has this SHA-256 (hex); None if we do not hold it."""
    return _by_hash().get(SchemaHash(sha256))


def all_schemas() -> Sequence[Schema]:
    """Every schema we hold, sorted by id."""
    return tuple(_by_id().values())


def parse(data: bytes) -> Schema:
    """The schema in the bytes of a schema file; Malformed if it is not one."""
    tree = canonical.parse(data)
    try:
        return _schema(tree, SchemaHash(hashlib.sha256(data).hexdigest()))
    except (KeyError, TypeError) as error:
        raise Malformed("schema", f"wrong or missing member {error}") from error


@cache
def _by_id() -> Mapping[str, Schema]:
    files = resources.files(__package__).joinpath("schemas").iterdir()
    schemas = [parse(file.read_bytes()) for file in files if file.name.endswith(".json")]
    return {schema.id: schema for schema in sorted(schemas, key=lambda schema: schema.id)}


@cache
def _by_hash() -> Mapping[SchemaHash, Schema]:
    return {schema.sha256: schema for schema in _by_id().values()}


def _schema(tree: dict[str, Any], sha256: SchemaHash) -> Schema:
    if tree.pop("_type") != _TYPE:
        raise Malformed("schema", f"not {_TYPE}")
    fields = tuple(_field(**field) for field in tree.pop("fields"))
    by_code = {field.code: field for field in fields}
    schema = Schema(
        **{"natural_person": tree.pop("naturalPerson", False), **tree}
        | {
            "authority": Authority(**tree["authority"]),
            "subject": Subject(**tree["subject"]),
            "until": _until(**tree["until"]),
        },
        fields=fields,
        sha256=sha256,
        by_code=by_code,
        columns=_columns(fields),
        slots=tuple(field.code for field in fields if field.disclosable),
    )
    unknown = sorted(_named(schema) - set(by_code))
    if unknown or len(by_code) != len(fields):
        raise Malformed("schema", f"{schema.id}: fields twice, or named but not there: {unknown}")
    return schema


def _field(
    *,
    aliases: Iterable[str] = (),
    notBefore: str | None = None,  # noqa: N803 - member of the JSON file
    requiredIf: dict[str, Any] | None = None,  # noqa: N803
    unusual: dict[str, str] | None = None,
    vocabulary: Iterable[str] = (),
    **plain: Any,
) -> Field:
    return Field(
        **plain,
        aliases=tuple(aliases),
        not_before=notBefore,
        required_if=RequiredIf(requiredIf["field"], tuple(requiredIf["any"]))
        if requiredIf
        else None,
        unusual=(unusual["below"], unusual["above"]) if unusual else None,
        vocabulary=tuple(vocabulary),
    )


def _until(*, rule: Rule, field: str | None = None, open: str | None = None) -> Until:
    return Until(rule, field, open)


def _columns(fields: Sequence[Field]) -> Mapping[str, Field]:
    columns: dict[str, Field] = {}
    for field in fields:
        for header in {fold(header) for header in (field.code, field.zh, *field.aliases)}:
            if header in columns:
                raise Malformed("schema", f"two columns are called {header}")
            columns[header] = field
    return columns


def _named(schema: Schema) -> set[str]:
    """Codes that the schema refers to."""
    subject, authority = schema.subject, schema.authority
    named = {schema.decided, schema.document, schema.until.field, authority.name, authority.code}
    named |= {subject.name, subject.code, subject.registration, subject.kind, subject.person}
    named |= {field.not_before for field in schema.fields}
    named |= {field.required_if.field for field in schema.fields if field.required_if}
    return {code for code in named if code is not None}
