"""What people type, as the interface takes it."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Final

MOST_DIGITS: Final = 15
"""Of a number that JSON carries; Python itself reads no more than 4,300 of them."""
_DASHES: Final = re.compile(r"[\s\u2010-\u2015_-]+")
_DAY: Final = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?")


def number(text: str) -> int | str:
    """The number that a text is; the text itself where it is none, which the interface then says
    with the name of the field."""
    digits = text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
    return int(text) if digits else text


def report_number(text: str) -> str:
    """The number of a report in its one spelling, of how people type it: small letters, blanks for
    hyphens, the full-width characters of Chinese keyboards."""
    folded = _DASHES.sub("-", unicodedata.normalize("NFKC", text).strip())
    issuer, dash, rest = folded.partition("-")
    return issuer + dash + rest.upper()


def day(text: str) -> str | None:
    """A day as ISO 8601 writes it, of how people write days; None: it is none."""
    found = _DAY.fullmatch(unicodedata.normalize("NFKC", text).replace(" ", ""))
    if found is None:
        return None
    try:
        return date(*map(int, found.groups())).isoformat()
    except ValueError:
        return None
