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
adverse     whether periods of publicity apply and a class may be given: for all records of the type
adverseIf   {field, values}, optional: records that have one of these values are adverse
naturalPerson            true: a category about natural persons, every record is refused
period      month or year: how exactly a public entry names the day of `decided`
decided     the date field: the day the fact was established
until       {rule: publicity, field?} | {rule: validity, field, open} | {rule: open} (design 4);
            open: the days that stand for no end
visibility  public, authorisation or government: who may see records; absent: public
document    the field of the document number
authority   {name, code?}: fields that name the determining authority
subject     {name, code, registration, kind?, person?}: fields that say who it is about
fields      in the order of the standard's table; those not marked `disclosable: false` are the
            slots of a commitment, in this order
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final, Literal, NewType, TypeVar, get_args

from ledger.core import canonical
from ledger.core.canonical import parse_day
from ledger.core.commitment import MAX_SLOTS
from ledger.core.errors import Malformed
from ledger.records.fold import fold
from ledger.records.members import MAX_VERSION, NAME, Members

__all__ = [
    "MAX_FILE",
    "VISIBILITIES",
    "AdverseIf",
    "Authority",
    "Field",
    "Granularity",
    "Kind",
    "RequiredIf",
    "Rule",
    "Schema",
    "SchemaHash",
    "Subject",
    "Until",
    "Visibility",
    "all_schemas",
    "by_hash",
    "find",
    "load",
    "packaged_files",
    "parse",
]

SchemaHash = NewType("SchemaHash", str)
"""64 lower-case hex: SHA-256 of the schema file."""

Kind = Literal["text", "list", "choice", "date", "money", "uscc"]
Rule = Literal["publicity", "validity", "open"]
Visibility = Literal["public", "authorisation", "government"]
Granularity = Literal["month", "year"]

MAX_FILE: Final = 1 << 18
"""Bytes: forty times the longest schema we ship."""
VISIBILITIES: Final[tuple[Visibility, ...]] = get_args(Visibility)

_T = TypeVar("_T")

_TYPE = "credit-ledger/schema@1"
_KINDS: tuple[Kind, ...] = get_args(Kind)
_RULES: tuple[Rule, ...] = get_args(Rule)
_PERIODS: tuple[Granularity, ...] = get_args(Granularity)
_WITH_LENGTH = ("text", "list", "choice")
_FIELD_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_AMOUNT = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,6})?")
_MAX_VALUES = 1 << 10  # of a vocabulary
_MAX_LENGTH = 1 << 14  # characters of a field; the longest of the domain has 5,000
_MAX_OPEN_DAYS = 8


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
    """How the end of use follows from a record; `open_days` are the dates that mean no end."""

    rule: Rule
    field: str | None = None
    open_days: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AdverseIf:
    """Records of the type are adverse where `field` has one of `values` among its own."""

    field: str
    values: tuple[str, ...]


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
    adverse_if: AdverseIf | None
    visibility: Visibility
    natural_person: bool
    period: Granularity
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

    @property
    def may_be_adverse(self) -> bool:
        """Whether any of its records is adverse: then a class may be given."""
        return self.adverse or self.adverse_if is not None

    def is_adverse(self, fields: Mapping[str, str | list[str]]) -> bool | None:
        """Whether a record with these fields is adverse; None: the field that says so is not
        among them."""
        if self.adverse_if is None:
            return self.adverse
        value = fields.get(self.adverse_if.field)
        if value is None:
            return None
        values = (value,) if isinstance(value, str) else value
        adverse = {fold(each) for each in self.adverse_if.values}
        return any(fold(each) in adverse for each in values)

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


def packaged_files() -> Sequence[bytes]:
    """The packaged schema files."""
    files = resources.files(__package__).joinpath("schemas").iterdir()
    return [file.read_bytes() for file in files if file.name.endswith(".json")]


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
    fields = tuple(_field(Members("schema, field", item)) for item in _items(tree))
    by_code = {field.code: field for field in fields}
    schema = Schema(
        name=tree.text("name", like=NAME),
        version=tree.number("version", 1, MAX_VERSION),
        family=tree.text("family", like=NAME),
        title=tree.pair("title"),
        category=tree.pair("category"),
        adverse=tree.flag("adverse"),
        adverse_if=tree.maybe("adverseIf", lambda name: _adverse_if(tree.object(name))),
        visibility=tree.maybe("visibility", lambda name: _one_of(tree, name, VISIBILITIES))
        or "public",
        natural_person=tree.maybe("naturalPerson", tree.flag) or False,
        period=_one_of(tree, "period", _PERIODS),
        decided=_code(tree, "decided"),
        until=_until(tree.object("until")),
        document=_code(tree, "document"),
        authority=_authority(tree.object("authority")),
        subject=_subject(tree.object("subject")),
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


def _code(tree: Members, name: str) -> str:
    return tree.text(name, like=_FIELD_CODE)


def _one_of(tree: Members, name: str, values: Sequence[_T]) -> _T:
    text = tree.text(name)
    for value in values:
        if value == text:
            return value
    raise tree.fault(f"{name} is none of {', '.join(map(str, values))}")


def _field(tree: Members) -> Field:
    def flag(name: str, default: bool) -> bool:
        return tree.flag(name) if tree.has(name) else default

    def texts(name: str) -> tuple[str, ...]:
        return tree.texts(name, most=_MAX_VALUES) if tree.has(name) else ()

    field = Field(
        code=_code(tree, "code"),
        zh=tree.text("zh"),
        en=tree.text("en"),
        kind=_one_of(tree, "kind", _KINDS),
        required=flag("required", False),
        required_if=tree.maybe("requiredIf", lambda name: _required_if(tree.object(name))),
        max=tree.maybe("max", lambda name: tree.number(name, 1, _MAX_LENGTH)),
        vocabulary=texts("vocabulary"),
        other=flag("other", False),
        not_before=tree.maybe("notBefore", lambda name: _code(tree, name)),
        unusual=tree.maybe("unusual", lambda name: _unusual(tree.object(name))),
        disclosable=flag("disclosable", True),
        aliases=texts("aliases"),
    )
    tree.done()
    if (field.max is not None) != (field.kind in _WITH_LENGTH):
        raise tree.fault(f"{field.code}: exactly texts, lists and choices have a max")
    if (field.kind == "choice" and not field.vocabulary) or (
        field.vocabulary and field.kind not in ("choice", "list")
    ):
        raise tree.fault(f"{field.code}: choices have a vocabulary, and lists may")
    if field.unusual and field.kind != "money":
        raise tree.fault(f"{field.code}: only an amount can be unusual")
    return field


def _required_if(tree: Members) -> RequiredIf:
    found = RequiredIf(_code(tree, "field"), tree.texts("any", most=_MAX_VALUES))
    tree.done()
    return found


def _adverse_if(tree: Members) -> AdverseIf:
    found = AdverseIf(_code(tree, "field"), tree.texts("values", most=_MAX_VALUES))
    tree.done()
    return found


def _unusual(tree: Members) -> tuple[str, str]:
    found = (tree.text("below", like=_AMOUNT), tree.text("above", like=_AMOUNT))
    tree.done()
    return found


def _until(tree: Members) -> Until:
    rule = _one_of(tree, "rule", _RULES)
    needs_field = rule == "validity"
    field = _code(tree, "field") if needs_field or tree.has("field") else None
    open_days = tree.texts("open", most=_MAX_OPEN_DAYS) if needs_field else ()
    tree.done()
    for day in open_days:
        parse_day(day)
    if rule == "open" and field is not None:
        raise tree.fault("what is open has no field")
    return Until(rule, field, open_days)


def _authority(tree: Members) -> Authority:
    found = Authority(_code(tree, "name"), tree.maybe("code", lambda name: _code(tree, name)))
    tree.done()
    return found


def _subject(tree: Members) -> Subject:
    found = Subject(
        name=_code(tree, "name"),
        code=_code(tree, "code"),
        registration=_code(tree, "registration"),
        kind=tree.maybe("kind", lambda name: _code(tree, name)),
        person=tree.maybe("person", lambda name: _code(tree, name)),
    )
    tree.done()
    return found


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
    if wrong or by_code[schema.subject.code].kind != "uscc":
        raise Malformed("schema", f"{schema.id}: a date, or the subject's code, of another kind")
    dropped = sorted(_committed(schema) - set(schema.slots))
    if dropped:
        raise Malformed("schema", f"{schema.id}: not disclosable, though relied on: {dropped}")
    by_value, publicity = schema.adverse_if is not None, schema.until.rule == "publicity"
    if (schema.adverse and (by_value or not publicity)) or (
        publicity and not schema.may_be_adverse
    ):
        raise Malformed("schema", f"{schema.id}: adverse, adverseIf and publicity do not agree")


def _committed(schema: Schema) -> set[str]:
    """Codes of the fields that a verdict relies on: what is dropped can never be shown."""
    subject, authority = schema.subject, schema.authority
    relied = {schema.decided, schema.document, schema.until.field, authority.name, authority.code}
    relied |= {subject.name, subject.code, subject.registration, subject.kind}
    relied |= {schema.adverse_if.field} if schema.adverse_if else set()
    return {code for code in relied if code is not None}


def _named(schema: Schema) -> set[str]:
    """Codes that the schema refers to."""
    subject, authority = schema.subject, schema.authority
    named = {schema.decided, schema.document, schema.until.field, authority.name, authority.code}
    named |= {subject.name, subject.code, subject.registration, subject.kind, subject.person}
    named |= {field.not_before for field in schema.fields}
    named |= {field.required_if.field for field in schema.fields if field.required_if}
    named |= {schema.adverse_if.field} if schema.adverse_if else set()
    return {code for code in named if code is not None}
