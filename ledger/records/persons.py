"""Resident identity numbers in free text (GB 11643-1999): 18 characters with a day of birth and a
check character of ISO 7064. Texts of decisions quote them; they are data about a person, so fields
that hold one are shown only where they are asked for by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Final

from ledger.records import uscc
from ledger.records.fold import UNSEEN, WIDTH

__all__ = ["holding_person_ids", "holds_person_id"]

_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS: Final = "10X98765432"
_DIVISIONS: Final = frozenset("11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51"
                              " 52 53 54 61 62 63 64 65 71 81 82 83".split())  # fmt: skip
"""GB/T 2260: the provinces, and the numbers for residents of Taiwan, Hong Kong and Macao."""
_CENTURIES: Final = ("18", "19", "20")
_DIGITS: Final = 18
_NONE: Final[frozenset[str]] = frozenset()
_DASHES: Final = "‐‑‒–—―−"
_GAP: Final = "[^0-9０-９A-Za-z一-鿿]*"
"""More than what may stand between digits, and quickly told."""
_LIKELY = re.compile(
    _GAP.join(
        (*["[0-9０-９]"] * 6, f"(?:[1１]{_GAP}[89８９]|[2２]{_GAP}[0０])", *["[0-9０-９]"] * 2)
    )
)
"""How any such number begins, whatever stands between its digits; most records have nothing like
it. Digits and gaps share no character, so a text is read at most ten times."""
_FORMS: Final = WIDTH | dict.fromkeys(map(ord, UNSEEN)) | dict.fromkeys(map(ord, _DASHES), "-")
# Found one in another, for digits before may be grouped with it, and no part of a longer number.
# Words in letters stand close to it (`ID1101…`). Blanks and hyphens group digits.
_NUMBER = re.compile(r"(?<![0-9])(?=([1-9](?:[\s-]{0,3}[0-9]){16}[\s-]{0,3}[0-9Xx])(?![0-9]))")
_BETWEEN = re.compile(r"[\s-]+")


def holds_person_id(text: str) -> bool:
    """Whether a resident identity number stands in the text."""
    if not _LIKELY.search(text):
        return False
    found = _NUMBER.finditer(text.translate(_FORMS))
    return any(_is_number(_BETWEEN.sub("", match[1]).upper()) for match in found)


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


def _is_number(number: str) -> bool:
    if number[:2] not in _DIVISIONS or number[6:8] not in _CENTURIES:
        return False
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number, strict=False))
    # A code of an institution (12…) may look like one by chance; few numbers look like a code.
    return number[17] == _CHECKS[total % len(_CHECKS)] and uscc.check(number) is not None
