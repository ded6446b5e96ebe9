"""Resident identity numbers in free text (GB 11643): 18 characters with a day of birth and a check
character of ISO 7064, or the 15 digits of before 1999, which have neither century nor check. Texts
of decisions quote them; they are data about a person, so fields that hold one are shown only where
they are asked for by name.

Fifteen digits are lawful numbers of firms too: a registration number (6 of the division, 8, and a
check digit of ISO 7064) and a tax number (6 of the division, the organisation code of 9). So they
count as a person's only with a county, a day of birth from 1920 on, and neither check digit of a
firm. One old number in six passes for a firm's by chance and is missed, unless 身份证 stands before
it; a registration number with a wrong check digit is taken for a person's in some of a hundred
cases. The one shows what should be hidden, the other hides a field that may be asked for by name.
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
_SHORTEST: Final = 15
_NONE: Final[frozenset[str]] = frozenset()
_DASHES: Final = "‐‑‒–—―−"
_DOTS: Final = "·・•‧。"
_GAP: Final = "[^0-9０-９A-Za-z一-鿿]*"
"""More than what may stand between digits, and quickly told."""
_LIKELY = re.compile(
    _GAP.join(
        (*["[0-9０-９]"] * 6, f"(?:[1１]{_GAP}[89８９]|[2２]{_GAP}[0０])", *["[0-9０-９]"] * 2)
    )
)
"""How any such number begins, whatever stands between its digits; most records have nothing like
it. Digits and gaps share no character, so a text is read at most ten times."""
_LIKELY_OLD = re.compile(
    rf"(?<![0-9０-９])[0-9０-９]{{6}}{_GAP}[2-9２-９][0-9０-９][01０１][0-9０-９][0-3０-３][0-9０-９]"
    rf"{_GAP}[0-9０-９]{{3}}(?![0-9０-９A-Za-z])"
)
"""How an old one stands in a text; what is not seen may stand at the borders of its groups."""
_FORMS: Final = {
    **WIDTH,
    **dict.fromkeys(map(ord, UNSEEN)),
    **dict.fromkeys(map(ord, _DASHES), "-"),
    **dict.fromkeys(map(ord, _DOTS), "."),
}
# Found one in another, for digits before may be grouped with it, and no part of a longer number.
# Words in letters stand close to it (`ID1101…`). Blanks, hyphens and dots group
# digits.
_NUMBER = re.compile(r"(?<![0-9])(?=([1-9](?:[\s.-]{0,3}[0-9]){16}[\s.-]{0,3}[0-9Xx])(?![0-9]))")
# Of old ones the three groups alone are parted: with more, half of all lists of numbers hold one.
_OLD = re.compile(
    r"(?<![0-9])([1-9][0-9]{5})[\s.-]{0,3}([2-9][0-9]{5})[\s.-]{0,3}([0-9]{3})(?![0-9A-Za-z])"
)
_BETWEEN = re.compile(r"[\s.-]+")
_WORD: Final = "身份证"
_NEAR: Final = 16
"""Characters before a number in which the word says what it is."""
_ORGANISATION: Final = 8
_COUNTIES: Final = _DIVISIONS - {"71", "81", "82", "83"}


def holds_person_id(text: str) -> bool:
    """Whether a resident identity number stands in the text."""
    if not _may_hold(text):
        return False
    plain = text.translate(_FORMS)
    found = _NUMBER.finditer(plain)
    if any(_is_number(_BETWEEN.sub("", match[1]).upper()) for match in found):
        return True
    for match in _OLD.finditer(plain):
        before = plain[max(0, match.start() - _NEAR) : match.start()]
        if _is_old("".join(match.groups()), said=_WORD in before):
            return True
    return False


def _may_hold(text: str) -> bool:
    return bool(_LIKELY.search(text) or _LIKELY_OLD.search(text))


def holding_person_ids(fields: Mapping[str, str | list[str]]) -> frozenset[str]:
    """The codes of the fields whose text holds one."""
    long = {}  # too short ones, which most are, are not searched
    for code, value in fields.items():
        text = value if isinstance(value, str) else "\n".join(value)
        if len(text) >= _SHORTEST:
            long[code] = text
    if not _may_hold("\n".join(long.values())):
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


def _is_old(number: str, *, said: bool) -> bool:
    """Whether 15 digits are a person's. said: the text calls them so."""
    if number[:2] not in _COUNTIES or "00" in (number[2:4], number[4:6]):
        return False
    try:
        date(1900 + int(number[6:8]), int(number[8:10]), int(number[10:12]))
    except ValueError:
        return False
    return said or not (_is_registration(number) or _is_tax_number(number))


def _is_registration(number: str) -> bool:
    """Whether the check digit is that of a registration number of a firm (ISO 7064, MOD 11, 10)."""
    rest = 10
    for digit in number[:-1]:
        rest = (rest + int(digit)) % 10 or 10
        rest = rest * 2 % 11
    return (rest + int(number[-1])) % 10 == 1


def _is_tax_number(number: str) -> bool:
    """Whether an organisation code stands behind the division."""
    subject = number[6 : 6 + _ORGANISATION]
    return uscc.organisation_character(subject) == number[-1]
