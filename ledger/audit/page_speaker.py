"""How the page of a report speaks in one language: words, members, times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Final, Literal

from ledger.audit.html import Node, element
from ledger.audit.page_words import REGIONS, WORDS
from ledger.core.canonical import MAX_INSTANT
from ledger.core.texts import Text

__all__ = ["LANGUAGES", "Language", "Speaker", "code"]

Language = Literal["zh", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")
_TAGS: Final[Mapping[Language, str]] = {"zh": "zh-CN", "en": "en"}
_SHANGHAI: Final = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class Speaker:
    """One language."""

    language: Language

    @property
    def tag(self) -> str:
        """As HTML names it."""
        return _TAGS[self.language]

    def __call__(self, word: str, **values: object) -> str:
        """A text of `WORDS`. values: what stands in its braces."""
        return WORDS[word][self.language].format(**values)

    def of(self, text: Text) -> str:
        """A text in this language."""
        return text[self.language]

    def named(self, name: str, words: Mapping[str, Text]) -> str:
        """The words of a name; the name itself where there are none."""
        return self.of(words[name]) if name in words else name

    def member(self, code: str, nobody: str = "nobody") -> str:
        """Name and code of a member."""
        if not code:
            return self(nobody)
        return f"{self.of(REGIONS[code])} {code}" if code in REGIONS else code

    def time(self, seconds: int) -> str:
        """An instant in Beijing time; "-" for none."""
        if not 0 < seconds <= MAX_INSTANT - 8 * 3600:
            return "-"
        at = datetime.fromtimestamp(seconds, UTC).astimezone(_SHANGHAI)
        return f"{at:%Y-%m-%d %H:%M:%S} (UTC+8)"


def code(text: object) -> Node:
    """Text of machines, apart from the words around it whatever its direction."""
    return element("code", str(text), dir="ltr")
