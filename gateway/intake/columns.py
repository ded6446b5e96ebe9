"""Errors of rows of a table, told by its columns as they are called there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ledger.core.texts import Text
from ledger.records.remarks import FieldError
from ledger.records.schema import Schema

_MISSING = frozenset({"required", "registration-number-required"})
"""Codes of a field that should be there: where the table has no column for it, filling it in is no
remedy."""


def by_column(
    errors: Sequence[FieldError], columns: Mapping[str, str] | None, schema: Schema | None
) -> Sequence[FieldError]:
    """The errors, each with the header of its column before its text where the table calls it
    something else than the text does, or with the column that the table lacks. columns: headers by
    code; None: of no table."""
    if columns is None or schema is None:
        return errors
    return [_told(error, columns, schema) for error in errors]


def _told(error: FieldError, columns: Mapping[str, str], schema: Schema) -> FieldError:
    field = schema.by_code.get(error.field or "")
    if field is None:
        return error
    header, text = columns.get(field.code), error.message
    if header is None:
        if error.code not in _MISSING:
            return error
        before = {
            "zh": f"表中没有“{field.zh}”这一列，请增加该列。",
            "en": f"The table has no column {field.zh}: add it. ",
        }
    elif header in (field.zh, field.code):
        return error
    else:
        before = {"zh": f"“{header}”列：", "en": f"Column “{header}”: "}
    return FieldError(error.field, error.code, _after(before, text), error.row)


def _after(before: Text, text: Text) -> Text:
    return {"zh": before["zh"] + text["zh"], "en": before["en"] + text["en"]}
