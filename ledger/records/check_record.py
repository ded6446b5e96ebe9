"""Whether what a presentation shows can be a record of its type, as a verifier asks.

A verifier sees some of the fields, the open part of the payload, the schema and the rules, and
later the day of the anchor. What is not shown is never held against a record, with one exception
that design-2 18 makes: an end of use before the shortest minimum needs the stated end shown.
Everything that intake accepts passes, whatever fields of it are shown.

    value-kind             a list where a text belongs, or the reverse; a field that is no slot
    value-form             not the one spelling of a text, date, amount or USCC
    value-too-long         longer than the schema allows
    value-unknown          not in the vocabulary
    value-order            a date before one that it may not precede, or long before its year
    natural-person         the subject is a natural person
    class-not-adverse      a class for a type none of whose records is adverse
    decided-disagrees      `decided` is not the field that it is made from
    decided-after-anchor   decided after the day on which it was anchored
    until-beyond-rules     used for longer than any rule allows
    until-before-minimum   ends before any rule lets it, and no stated end is shown
    until-disagrees        `until` does not follow from rules and the field it is made from
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import Final

from ledger.core.canonical import parse_day
from ledger.core.commitment import Header, Value
from ledger.core.errors import Malformed
from ledger.core.verdict.facts import RecordProblem
from ledger.records import publicity
from ledger.records.fold import fold
from ledger.records.judging import NATURAL_PERSON, may_lack_code, too_early
from ledger.records.publicity import Decision
from ledger.records.rules import Rules
from ledger.records.schema import Schema
from ledger.records.schema_parts import Field
from ledger.records.texts import label
from ledger.records.uscc import FILLER
from ledger.records.values import Fault, Reader, reader

__all__ = ["DISAGREEMENTS", "TEXTS", "check_record", "decision_of"]

DISAGREEMENTS: Final = frozenset({"decided-disagrees", "until-disagrees"})
"""Codes of what is said twice and does not agree (proof-mismatch); all others: record-invalid."""

TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "value-kind": (
        "{name}的取值类型不符合该类信息的数据标准。",
        "The kind of value of {name} is not that of its type.",
    ),
    "value-form": (
        "{name}的写法不是规范形式。",
        "{name} is not in its canonical spelling.",
    ),
    "value-too-long": ("{name}超过数据标准的长度。", "{name} is longer than its type allows."),
    "value-unknown": (
        "{name}不在数据标准允许的取值之内。",
        "{name} is not one of the values that its type allows.",
    ),
    "value-order": (
        "{name}早于不得晚于它的日期。",
        "{name} lies before a date that it may not precede.",
    ),
    "natural-person": (
        "{name}表明该记录涉及自然人，此类记录不得上链。",
        "{name} shows that the record is about a natural person; such records are not kept here.",
    ),
    "class-not-adverse": (
        "该类信息不是失信信息，不应有失信程度分类。",
        "Records of this type are not adverse and have no class.",
    ),
    "decided-disagrees": (
        "记录声明的认定日期与{name}不一致。",
        "The day of decision that the record states is not that of {name}.",
    ),
    "decided-after-anchor": (
        "认定日期晚于上链日期。",
        "The day of decision lies after the day of the anchor.",
    ),
    "until-beyond-rules": (
        "使用期限超过规则允许的最长期限。",
        "The end of use lies beyond what the rules allow.",
    ),
    "until-before-minimum": (
        "使用期限早于规则允许的最短期限，且未出示公示截止日期。",
        "The end of use lies before the shortest period of the rules, and no stated end is shown.",
    ),
    "until-disagrees": (
        "使用期限与规则和{name}不一致。",
        "The end of use does not follow from the rules and {name}.",
    ),
}

_OF_FAULT: Final = {
    "schema-invalid": "value-kind",
    "too-long": "value-too-long",
    "not-in-vocabulary": "value-unknown",
}
"""Row codes of a value, as what they mean to a verifier; all others are a matter of form."""


def check_record(
    schema: Schema,
    rules: Rules,
    header: Header,
    fields: Mapping[str, Value],
    *,
    anchored: date | None = None,
) -> tuple[RecordProblem, ...]:
    """All that is wrong, in the order of the schema, then what the payload says; empty: nothing.

    schema, rules: those that the payload names. fields: those disclosed, each proven to be in its
    slot. anchored: the day of the first anchor in Asia/Shanghai; None: not known yet.
    """
    found = [*_values(schema, fields), *_subject(schema, fields)]
    found += [*_decided(schema, header, fields, anchored), *_until(schema, rules, header, fields)]
    if header.class_ is not None and not schema.may_be_adverse:
        found.append(_problem("class-not-adverse"))
    return tuple(found)


def decision_of(
    schema: Schema, rules: Rules, header: Header, fields: Mapping[str, Value]
) -> Decision:
    """What a verifier knows of the decision: its authority may be of any kind."""
    return Decision(
        schema=schema,
        adverse=schema.is_adverse(fields),
        void=schema.is_void(fields),
        class_=header.class_,
        decided=header.decided,
        kinds=rules.kinds,
    )


def _values(schema: Schema, fields: Mapping[str, Value]) -> Iterator[RecordProblem]:
    slots = _readers(schema)
    for code in fields.keys() - slots.keys():
        yield _problem("value-kind", code)
    for code, (field, read) in slots.items():
        if code not in fields:
            continue
        value = fields[code]
        fault = _fault(schema, field, read, fields)
        if fault is not None:
            yield _problem(fault, field)
        elif code == schema.decided and too_early(schema, fields, value):
            yield _problem("value-order", field)
        elif field.not_before is not None:
            earlier = fields.get(field.not_before)
            if isinstance(earlier, str) and str(value) < earlier:  # ISO dates sort as text
                yield _problem("value-order", field)


def _fault(schema: Schema, field: Field, read: Reader, fields: Mapping[str, Value]) -> str | None:
    """What is wrong with a value by itself: it must be what reading it again gives."""
    value = fields[field.code]
    if isinstance(value, list) != (field.kind == "list"):
        return "value-kind"
    again = read(value)
    if isinstance(again, Fault):
        return _OF_FAULT.get(again.code, "value-form")
    if again != value:
        return "value-form"
    fewer = field.vocabulary_if
    if fewer is not None and fewer.forbids(str(value), fields):
        return "value-unknown"
    if field.kind == "uscc" and value == FILLER:
        allowed = field.code == schema.subject.code and may_lack_code(schema, fields)
        return None if allowed else "value-form"
    return None


def _subject(schema: Schema, fields: Mapping[str, Value]) -> Iterator[RecordProblem]:
    subject = schema.subject
    if schema.natural_person:
        yield _problem("natural-person", schema.by_code[subject.name])
    elif subject.kind is not None:
        kind = fields.get(subject.kind)
        if isinstance(kind, str) and fold(kind) == NATURAL_PERSON:
            yield _problem("natural-person", schema.by_code[subject.kind])


def _decided(
    schema: Schema, header: Header, fields: Mapping[str, Value], anchored: date | None
) -> Iterator[RecordProblem]:
    shown = fields.get(schema.decided)
    if shown is not None and shown != header.decided.isoformat():
        yield _problem("decided-disagrees", schema.by_code[schema.decided])
    if anchored is not None and header.decided > anchored:
        yield _problem("decided-after-anchor")


def _until(
    schema: Schema, rules: Rules, header: Header, fields: Mapping[str, Value]
) -> Iterator[RecordProblem]:
    decision = decision_of(schema, rules, header, fields)
    code = _until_code(rules, decision, header.until, _stated_end(schema, fields))
    if code is not None:
        field = schema.until.field
        yield _problem(code, None if field is None else schema.by_code[field])


@lru_cache(maxsize=1 << 12)  # many records are of one type and were decided on one day
def _until_code(
    rules: Rules, decision: Decision, until: date | None, stated: date | None
) -> str | None:
    """What is wrong with the `until` of a payload; None: nothing. stated: the end that is shown."""
    schema, code = decision.schema, None
    hidden = schema.until.field is not None and stated is None
    if decision.void or (decision.void is None and until == decision.void_end):
        hidden = False  # whatever its field says, what is not in force has no day of use
    elif schema.until.rule == "publicity" and decision.adverse is False:
        hidden = False  # whatever its field says, only an adverse record ends
    elif schema.until.rule == "publicity":
        code = _bound(publicity.bounds(rules, decision), until, shown=stated is not None)
    if code is None and not hidden:
        right = publicity.untils(rules, decision, stated)
        code = None if until in right else "until-disagrees"
    return code


def _bound(bounds: publicity.Bounds, until: date | None, *, shown: bool) -> str | None:
    if until is None:
        return None if bounds.may_be_open else "until-beyond-rules"
    if bounds.latest is not None and until > bounds.latest:
        return "until-beyond-rules"
    return "until-before-minimum" if until < bounds.earliest and not shown else None


def _stated_end(schema: Schema, fields: Mapping[str, Value]) -> date | None:
    """The stated end that is shown; None where there is none, or one that is no day, which
    `_values` reports."""
    shown = fields.get(schema.until.field) if schema.until.field else None
    try:
        return parse_day(shown) if isinstance(shown, str) else None
    except Malformed:
        return None


@lru_cache(maxsize=1 << 8)
def _readers(schema: Schema) -> Mapping[str, tuple[Field, Reader]]:
    return {
        code: (schema.by_code[code], reader(schema.by_code[code], shape_only=True))
        for code in schema.slots
    }


def _problem(code: str, about: Field | str | None = None) -> RecordProblem:
    zh, en = TEXTS[code]
    name = label(about)
    return RecordProblem(
        code=code,
        field=about.code if isinstance(about, Field) else about,
        text={"zh": zh.format(name=name["zh"]), "en": en.format(name=name["en"])},
    )
