"""Record schemas: canonical JSON files in `schemas/`, one per type and version.

The SHA-256 of a file is the schema hash that payloads and the catalogue name, so a published file
never changes; a change is a new file with the next version. `tests/records` pins the hashes. The
files are made by `scripts/schemas.py` of readable sources in `scripts/types/`.

A file holds:

_type       credit-ledger/schema@1
name        the type, ASCII, at most 32 bytes: it is the item id of the catalogue
version     from 1
family      types that describe the same thing share one; record keys are unique within it
title, category          {zh, en}; the category of the national catalogue of 2024
adverse     whether periods of publicity apply and a class may be given: for all records of the type
adverseIf   {field, values}, optional: records that have one of these values are adverse
voidIf      {field, values}, optional: records that have one of these values are not in force
naturalPerson            true: a category about natural persons, every record is refused
period      month or year: how exactly a public entry names the day of `decided`
decided     the date field: the day the fact was established
decidedYear the year field, optional: 1 January of its year stands for a date that is missing
until       {rule: publicity, field?} | {rule: validity, field, open} | {rule: open} (design 4);
            open: the days that stand for no end
visibility  public, authorisation or government: who may see records
visibilityIf             [{fields, values | onlyValues, visibility}], optional: who may see records
            in which one of the values of these fields is one of `values`, or each of `onlyValues`;
            the strictest counts
document    the field of the document number
apart       where the document number may be missing: the fields that tell records without one apart
authority   {name, code?}: fields that name the determining authority
subject     {name, code, registration, kind?, person?}: fields that say who it is about
fields      in the order of the standard's table; those not marked `disclosable: false` are the
            slots of a commitment, in this order
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final, NewType, get_args

from ledger.core import canonical
from ledger.core.commitment import MAX_SLOTS
from ledger.core.errors import Malformed
from ledger.records import schema_reading as reading
from ledger.records.fold import fold
from ledger.records.members import MAX_VERSION, NAME, Members
from ledger.records.schema_parts import (
    VISIBILITIES,
    Authority,
    ByValue,
    Field,
    Granularity,
    Subject,
    Until,
    Visibility,
    VisibilityIf,
)

__all__ = [
    "MAX_FILE",
    "Schema",
    "SchemaHash",
    "add",
    "all_schemas",
    "by_hash",
    "find",
    "known_schemas",
    "load",
    "packaged_files",
    "parse",
]

SchemaHash = NewType("SchemaHash", str)
"""64 lower-case hex: SHA-256 of the schema file."""

MAX_FILE: Final = 1 << 18
"""Bytes: forty times the longest schema we ship."""

_TYPE = "credit-ledger/schema@1"
_PERIODS: tuple[Granularity, ...] = get_args(Granularity)


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
    adverse_if: ByValue | None
    void_if: ByValue | None
    visibility: Visibility
    visibility_if: tuple[VisibilityIf, ...]
    natural_person: bool
    period: Granularity
    decided: str
    decided_year: str | None
    until: Until
    document: str
    apart: tuple[str, ...]
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

    @property
    def may_be_adverse(self) -> bool:
        """Whether any of its records is adverse: then a class may be given."""
        return self.adverse or self.adverse_if is not None

    def is_adverse(self, fields: Mapping[str, str | list[str]]) -> bool | None:
        """Whether a record with these fields is adverse; None: the field that says so is not
        among them."""
        return self.adverse if self.adverse_if is None else self.adverse_if.holds(fields)

    def is_void(self, fields: Mapping[str, str | list[str]]) -> bool | None:
        """Whether a record with these fields says that it is not in force; None: the field that
        says so is not among them."""
        return False if self.void_if is None else self.void_if.holds(fields)

    def column(self, header: str) -> Field | None:
        """The field that a column header names, None for an unknown one."""
        return self.columns.get(fold(header))


def load(name: str, version: int = 1) -> Schema:
    """The schema of a type, ours or added; KeyError if there is none."""
    found = find(name, version)
    if found is None:
        raise KeyError(f"{name}@{version}")
    return found


def find(name: str, version: int = 1) -> Schema | None:
    """The schema of a type named by an outsider, ours or added; None if there is none."""
    id_ = f"{name}@{version}"
    return _by_id().get(id_) or _added.get(id_)


def add(schema: Schema) -> bool:
    """Make a type that we do not package known by its name, for as long as the process runs.
    False: another file has that name and version, and keeps it."""
    known = _by_id().get(schema.id) or _added.setdefault(schema.id, schema)
    return known.sha256 == schema.sha256


def by_hash(sha256: str) -> Schema | None:
    """The schema whose file has this SHA-256 (hex); None if we do not hold it."""
    return _by_hash().get(SchemaHash(sha256))


def all_schemas() -> Sequence[Schema]:
    """Every schema that we package, sorted by id."""
    return tuple(_by_id().values())


def known_schemas() -> Sequence[Schema]:
    """These, and those that were added to this process."""
    return (*all_schemas(), *list(_added.values()))


def packaged_files() -> Sequence[bytes]:
    """The packaged schema files."""
    files = resources.files(__package__).joinpath("schemas").iterdir()
    return [file.read_bytes() for file in files if file.name.endswith(".json")]


_added: dict[str, Schema] = {}
"""Types from an operator's folder, by id."""


@cache
def _by_id() -> Mapping[str, Schema]:
    schemas = map(parse, packaged_files())
    return {schema.id: schema for schema in sorted(schemas, key=lambda schema: schema.id)}


@cache
def _by_hash() -> Mapping[SchemaHash, Schema]:
    return {schema.sha256: schema for schema in _by_id().values()}


def parse(data: bytes) -> Schema:
    """The schema in the bytes of a schema file; Malformed if it is not one."""
    tree = Members("schema", canonical.parse(data, max_bytes=MAX_FILE, max_depth=6))
    if tree.text("_type") != _TYPE:
        raise tree.fault(f"not {_TYPE}")
    fields = tuple(reading.field(Members("schema, field", item)) for item in _items(tree))
    by_code = {field.code: field for field in fields}
    schema = Schema(
        name=tree.text("name", like=NAME),
        version=tree.number("version", 1, MAX_VERSION),
        family=tree.text("family", like=NAME),
        title=tree.pair("title"),
        category=tree.pair("category"),
        adverse=tree.flag("adverse"),
        adverse_if=tree.maybe("adverseIf", lambda name: reading.by_value(tree.object(name))),
        void_if=tree.maybe("voidIf", lambda name: reading.by_value(tree.object(name))),
        visibility=tree.one_of("visibility", VISIBILITIES),
        visibility_if=tree.maybe("visibilityIf", lambda name: reading.visibilities(tree, name))
        or (),
        natural_person=tree.maybe("naturalPerson", tree.flag) or False,
        period=tree.one_of("period", _PERIODS),
        decided=reading.code(tree, "decided"),
        decided_year=tree.maybe("decidedYear", lambda name: reading.code(tree, name)),
        until=reading.until(tree.object("until")),
        document=reading.code(tree, "document"),
        apart=tree.maybe("apart", lambda name: reading.codes(tree, name)) or (),
        authority=reading.authority(tree.object("authority")),
        subject=reading.subject(tree.object("subject")),
        fields=fields,
        sha256=SchemaHash(hashlib.sha256(data).hexdigest()),
        by_code=by_code,
        columns=_columns(fields),
        slots=tuple(field.code for field in fields if field.disclosable),
    )
    tree.done()
    _check(schema)
    return schema


def _items(tree: Members) -> list[object]:
    return tree.items("fields", most=MAX_SLOTS)


def _columns(fields: Sequence[Field]) -> Mapping[str, Field]:
    columns: dict[str, Field] = {}
    for field in fields:
        for header in {fold(header) for header in (field.code, field.zh, *field.aliases)}:
            if header in columns:
                raise Malformed("schema", f"two columns are called {header}")
            columns[header] = field
    return columns


def _check(schema: Schema) -> None:
    """Whether what the members say of each other holds."""
    by_code = schema.by_code
    unknown = sorted(_named(schema) - set(by_code))
    if unknown or len(by_code) != len(schema.fields):
        raise Malformed("schema", f"{schema.id}: fields twice, or named but not there: {unknown}")
    dates = {schema.decided, schema.until.field, *(field.not_before for field in schema.fields)}
    wrong = [code for code in dates if code is not None and by_code[code].kind != "date"]
    year = schema.decided_year
    wrong += [year] if year is not None and by_code[year].kind != "year" else []
    if wrong or by_code[schema.subject.code].kind != "uscc":
        raise Malformed("schema", f"{schema.id}: a date, or the subject's code, of another kind")
    dropped = sorted(_relied(schema) - set(schema.slots))
    if dropped:
        raise Malformed("schema", f"{schema.id}: not disclosable, though relied on: {dropped}")
    by_value, publicity = schema.adverse_if is not None, schema.until.rule == "publicity"
    if (schema.adverse and (by_value or not publicity)) or (
        publicity and not schema.may_be_adverse
    ):
        raise Malformed("schema", f"{schema.id}: adverse, adverseIf and publicity do not agree")
    if by_code[schema.document].required == bool(schema.apart):
        raise Malformed("schema", f"{schema.id}: apart is needed where a number may be missing")
    if by_code[schema.decided].required == bool(year):
        raise Malformed("schema", f"{schema.id}: decidedYear is needed where a date may be missing")


def _relied(schema: Schema) -> set[str]:
    """Codes of the fields that a verdict or a key relies on: what is dropped can never be shown."""
    subject, authority = schema.subject, schema.authority
    relied = {schema.decided, schema.document, schema.until.field, authority.name, authority.code}
    relied |= {subject.name, subject.code, subject.registration, subject.kind}
    relied |= {schema.decided_year, *schema.apart}
    relied |= {each.field for each in (schema.adverse_if, schema.void_if) if each}
    relied |= {code for each in schema.visibility_if for code in each.fields}
    return {code for code in relied if code is not None}


def _named(schema: Schema) -> set[str]:
    """Codes that the schema refers to."""
    named = {schema.subject.person}
    for field in schema.fields:
        named.add(field.not_before)
        named |= {each.field for each in (field.required_if, field.vocabulary_if) if each}
    return {code for code in named if code is not None} | _relied(schema)
