"""The matching form of a text.

Brackets, width and white space are folded so that `样罚〔2024〕1号`, `样罚（2024）1号` and
`样罚 [2024] 1号` match. Only keys and look-ups use it: what is stored and committed is the text
as sent (design 3.1).
"""

from __future__ import annotations

from typing import Final

from ledger.records.characters import MOVED

__all__ = ["UNSEEN", "WIDTH", "fold"]

# Brackets in use round the year of a document number or inside a name; book title marks (《》)
# and quotation marks are content and stay.
_BRACKETS = {"(": "（﹙〔〖【﹝［[⟨〈{｛", ")": "）﹚〕〗】﹞］]⟩〉}｝"}
# Full-width forms U+FF01 … U+FF5E of the ASCII characters 0x21 … 0x7E.
WIDTH: Final = {0x3000: 0x20} | {code + 0xFEE0: code for code in range(0x21, 0x7F)}
"""Full-width forms to those of usual width, for `str.translate`; blanks stay blanks."""
# Nothing is seen of these: what editors and web pages leave behind, marks of direction, fillers of
# Hangul, the empty pattern of Braille, and selectors of a glyph.
_UNSEEN_RANGES = (
    (0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5),
    (0x180B, 0x180F), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x2800, 0x2800),
    (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xE0000, 0xE007F),
    (0xE0100, 0xE01EF),
)  # fmt: skip
UNSEEN: Final = frozenset(
    chr(code) for first, last in _UNSEEN_RANGES for code in range(first, last + 1)
)
"""Characters of no look of their own; white space is not among them."""

_TABLE: dict[int, int | str | None] = {
    **WIDTH,
    **MOVED,
    **{ord(form): plain for plain, forms in _BRACKETS.items() for form in forms},
    **{ord(char): None for char in UNSEEN},
    **{code: None for code in range(0x10000) if chr(code).isspace()},
}


def fold(text: str) -> str:
    """`text` without white space and what is not seen, with ASCII for full-width forms, round
    brackets for all, and one spelling for the characters that encodings disagree about."""
    return text.translate(_TABLE)
