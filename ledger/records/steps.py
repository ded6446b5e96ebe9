"""A schema compiled for `validate`: one step per field, in the order of the standard's table."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from ledger.records.fold import fold
from ledger.records.schema import Schema
from ledger.records.schema_parts import Field, Vocabulary, VocabularyIf
from ledger.records.values import Reader, reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A field, compiled. optional: never required. plain: a value that is right by itself is
    right. alone: what is said of a value does not depend on the rest of the record. triggers:
    folded values of `condition` that make it required. lenient: not in what was decided before a
    node went live. choices: fewer values where another field says so. catalogue: its values are
    items of the catalogue. is_*: the part the field plays in the schema."""

    field: Field
    code: str
    read: Reader
    optional: bool
    plain: bool
    alone: bool
    required: bool
    condition: str | None
    triggers: frozenset[str]
    lenient: bool
    choices: VocabularyIf | None
    catalogue: Vocabulary | None
    not_before: str | None
    unusual: tuple[Decimal, Decimal] | None
    disclosable: bool
    is_uscc: bool
    is_subject_code: bool
    is_subject_kind: bool
    is_registration: bool
    is_decided: bool
    is_decided_year: bool


@cache
def steps(schema: Schema) -> tuple[tuple[str, Reader, Step], ...]:
    """Code, reader and the rest of each step, in the order of the standard's table."""
    compiled = [_step(schema, field) for field in schema.fields]
    return tuple((step.code, step.read, step) for step in compiled)


def _step(schema: Schema, field: Field) -> Step:
    condition, subject = field.required_if, schema.subject
    in_rules = {schema.decided, subject.code, subject.kind}
    return Step(
        field=field,
        code=field.code,
        read=_reader(schema, field) if field.disclosable else presence,
        optional=not (
            field.required or condition or field.code in (subject.registration, schema.decided)
        ),
        plain=field.kind in ("text", "choice", "date")
        and field.disclosable
        and not (field.not_before or field.catalogue or field.vocabulary_if)
        and field.code not in in_rules,
        alone=not (field.not_before or field.vocabulary_if)
        and field.code not in (schema.decided, subject.code),
        required=field.required,
        condition=condition.field if condition else None,
        triggers=frozenset(map(fold, condition.any_)) if condition else frozenset(),
        lenient=field.lenient,
        choices=field.vocabulary_if,
        catalogue=field.catalogue,
        not_before=field.not_before,
        unusual=(Decimal(field.unusual[0]), Decimal(field.unusual[1])) if field.unusual else None,
        disclosable=field.disclosable,
        is_uscc=field.kind == "uscc",
        is_subject_code=field.code == subject.code,
        is_subject_kind=field.code == subject.kind,
        is_registration=field.code == subject.registration,
        is_decided=field.code == schema.decided,
        is_decided_year=field.code == schema.decided_year,
    )


def _reader(schema: Schema, field: Field) -> Reader:
    no_end = _no_end(schema, field)
    return reader(field, no_end=no_end, why_no_end=_why_no_end(schema, field))


def _why_no_end(schema: Schema, field: Field) -> str | None:
    """What to say of an end that is written as none, in a field that takes days alone."""
    if schema.until.rule == "publicity" and field.code == schema.until.field:
        return "no-end-publicity"
    return "no-end-day" if field.kind == "date" and field.not_before else None


def _no_end(schema: Schema, field: Field) -> str | None:
    """The day that stands for no end, in the field of the end of validity."""
    days = schema.until.open_days
    return days[0] if days and field.code == schema.until.field else None


def presence(value: object) -> str | None:
    """Read a field that is dropped: "" where there is something, None where there is not."""
    return None if value is None or (isinstance(value, str) and not value.strip()) else ""
