"""Characters that encodings of the same text disagree about.

GB 18030-2022 gave eighteen characters of the standard the code points that Unicode has for them;
editions before, and the codecs of many programs still, put them into the area for private use.
Six rare characters and one letter with an accent moved in the same way between other editions and
codecs. A name must not have two spellings by the program that wrote it, so the code points of
Unicode are taken for all of them. Nothing else is changed: compatibility forms (Kangxi radicals,
U+2F00 …; unified forms of others, U+F900 …) are different characters in every encoding.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["MOVED", "settle"]

_PUNCTUATION = (0xFE10, 0xFE12, 0xFE11, *range(0xFE13, 0xFE1A))  # vertical forms, A6D9 …
_IDEOGRAPHS = (0xE81E, 0xE826, 0xE82B, 0xE82C, 0xE832, 0xE843, 0xE854, 0xE864)  # FE59 …
_RARE = {
    0xE816: 0x20087,
    0xE817: 0x20089,
    0xE818: 0x200CC,
    0xE831: 0x215D7,
    0xE83B: 0x2298F,
    0xE855: 0x241FE,
}

MOVED: Final = {
    **dict(zip(range(0xE78D, 0xE797), _PUNCTUATION, strict=True)),
    **dict(zip(_IDEOGRAPHS, range(0x9FB4, 0x9FBC), strict=True)),
    **_RARE,
    0xE7C7: 0x1E3F,
}
"""Code point for private use -> the one of Unicode, for `str.translate`."""

_FIRST_LAST = re.compile(f"[{chr(min(MOVED))}-{chr(max(MOVED))}]")


def settle(text: str) -> str:
    """`text` with each of these characters in its one spelling."""
    return text.translate(MOVED) if _FIRST_LAST.search(text) else text
