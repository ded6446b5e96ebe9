"""One cell to the text of its field, or to the row code of why it has none.

Dates are judged later, by `ledger.records.validate`; here a date cell only gets its ISO spelling.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal

from gateway.files.interfaces import Cell, Mark, Marked, Value
from ledger.records.forms import MOMENTS
from ledger.records.schema_parts import Field, Kind

MAX_CELL = 32_767
"""Characters of a cell in Excel and WPS; no field of any schema is nearly as long. Of a longer
one (text files have them) only so many are looked at, which is too long all the same."""
NUMBER_DIGITS = 15
"""Significant decimal digits that a spreadsheet keeps of a number."""

UNREAD = "⚠"
"""Begins a cell of the workbook to correct whose value could not be taken, `⚠formula-cell: 2`;
sent back as it is, it is refused again for the same reason."""

_MIDNIGHT = time()
_UNREAD = re.compile(
    UNREAD + r"\s*(formula-cell|text-formula|date-cell|number-lost-digits|value-scaled|cell-broken"
    r"|encoding|schema-invalid)\b"
)
_CODES: Mapping[Mark, str] = {
    "formula": "formula-cell",
    "text-formula": "text-formula",
    "error": "formula-cell",
    "broken": "cell-broken",
    "scaled": "value-scaled",
}
# NUL stands in no text anybody typed, and what does not decode is read as lone surrogates.
_NOT_TEXT = re.compile("[\0\ud800-\udfff]")


def kind_of(field: Field) -> Kind:
    """As what the cells of a column are read; a moment is a text that may stand in a date cell."""
    return "date" if field.code in MOMENTS else field.kind


def text_of(cell: Cell, kind: Kind) -> tuple[str, str | None]:
    """(text, None); ("", None) for an empty cell; ("", row code) for one that must not be taken.

    kind: of the column the cell stands in.
    """
    if type(cell) is str:
        return _from_text(cell)
    if isinstance(cell, Marked):
        return "", _CODES[cell.mark]
    if isinstance(cell, bool):  # before int, of which it is one
        return ("TRUE" if cell else "FALSE"), None
    if isinstance(cell, int | float):
        return _money(cell) if kind == "money" else _digits(cell)
    if kind != "date":
        return "", "date-cell"
    return iso(cell), None


def plain_text(cell: str) -> str | None:
    """What `text_of` makes of most cells, in a fifth of its time; None: ask it."""
    text = cell.strip()
    if not text:
        return ""
    plain = text.isprintable() and len(text) <= MAX_CELL and text[0] != UNREAD
    return text if plain else None


def shown(cell: Cell) -> str:
    """The cell as text for people, exact where the number of digits allows it."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, Marked):
        return shown(cell.value)
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, int | float):
        return plain(Decimal(repr(cell))) if math.isfinite(cell) else str(cell)
    return iso(cell)


def clean(text: str) -> str:
    """Text that JSON and XML can hold."""
    return text if text.isascii() and "\0" not in text else _NOT_TEXT.sub("\ufffd", text)


def iso(value: Value) -> str:
    """2024-03-05, or with its time of day where that is not midnight."""
    if isinstance(value, datetime):
        if value.time() == _MIDNIGHT:
            return value.date().isoformat()
        return value.isoformat(" ", "seconds")
    return value.isoformat() if isinstance(value, date | time) else str(value)


def plain(number: Decimal) -> str:
    """The number without exponent and superfluous zeros."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _from_text(cell: str) -> tuple[str, str | None]:
    text = cell.strip()
    if text.startswith(UNREAD) and (unread := _UNREAD.match(text)):
        return "", unread[1]
    if not text.isascii() or "\0" in text:
        if _NOT_TEXT.search(text):
            return "", "encoding"
    return (text if len(text) <= MAX_CELL else text[:MAX_CELL]), None


def _money(number: float) -> tuple[str, str | None]:
    """Rounded to what a spreadsheet shows: 0.1+0.2 is 0.3."""
    if not math.isfinite(number):
        return str(number), None
    return plain(Decimal(format(number + 0.0, f".{NUMBER_DIGITS}g"))), None


def _digits(number: float) -> tuple[str, str | None]:
    """The digits, as long as a spreadsheet cannot have lost any."""
    if not math.isfinite(number):
        return "", "number-lost-digits"
    value = Decimal(repr(number + 0.0)).normalize()
    _, digits, exponent = value.as_tuple()
    if len(digits) + max(int(exponent), 0) > NUMBER_DIGITS:
        return "", "number-lost-digits"
    return plain(value), None
