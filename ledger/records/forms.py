"""Spellings of one thing that are made one: what a person would call the same value.

Only where a form is fixed: widths, an organisation code with its hyphen, a moment, the words for no
end. All other text stays as sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Final

from ledger.records.fold import WIDTH, fold
from ledger.records.schema_parts import Field

__all__ = ["MOMENTS", "NO_END", "form_of", "moment", "narrow", "organisation_code"]

NO_END: Final = frozenset({"长期", "长期有效", "永久", "永久有效"})
"""What certificates write for a validity without end."""

_ORGANISATION_NAME = "组织机构代码"
_ORGANISATION = re.compile(r"([0-9A-Z]{8})[-‐–—]?([0-9X])")
MOMENTS: Final = frozenset({"SJC"})
"""Text fields that hold a day and a time of it (the 2015 template)."""
_MIDNIGHT = " 00:00:00"
_MOMENT = re.compile(
    r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})"
    r"(?:[T ]+([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.0+)?)?)?"
)
_LONGEST = 40
"""Characters of any of these forms."""
_ROUND_SEPARATORS = re.compile(r"\s*([-/.:年月日])\s*")


def form_of(field: Field) -> Callable[[str], str] | None:
    """What makes the values of a text field one spelling; None where they stay as sent."""
    if field.code in MOMENTS:
        return moment
    return organisation_code if _ORGANISATION_NAME in field.zh else None


def narrow(text: str) -> str:
    """A date or an amount in characters of usual width, without blanks round its separators."""
    if text.isascii() and " " not in text:
        return text
    return _ROUND_SEPARATORS.sub(r"\1", text[:_LONGEST].translate(WIDTH)) + text[_LONGEST:]


def organisation_code(text: str) -> str:
    """`MA4J7943-4` as `MA4J79434`; anything that is no such code as it is."""
    match = _ORGANISATION.fullmatch(fold(text).upper()) if len(text) <= _LONGEST else None
    return match[1] + match[2] if match else text


def moment(text: str) -> str:
    """A day and a time of it as `2024-08-01 09:00:00`, without the time where it is midnight, as
    cells of days are; anything else as it is."""
    match = _MOMENT.fullmatch(text.translate(WIDTH)) if len(text) <= _LONGEST else None
    if match is None:
        return text
    year, _, month, day, hour, minute, second = match.groups("0")
    written = f"{year}-{month:0>2}-{day:0>2} {hour:0>2}:{minute:0>2}:{second:0>2}"
    try:
        return datetime.fromisoformat(written).isoformat(" ").removesuffix(_MIDNIGHT)
    except ValueError:
        return text
