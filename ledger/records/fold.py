"""The matching form of a text.

Brackets, width and white space are folded so that `样罚〔2024〕1号`, `样罚（2024）1号` and
`样罚 [2024] 1号` match. Only keys and look-ups use it: what is stored and committed is the text
as sent (design 3.1).
"""

from __future__ import annotations

from typing import Final

from ledger.records.characters import MOVED

__all__ = ["WIDTH", "fold"]

# Brackets in use round the year of a document number or inside a name; book title marks (《》)
# and quotation marks are content and stay.
_BRACKETS = {"(": "（﹙〔〖【﹝［[⟨〈{｛", ")": "）﹚〕〗】﹞］]⟩〉}｝"}
# Full-width forms U+FF01 … U+FF5E of the ASCII characters 0x21 … 0x7E.
WIDTH: Final = {0x3000: 0x20} | {code + 0xFEE0: code for code in range(0x21, 0x7F)}
"""Full-width forms to those of usual width, for `str.translate`; blanks stay blanks."""
# Characters without a width that editors and web pages leave behind.
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff"

_TABLE: dict[int, int | str | None] = {
    **WIDTH,
    **MOVED,
    **{ord(form): plain for plain, forms in _BRACKETS.items() for form in forms},
    **{ord(char): None for char in _INVISIBLE},
    **{code: None for code in range(0x10000) if chr(code).isspace()},
}


def fold(text: str) -> str:
    """`text` without white space, with ASCII for full-width forms, round brackets for all, and one
    spelling for the characters that encodings disagree about."""
    return text.translate(_TABLE)
