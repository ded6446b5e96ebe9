"""What a record says as a whole, against its schema: rules of its values together.

`validate` reads one record after the other and asks here of each field in the order of the table;
`alike` asks once for all records of a set in which what is asked for is the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from ledger.core.texts import Text
from ledger.records import publicity
from ledger.records.fold import fold
from ledger.records.persons import holding_person_ids
from ledger.records.publicity import Decision
from ledger.records.remarks import FieldError, explained, listed, remark
from ledger.records.schema import Schema
from ledger.records.setting import Setting
from ledger.records.steps import Step, steps
from ledger.records.texts import label
from ledger.records.uscc import FILLER, normalise
from ledger.records.values import Fault, Value

__all__ = [
    "CLASS",
    "ENTITY",
    "INDIVIDUAL_BUSINESS",
    "NATURAL_PERSON",
    "Checked",
    "Fields",
    "Run",
    "checked",
    "classed",
    "ended",
    "may_lack_code",
    "take",
    "too_early",
]

Fields = dict[str, Value]
"""Canonical fields by code, in the order of the schema; empty ones are absent."""

NATURAL_PERSON = "自然人"
INDIVIDUAL_BUSINESS = "个体工商户"
ENTITY = "法人及非法人组织"
CLASS = "class"
"""What errors call the class of a record, which is no field of the standard."""

_YEAR = 4  # digits
_YEAR_FORM = re.compile(r"[0-9]{4}")
_BUSINESS = "92"  # begins the USCCs of individual businesses (GB 32100)
_CLASSES: Text = {"zh": "轻微；一般；严重", "en": "; ".join(publicity.CLASSES)}
_UNKNOWN = {"lists": "list-unknown", "measures": "measure-unknown"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The judgement. errors: in the order of the standard's table, empty for a good record.
    fields: the canonical fields (of a bad record those that are right; none about a natural
    person). decided, until: the days for the payload; decided is None only beside errors,
    until None = open or unknown."""

    fields: Fields
    errors: tuple[FieldError, ...]
    notes: tuple[FieldError, ...]
    class_: str | None
    decided: date | None
    until: date | None


@dataclass(slots=True, kw_only=True)
class Run:
    """A record under judgement."""

    schema: Schema
    raw: Mapping[str, object]
    setting: Setting
    fields: Fields
    errors: list[FieldError]
    notes: list[FieldError]


def take(run: Run, step: Step, value: Value | Fault | None, person: bool) -> None:
    """Put a value where it belongs, or say what is wrong with it."""
    if isinstance(value, Fault) and step.is_uscc:
        value = _excepted(run, step) or value
    if value is None:
        fault = _missing(run, step, person)
    elif isinstance(value, Fault):
        fault = explained(step.field, value)
    elif not step.disclosable:
        is_person = person and step.code == run.schema.subject.person
        fault = remark("natural-person", step.field) if is_person else None
        if fault is None:
            run.notes.append(remark("person-id-dropped", step.field))
    else:
        fault = _refused(run, step, value)
        if fault is None:
            run.fields[step.code] = value
    if fault is not None:
        run.errors.append(fault)


def _excepted(run: Run, step: Step) -> str | None:
    """The code, noted, where it is lawful though it fails its check characters."""
    code = normalise(str(run.raw[step.code]))
    if code not in run.setting.exceptions:
        return None
    run.notes.append(remark("uscc-excepted", step.field))
    return code


def _missing(run: Run, step: Step, person: bool) -> FieldError | None:
    if step.required:
        if step.lenient and _older(run):
            run.notes.append(remark("missing-before-go-live", step.field))
            return None
        return None if person and step.is_subject_code else remark("required", step.field)
    if step.is_decided:
        return _undated(run, step)
    if step.condition is not None:
        cause = _trigger(run.fields.get(step.condition), step.triggers)
        if cause is not None:
            other = label(run.schema.by_code[step.condition])
            condition = {
                "zh": f"（{other['zh']}为“{cause}”时必填）",
                "en": f" (required where {other['en']} is “{cause}”)",
            }
            return remark("required", step.field, condition=condition)
    if step.is_registration and run.fields.get(run.schema.subject.code) == FILLER:
        return remark("registration-number-required", step.field)
    return None


def _older(run: Run) -> bool:
    """Whether it was decided before the node went live."""
    decided = _decided(run.schema, run.fields)
    return decided is not None and decided < run.setting.go_live


def _undated(run: Run, step: Step) -> FieldError | None:
    """What is missing where neither the day nor its year is there."""
    year = run.schema.decided_year
    if year is None or _holds(run, year):
        return None
    other = label(run.schema.by_code[year])
    condition = {
        "zh": f"（未填写{other['zh']}时必填）",
        "en": f" (required where {other['en']} is missing)",
    }
    return remark("required", step.field, condition=condition)


def _holds(run: Run, code: str) -> bool:
    """Whether a field has a value, right or wrong. Of some texts nothing is seen: they are none."""
    read = next(read for name, read, _ in steps(run.schema) if name == code)
    return read(run.raw.get(code)) is not None


def _trigger(value: Value | None, triggers: frozenset[str]) -> str | None:
    """The first of the values that is one of the triggers."""
    if value is None:
        return None
    values = (value,) if isinstance(value, str) else value
    return next((value for value in values if _form(value) in triggers), None)


_form = lru_cache(maxsize=1 << 12)(fold)  # values of vocabularies, over and over


def _refused(run: Run, step: Step, value: Value) -> FieldError | None:
    """What the rest of the record has against a value that is right by itself."""
    later = _that_is_later(run, step, value)
    if later is not None:
        return remark("date-order", step.field, other=label(run.schema.by_code[later]))
    if (step.is_decided or step.is_decided_year) and _first_day(str(value)) > run.setting.today:
        return remark("date-in-future", step.field)
    if (
        step.is_uscc
        and value == FILLER
        and not (step.is_subject_code and may_lack_code(run.schema, run.fields))
    ):
        return remark("uscc-check", step.field)
    if step.is_subject_kind and _form(str(value)) == NATURAL_PERSON:
        return remark("natural-person", step.field)
    if step.unusual is not None or step.is_subject_code:
        _note_unusual(run, step, value)
    if step.choices is None and step.catalogue is None:
        return None
    return _outside(run, step, value)


def _outside(run: Run, step: Step, value: Value) -> FieldError | None:
    """The remark on what is outside the fewer values that another field leaves, or outside the
    catalogue, where that was looked at."""
    choices, catalogue = step.choices, step.catalogue
    if choices is not None and choices.forbids(str(value), run.fields):
        return remark("not-in-vocabulary", step.field, values=listed(choices.vocabulary, False))
    if catalogue is None:
        return None
    known = run.setting.lists if catalogue == "lists" else run.setting.measures
    values = [value] if isinstance(value, str) else value
    if known is None or set(map(fold, values)) <= set(map(fold, known)):
        return None
    return remark(_UNKNOWN[catalogue], step.field, values=run.setting.told(catalogue, known))


def _note_unusual(run: Run, step: Step, value: Value) -> None:
    """Note what is right by itself and seldom meant."""
    if step.unusual is not None and not (step.unusual[0] <= Decimal(str(value)) <= step.unusual[1]):
        run.notes.append(remark("amount-unusual", step.field))
    kind = run.schema.subject.kind
    if step.is_subject_code and kind is not None and str(value).startswith(_BUSINESS):
        if _form(str(run.fields.get(kind, ""))) == ENTITY:
            run.notes.append(remark("subject-kind-unusual", run.schema.by_code[kind]))


def _that_is_later(run: Run, step: Step, value: Value) -> str | None:
    """The date or year which this date may not precede, where it does."""
    if step.not_before is not None:
        earlier = run.fields.get(step.not_before)
        if earlier is not None and str(value) < str(earlier):  # ISO dates sort as text
            return step.not_before
    early = step.is_decided and too_early(run.schema, run.fields, value)
    return run.schema.decided_year if early else None


def too_early(schema: Schema, fields: Mapping[str, Value], decided: Value) -> bool:
    """Whether the day lies before the year that the record is of, and the year before that: what is
    given for a year is given in it, after it, or shortly before."""
    year = fields.get(schema.decided_year or "")
    if not isinstance(year, str) or _YEAR_FORM.fullmatch(year) is None:  # a verifier asks of all
        return False
    return str(decided)[:_YEAR] < f"{int(year) - 1:04}"


def may_lack_code(schema: Schema, fields: Mapping[str, Value]) -> bool:
    """Whether the filler may stand for the subject's USCC: only for individual businesses, as far
    as the record says what its subject is."""
    kind = schema.subject.kind
    stated = INDIVIDUAL_BUSINESS if kind is None else fields.get(kind, INDIVIDUAL_BUSINESS)
    # Not remembered: a verifier asks about texts of any length.
    return fold(str(stated)) == INDIVIDUAL_BUSINESS


def checked(run: Run, class_: str | None) -> Checked:
    """The judgement on a record of which every field was taken."""
    class_ = classed(run, class_)
    if any(error.code == "natural-person" for error in run.errors):
        run.fields = {}
    if held := holding_person_ids(run.fields):
        by_code = run.schema.by_code
        told = [by_code[code] for code in run.schema.slots if code in held]
        run.notes += [remark("person-id-in-text", field) for field in told]
    return ended(run, class_)


def classed(run: Run, class_: str | None) -> str | None:
    """The class; None, and an error, where it is none, or the record has none."""
    fault = _class_fault(run.schema, class_)
    if fault is None:
        return class_
    run.errors.append(fault)
    return None


def ended(run: Run, class_: str | None) -> Checked:
    """The judgement, with the days of the payload and what is noted of them."""
    schema, fields, setting = run.schema, run.fields, run.setting
    rules = setting.rules
    decided, stated_end = _decided(schema, fields), _day(fields, schema.until.field)
    until = None
    if decided is not None:
        decision = Decision(
            schema=schema,
            adverse=schema.is_adverse(fields) or False,
            void=schema.is_void(fields) or False,
            class_=class_,
            decided=decided,
            kinds=(publicity.authority_kind(rules, schema, fields, setting.authorities),),
        )
        until = publicity.until(rules, decision, stated_end)
        code = publicity.stated_end_note(rules, decision, stated_end, fields)
        if code is not None and schema.until.field is not None:
            run.notes.append(remark(code, schema.by_code[schema.until.field]))
        if decision.void and schema.void_if is not None:
            run.notes.append(remark("status-not-in-force", schema.by_code[schema.void_if.field]))
    return Checked(
        fields=fields,
        errors=tuple(run.errors),
        notes=tuple(run.notes),
        class_=class_,
        decided=decided,
        until=until,
    )


def _class_fault(schema: Schema, class_: str | None) -> FieldError | None:
    if class_ is None:
        return None
    if class_ not in publicity.CLASSES:
        return remark("not-in-vocabulary", CLASS, values=_CLASSES)
    return None if schema.may_be_adverse else remark("schema-invalid", CLASS)


def _decided(schema: Schema, fields: Fields) -> date | None:
    """The day of the decision; where only its year is known, the first of that year."""
    day, year = _day(fields, schema.decided), fields.get(schema.decided_year or "")
    return _first_day(year) if day is None and isinstance(year, str) else day


def _first_day(value: str) -> date:
    """The day of a canonical date, or the first of a canonical year."""
    return date.fromisoformat(value if len(value) > _YEAR else f"{value}-01-01")


def _day(fields: Fields, code: str | None) -> date | None:
    value = fields.get(code) if code is not None else None
    return date.fromisoformat(value) if isinstance(value, str) else None
