"""What a refused row says, in whatever spelling it was sent: for counting alone. Pure."""

from __future__ import annotations

import re

import orjson

from gateway.intake.interfaces import RowInput
from ledger.records.fold import fold
from ledger.records.schema import Schema

_SORTED = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS
_SEPARATORS = re.compile(r"[;；\r\n]")


def named(schema: Schema, row: RowInput, code: str) -> object:
    """The value of a field, under whatever name of it the row has; None: there is none."""
    if row.fields.get(code):  # as nearly every row has it
        return row.fields[code]
    by_name = ((schema.column(str(name)), value) for name, value in row.fields.items())
    return next((value for field, value in by_name if field and field.code == code and value), None)


def content(schema: Schema | None, row: RowInput) -> bytes | None:
    """By which a row sent again is told, as a table or as JSON: one spelling of names and values,
    without those that are empty or unknown; None: it has no spelling."""
    fields = dict(row.fields) if schema is None else _spelled(schema, row)
    about = [row.type, row.schema] if schema is None else [schema.id]
    sent = [*about, row.class_, row.corrects, fields, row.cell_errors]
    try:
        return orjson.dumps(sent, option=_SORTED)
    except orjson.JSONEncodeError:  # half a character of a pair, or what is no JSON
        return None


def _spelled(schema: Schema, row: RowInput) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in row.fields.items():
        field = schema.by_code.get(name) or schema.column(str(name))
        if field is None or field.code in row.cell_errors:
            continue
        spelled = _items(value) if field.kind == "list" else _text(value)
        if spelled not in ("", []) and (field.code == name or field.code not in found):
            found[field.code] = spelled
    return found


def _items(value: object) -> object:
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        return value
    items = (fold(item) for each in given for item in _SEPARATORS.split(each))
    return [item for item in items if item]


def _text(value: object) -> object:
    return "" if value is None else fold(value) if isinstance(value, str) else value
