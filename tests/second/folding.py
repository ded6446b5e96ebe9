"""Fold and trim texts as section 2 says."""

_SPACE = (0x20, 0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000)
_SPACES = {*range(0x09, 0x0E), *_SPACE, *range(0x2000, 0x200B)}
_UNSEEN = (
    (0x00AD, 0x00AD),
    (0x034F, 0x034F),
    (0x061C, 0x061C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x2800, 0x2800),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xE0000, 0xE007F),
    (0xE0100, 0xE01EF),
)
_OPEN = "（﹙〔〖【﹝［[⟨〈{｛"
_CLOSE = "）﹚〕〗】﹞］]⟩〉}｝"


def _table() -> dict[int, int | None]:
    table: dict[int, int | None] = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
    table.update({ord(sign): ord("(") for sign in _OPEN})
    table.update({ord(sign): ord(")") for sign in _CLOSE})
    for first, last in _UNSEEN:
        table.update(dict.fromkeys(range(first, last + 1)))
    table.update(dict.fromkeys(_SPACES))
    return table


_TABLE = _table()
_ENDS = "".join(chr(code) for code in sorted(_SPACES | set(range(0x1C, 0x20))))


def fold(text: str) -> str:
    """Fold a text: no white space, nothing unseen, one width, one sort of bracket."""
    return text.translate(_TABLE)


def trim(text: str) -> str:
    """Take the white space from both ends."""
    return text.strip(_ENDS)


def is_empty(text: str) -> bool:
    """Tell whether nothing is left of a text once folded and without control characters."""
    return not [sign for sign in fold(text) if not (ord(sign) < 0x20 or 0x7F <= ord(sign) < 0xA0)]
