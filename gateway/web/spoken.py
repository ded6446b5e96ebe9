"""The language of parts: on an English page, what stands in Chinese says that it does.

A screen reader speaks the page in its language, and what is in another one only by its marks (WCAG
2.2, 3.1.2). Names of firms, documents and authorities come from records, in
any place of any page, so they are marked where the page is whole.
"""

from __future__ import annotations

import re
from typing import Final

_HAN: Final = "\u3400-\u4dbf\u4e00-\u9fff"
_BESIDE: Final = "\u3000-\u303f\uff00-\uffef"
"""Brackets and stops of Chinese texts."""
_RUN: Final = re.compile(
    rf"[{_BESIDE}]*[{_HAN}](?:[0-9 .·()/_-]*[{_HAN}{_BESIDE}])*[0-9]*(?:\.[a-z0-9]{{2,5}}\b)?"
)
"""With a number at its end, and with the end of the name of a file, which is one name."""
_MARKUP: Final = re.compile(
    r"<!--.*?-->"
    r"|<(script|style|title|option|textarea)\b.*?</\1\s*>"
    r"|<[a-zA-Z/!](?:\"[^\"]*\"|'[^']*'|[^'\">])*>",
    re.DOTALL,
)
"""What no element may be put into, and tags."""


def spoken(page: str) -> str:
    """An English page of ours, its Chinese texts marked."""
    made, at = [], 0
    for markup in _MARKUP.finditer(page):
        made += [_marked(page[at : markup.start()]), markup[0]]
        at = markup.end()
    return "".join([*made, _marked(page[at:])])


def _marked(text: str) -> str:
    return text if text.isascii() else _RUN.sub(r'<span lang="zh-CN">\g<0></span>', text)
