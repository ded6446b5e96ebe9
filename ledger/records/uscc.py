"""统一社会信用代码 (USCC): GB 32100-2015 with amendment No. 1 of 2016.

18 characters: [1] registering authority, [2] class, [3-8] administrative division, [9-17]
organisation code of GB 11714 with its own check character, [18] check character. Both check
characters are recomputed. The class is not held against a list: later amendments add to it (54,
villagers' committees), and the check characters already catch what typing gets wrong.
"""

import re
from functools import lru_cache
from operator import mul

from ledger.records.fold import fold

__all__ = [
    "FILLER",
    "LENGTH",
    "check",
    "check_character",
    "has_shape",
    "normalise",
    "organisation_character",
]

FILLER = "00000000000000000X"
"""Stands for "has no USCC" in records about individual businesses; it identifies nobody."""

LENGTH = 18

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # no I, O, S, V, Z
# Authorities 1 … 9, A military, N agriculture, Y other (GB 32100 table 1). A code of zeros would
# pass both checks, so neither authority, class nor division may begin with 0.
_SHAPE = re.compile(rf"[1-9ANY][{_ALPHABET[1:]}][1-9][0-9]{{5}}[{_ALPHABET}]{{10}}")

_CHARACTERS = re.compile(rf"[{_ALPHABET}]{{{LENGTH}}}")

_MODULUS = len(_ALPHABET)
_WEIGHTS = tuple(pow(3, i, _MODULUS) for i in range(17))
_VALUES = bytes.maketrans(_ALPHABET.encode(), bytes(range(_MODULUS)))

_ORGANISATION_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_ORGANISATION_CHECKS = "0X987654321"  # 11 - remainder: 0 stands for 11, X for 10
_ORGANISATION_VALUES = bytes.maketrans(_ORGANISATION_ALPHABET.encode(), bytes(range(36)))


def normalise(text: str) -> str:
    """`text` without white space, in characters of usual width and upper case: the form that is
    stored and committed."""
    return (text if text.isascii() and text.isalnum() else fold(text)).upper()


def has_shape(code: str) -> bool:
    """Whether a normalised code has 18 characters of the alphabet; the filler has."""
    return _CHARACTERS.fullmatch(code) is not None


def check(code: str) -> str | None:
    """The row code of what is wrong with a normalised code, None for a good one."""
    # Nothing longer is remembered: what a stranger sends must not fill the memory.
    return _check(code) if len(code) == LENGTH else "uscc-format"


@lru_cache(maxsize=1 << 16)  # authorities repeat in every row, subjects often
def _check(code: str) -> str | None:
    if not _SHAPE.fullmatch(code):
        return "uscc-check" if code == FILLER else "uscc-format"
    if code[17] != check_character(code[:17]):
        return "uscc-check"
    if code[16] != organisation_character(code[8:16]):
        return "uscc-organisation-check"
    return None


def check_character(first_17: str) -> str:
    """Character 18: (31 - Σ value · 3^(i-1)) mod 31, by the USCC alphabet."""
    total = sum(map(mul, first_17.encode().translate(_VALUES), _WEIGHTS))
    return _ALPHABET[-total % _MODULUS]


def organisation_character(first_8: str) -> str:
    """Character 17: 11 - Σ value · weight mod 11 over 0-9A-Z, where 10 is X and 11 is 0."""
    values = first_8.encode().translate(_ORGANISATION_VALUES)
    return _ORGANISATION_CHECKS[sum(map(mul, values, _ORGANISATION_WEIGHTS)) % 11]
