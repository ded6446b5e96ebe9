"""Reading one value: what a sender wrote -> its canonical form, or the row code of what is wrong.

Canonical forms (design 3.1, interfaces "Record JSON"): text as sent, trimmed at both ends, with one
code point for each character (`characters`); dates YYYY-MM-DD; years YYYY; money a decimal string
in 万元; USCC in upper case without spaces; codes and moments as in `forms`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Final

from ledger.records import uscc
from ledger.records.characters import settle
from ledger.records.fold import UNSEEN, fold
from ledger.records.forms import NO_END, form_of, narrow
from ledger.records.joined import joined
from ledger.records.schema_parts import OTHER, Field

__all__ = [
    "EARLIEST_YEAR",
    "LONGEST_DATE",
    "MONEY_DECIMALS",
    "MONEY_DIGITS",
    "Fault",
    "Reader",
    "Value",
    "read_date",
    "read_money",
    "read_uscc",
    "read_uscc_shape",
    "read_year",
    "reader",
]

MONEY_DIGITS: Final = 12
MONEY_DECIMALS: Final = 6
"""decimal(18,6) of the standard."""

# Spreadsheets show a lost date as a day of 1900 or 1904, and two-digit years end in the first
# century; no record describes anything before the People's Republic.
EARLIEST_YEAR: Final = 1949
LONGEST_DATE: Final = 40
"""Characters: a date and midnight with more decimals than any program writes."""

_DATE = re.compile(
    r"([0-9]{4})(?:([-/.])([0-9]{1,2})\2([0-9]{1,2})|年([0-9]{1,2})月([0-9]{1,2})日)"
    r"(?:[T ]0{1,2}:00(?::00(?:\.0+)?)?)?"  # midnight, as date cells are exported
)
_YEAR = re.compile(r"([0-9]{4})年?度?")
_COMPACT = re.compile(r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])")
_MONEY = re.compile(r"([0-9]+)(?:\.([0-9]+))?")
# How Excel writes a long number into CSV: 9.212E+14.
_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?[Ee]\+[0-9]{1,3}")
# Marks that turn the direction of what is shown behind them: a name reads as another one.
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
_CONTROLS: Final = "".join(map(chr, (*range(1, 0x20), *range(0x7F, 0xA0))))
_SEPARATORS = re.compile(r"[;；\r\n]")


@dataclass(frozen=True, slots=True)
class Fault:
    """The row code of what is wrong with a value. why: a text of `texts` that says more than that
    of the code; values: those that it names."""

    code: str
    why: str | None = field(default=None, compare=False)
    values: tuple[str, ...] = field(default=(), compare=False)


Value = str | list[str]
Reader = Callable[[object], Value | Fault | None]
"""None: there is no value (absent, empty, nothing that is seen)."""
_Converter = Callable[[str], str | Fault]


def reader(
    field: Field,
    *,
    shape_only: bool = False,
    no_end: str | None = None,
    why_no_end: str | None = None,
) -> Reader:
    """The reader of a field's values. shape_only: the check characters of a USCC are left out.
    no_end: of a date, the day that stands for no end, which words may say as well; why_no_end:
    where they may not, the text that says what to write instead."""
    convert = read_uscc_shape if shape_only and field.kind == "uscc" else _converter(field)
    if no_end is not None:
        convert = _with_no_end(convert, no_end)
    elif why_no_end is not None:
        convert = _without_no_end(convert, Fault("date-invalid", why_no_end))
    if field.kind == "list":
        return _list_reader(field, convert)
    if field.kind == "text":
        return _text_reader(field, convert)
    not_text = Fault("money-format" if field.kind == "money" else "schema-invalid")

    def read(value: object) -> Value | Fault | None:
        if not isinstance(value, str):
            return None if value is None else not_text
        text = value.strip()
        return None if not text or (text[0] in UNSEEN and _is_blank(text)) else convert(text)

    return read


def _converter(field: Field) -> _Converter:
    if field.kind == "date":
        return read_date
    if field.kind == "year":
        return read_year
    if field.kind == "money":
        return read_money
    if field.kind == "uscc":
        return read_uscc
    return _choice_converter(field) if field.vocabulary else _text_converter(field)


def _with_no_end(convert: _Converter, no_end: str) -> _Converter:
    return lambda text: convert(no_end if text in NO_END else text)


def _without_no_end(convert: _Converter, fault: Fault) -> _Converter:
    return lambda text: fault if text in NO_END else convert(text)


def read_date(text: str) -> str | Fault:
    """YYYY-MM-DD of any spelling that interfaces "Record JSON" lists."""
    # Nothing longer is remembered: what a stranger sends must not fill the memory.
    return _read_date(text) if len(text) <= LONGEST_DATE else Fault("date-invalid")


@lru_cache(maxsize=1 << 14)  # about as many days as records ever name
def _read_date(text: str) -> str | Fault:
    text = narrow(text)
    match = _DATE.fullmatch(text)
    if match is None:
        return Fault("date-invalid", "date-compact" if _COMPACT.fullmatch(text) else None)
    year, month, day = int(match[1]), int(match[3] or match[5]), int(match[4] or match[6])
    if year < EARLIEST_YEAR:
        return Fault("date-invalid")
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return Fault("date-invalid")


def read_year(text: str) -> str | Fault:
    """YYYY of `2024`, `2024年` or `2024年度`."""
    match = _YEAR.fullmatch(narrow(text))
    known = match is not None and int(match[1]) >= EARLIEST_YEAR
    return match[1] if match is not None and known else Fault("year-invalid")


def read_money(text: str) -> str | Fault:
    """The amount without superfluous zeros."""
    match = _MONEY.fullmatch(narrow(text))
    if match is None:
        return Fault("money-format")
    whole = match[1].lstrip("0") or "0"
    decimals = (match[2] or "").rstrip("0")
    if len(decimals) > MONEY_DECIMALS:
        return Fault("money-too-precise")
    if len(whole) > MONEY_DIGITS:
        return Fault("too-long")
    return f"{whole}.{decimals}" if decimals else whole


def read_uscc_shape(text: str) -> str | Fault:
    """The code by its shape alone: a lawful one may fail its check characters (domain 11), and
    who has no list of them cannot tell."""
    code = uscc.normalise(text)
    return code if uscc.has_shape(code) else Fault("uscc-format")


def read_uscc(text: str) -> str | Fault:
    """The code, checked; the filler passes here, whether it may stand is the record's matter."""
    code = uscc.normalise(text)
    fault = None if code == uscc.FILLER else uscc.check(code)
    return Fault(fault) if fault else code


def _text_reader(field: Field, convert: _Converter) -> Reader:
    """The reader of most fields of most records: what is plainly right is answered at once."""
    maximum, not_text = field.max or 0, Fault("schema-invalid")
    if form_of(field) is not None:
        maximum = 0  # nothing is plainly right

    def read(value: object) -> Value | Fault | None:
        if not isinstance(value, str):
            return None if value is None else not_text
        text = value.strip()
        if not text:
            return None
        plain = len(text) <= maximum and text.isprintable() and "+" not in text
        if plain and text[0] not in UNSEEN:
            return text
        return None if _is_blank(text) else convert(text)

    return read


def _text_converter(field: Field) -> _Converter:
    maximum, form = field.max or 0, form_of(field)

    def convert(text: str) -> str | Fault:
        text = settle(text if form is None else form(text))
        if len(text) > maximum:
            return Fault("too-long")
        if not _writable(text):
            return Fault("encoding")
        lost = "+" in text and _SCIENTIFIC.fullmatch(text)
        return Fault("number-lost-digits") if lost else text

    return convert


def _choice_converter(field: Field) -> _Converter:
    maximum = field.max or 0
    exact = frozenset(field.vocabulary)
    folded = frozenset(map(fold, field.vocabulary))
    why = "values-joined" if field.kind == "list" else "one-value"

    def unknown(text: str) -> Fault:
        values = joined(field.vocabulary, text)
        return Fault("not-in-vocabulary", why if values else None, values)

    def convert(text: str) -> str | Fault:
        if text in exact:
            return text
        text = settle(text)
        if len(text) > maximum:
            return Fault("too-long") if field.other else unknown(text)
        form = fold(text)
        own = field.other and form.startswith(OTHER) and form != OTHER
        if not own and form not in folded:
            return unknown(text)
        return text if _writable(text) else Fault("encoding")

    return convert


def _list_reader(field: Field, convert: _Converter) -> Reader:
    maximum = field.max or 0

    def read(value: object) -> Value | Fault | None:
        if value is None:
            return None
        given = [value] if isinstance(value, str) else value
        if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
            return Fault("schema-invalid")
        # Written into a cell and read again, an item that held a separator would be two.
        parts = [part for each in given for part in _SEPARATORS.split(each)]
        texts = [text for part in parts if (text := part.strip()) and not _is_blank(text)]
        if sum(map(len, texts)) + len(texts) - 1 > maximum:
            return Fault("too-long")
        items: list[str] = []
        for text in texts:
            item = convert(text)
            if isinstance(item, Fault):
                return item
            items.append(item)
        return items or None

    return read


def _is_blank(text: str) -> bool:
    """Whether a trimmed text has nothing that is seen."""
    first = text[0]
    return (first in UNSEEN or not first.isalnum()) and not fold(text).strip(_CONTROLS)


def _writable(text: str) -> bool:
    """Whether every reader can hold the text and shows it as it stands: no lone surrogate, which
    canonical JSON cannot write, no NUL, which nobody typed and XML and databases cannot, and no
    mark that turns the direction."""
    if "\0" in text or _TURNING.search(text):
        return False
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False
