"""Resident identity numbers in free text (GB 11643-1999): 18 characters with a day of birth and a
check character of ISO 7064. Texts of decisions quote them; they are data about a person, so fields
that hold one are shown only where they are asked for by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Final

from ledger.records.fold import WIDTH

__all__ = ["holding_person_ids", "holds_person_id"]

_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS: Final = "10X98765432"
_DIVISIONS: Final = frozenset("11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51"
                              " 52 53 54 61 62 63 64 65 71 81 82 83".split())  # fmt: skip
"""GB/T 2260: the provinces, and the numbers for residents of Taiwan, Hong Kong and Macao."""
_DIGITS: Final = 18
_NONE: Final[frozenset[str]] = frozenset()
_LIKELY = re.compile(r"[0-9０-９]{6}[ -]?(?:1[89]|20|１[８９]|２０)[0-9０-９]{2}")
"""How any such number begins; most records have nothing like it."""
# One behind another, and no part of a longer number or code. Blanks and hyphens group digits.
_NUMBER = re.compile(
    r"(?<![0-9A-Za-z])([1-9][0-9]{5})[ -]?((?:18|19|20)[0-9]{2})[ -]?([0-9]{2})[ -]?([0-9]{2})[ -]?"
    r"([0-9]{3}[0-9Xx])(?![0-9A-Za-z])"
)


def holds_person_id(text: str) -> bool:
    """Whether a resident identity number stands in the text."""
    if not _LIKELY.search(text):
        return False
    return any(_is_number(match) for match in _NUMBER.finditer(text.translate(WIDTH)))


def holding_person_ids(fields: Mapping[str, str | list[str]]) -> frozenset[str]:
    """The codes of the fields whose text holds one."""
    long = {}  # too short ones, which most are, are not searched
    for code, value in fields.items():
        text = value if isinstance(value, str) else "\n".join(value)
        if len(text) >= _DIGITS:
            long[code] = text
    if not _LIKELY.search("\n".join(long.values())):
        return _NONE
    return frozenset(code for code, text in long.items() if holds_person_id(text))


def _is_number(match: re.Match[str]) -> bool:
    number = "".join(match.groups()).upper()
    if number[:2] not in _DIVISIONS:
        return False
    try:
        date(int(match[2]), int(match[3]), int(match[4]))
    except ValueError:
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number, strict=False))
    return number[17] == _CHECKS[total % len(_CHECKS)]
