"""Judging one record against its schema.

Each schema is compiled once (`steps`), and a record is one pass over its steps: whatever a rule
looks back to (subject type, class of penalty, date of the decision) stands earlier in the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ledger.records.judging import Checked, Run, checked, take
from ledger.records.remarks import NAMED_TWICE, remark, unread
from ledger.records.schema import Schema
from ledger.records.setting import Setting
from ledger.records.steps import presence, steps

__all__ = ["NO_CELL_ERRORS", "check"]

NO_CELL_ERRORS: Mapping[str, str] = MappingProxyType({})
_MAX_HEADER = 64  # characters of an unknown name that a note repeats


def check(
    schema: Schema,
    raw: Mapping[str, object],
    setting: Setting,
    *,
    class_: str | None = None,
    cell_errors: Mapping[str, str] = NO_CELL_ERRORS,
) -> Checked:
    """The judgement on `raw`, by code: text, or list of texts. Bad data never raises.

    setting: what it is judged by. class_: minor, general, severe or None. cell_errors: row codes
    of cells that could not be read as a value, by field code; whatever `raw` holds for them is not
    looked at.
    """
    run = Run(schema=schema, raw=raw, setting=setting, fields={}, errors=[], notes=[])
    if schema.natural_person:
        about = schema.by_code[schema.subject.name]
        run.errors.append(remark("natural-person", about))
        return checked(run, None)
    if raw.keys() - schema.by_code.keys():
        run.raw, twice = _known(run)
        cell_errors = {**dict.fromkeys(twice, NAMED_TWICE), **cell_errors}
    person = _is_person(run, cell_errors)
    given, fields = run.raw.get, run.fields
    for code, read, step in steps(schema):
        if code in cell_errors:
            run.errors.append(unread(step.field, cell_errors[code]))
            continue
        value = read(given(code))
        if value is None and step.optional:
            continue
        if step.plain and isinstance(value, str):
            fields[code] = value
        else:
            take(run, step, value, person)
    return checked(run, class_)


def _is_person(run: Run, cell_errors: Mapping[str, str]) -> bool:
    """Whether a record of a template without subject types is about a natural person: it has an
    identity number and no USCC."""

    def has(code: str) -> bool:
        return code in cell_errors or presence(run.raw.get(code)) is not None

    subject = run.schema.subject
    return subject.person is not None and has(subject.person) and not has(subject.code)


def _known(run: Run) -> tuple[dict[str, object], list[str]]:
    """The known fields, those under another name of theirs included, and the codes of those whose
    names say different things; a note for each name that is unknown."""
    by_code = run.schema.by_code
    known: dict[str, object] = {}
    twice: list[str] = []
    for name, value in run.raw.items():
        field = by_code.get(name) or run.schema.column(str(name))
        if field is None:
            shown = str(name)[:_MAX_HEADER].encode(errors="replace").decode()
            run.notes.append(remark("column-unknown", shown))
        elif presence(known.get(field.code)) is None:
            known[field.code] = value
        elif presence(value) is not None and _bare(value) != _bare(known[field.code]):
            twice.append(field.code)
    return known, twice


def _bare(value: object) -> object:
    return value.strip() if isinstance(value, str) else value
