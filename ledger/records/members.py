"""Reading the members of a JSON object that somebody else wrote: each of the right type and within
bounds, none missing, none left over. Whatever is wrong raises Malformed and names the member.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Final, TypeVar

from ledger.core.canonical import parse_day
from ledger.core.errors import Malformed

T = TypeVar("T")

MAX_TEXT: Final = 1000
"""Characters of a text nobody bounds closer; a source or title takes a tenth."""
MAX_VERSION: Final = 999_999_999
"""What nine digits can say, as the pattern of schema and rules ids does."""
NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")
"""A type, family, rule set or kind of authority; fits the bytes32 of a catalogue item."""


class Members:
    """Takes the members out of one object. what: how errors call it."""

    def __init__(self, what: str, tree: object) -> None:
        if type(tree) is not dict:
            raise Malformed(what, "not an object")
        self.what = what
        self._left: dict[str, Any] = dict(tree)

    def fault(self, problem: str) -> Malformed:
        """The error that this object deserves."""
        return Malformed(self.what, problem)

    def done(self) -> None:
        """Refuse members that nobody took."""
        if self._left:
            raise self.fault(f"unknown member {sorted(self._left)[0][:64]}")

    def has(self, name: str) -> bool:
        """Whether the member is there and was not taken yet."""
        return name in self._left

    def text(self, name: str, *, max_: int = MAX_TEXT, like: re.Pattern[str] | None = None) -> str:
        """A text that is not empty; like: the pattern that the whole of it has."""
        text: str = self._take(name, str)
        if not 0 < len(text) <= max_ or (like is not None and not like.fullmatch(text)):
            raise self.fault(f"{name} is empty, too long or not of its form")
        return text

    def one_of(self, name: str, values: Sequence[T]) -> T:
        """One of the texts."""
        text = self.text(name)
        for value in values:
            if value == text:
                return value
        raise self.fault(f"{name} is none of {', '.join(map(str, values))}")

    def number(self, name: str, low: int, high: int) -> int:
        """An integer from low to high."""
        value: int = self._take(name, int)
        if not low <= value <= high:
            raise self.fault(f"{name} is not {low} … {high}")
        return value

    def flag(self, name: str) -> bool:
        """true or false."""
        value: bool = self._take(name, bool)
        return value

    def day(self, name: str) -> date:
        """A day, YYYY-MM-DD."""
        try:
            return parse_day(self.text(name))
        except Malformed as error:
            raise self.fault(f"{name} is no day YYYY-MM-DD") from error

    def pair(self, name: str, *, max_: int = MAX_TEXT) -> dict[str, str]:
        """A text for people: {"zh", "en"}."""
        inner = self.object(name)
        texts = {language: inner.text(language, max_=max_) for language in ("zh", "en")}
        inner.done()
        return texts

    def object(self, name: str) -> Members:
        """An object."""
        return Members(f"{self.what}, {name}", self._take(name, dict))

    def texts(self, name: str, *, most: int, max_: int = MAX_TEXT) -> tuple[str, ...]:
        """A list of 1 … most texts, none twice."""
        items = self.items(name, most=most)
        if not all(type(item) is str and 0 < len(item) <= max_ for item in items):
            raise self.fault(f"{name} is not a list of texts of at most {max_} characters")
        if len(set(items)) != len(items):
            raise self.fault(f"{name} has a text twice")
        return tuple(items)

    def items(self, name: str, *, most: int, least: int = 1) -> list[Any]:
        """A list of least … most things."""
        items: list[Any] = self._take(name, list)
        if not least <= len(items) <= most:
            raise self.fault(f"{name} has not {least} … {most} items")
        return items

    def names(self, *, most: int) -> tuple[str, ...]:
        """The names of the members that nobody took yet, at most so many."""
        if len(self._left) > most:
            raise self.fault(f"more than {most} members")
        return tuple(self._left)

    def maybe(self, name: str, take: Callable[[str], T]) -> T | None:
        """What `take` makes of the member; None where it is not there."""
        return take(name) if name in self._left else None

    def _take(self, name: str, kind: type) -> Any:
        if name not in self._left:
            raise self.fault(f"no member {name}")
        value = self._left.pop(name)
        if type(value) is not kind:
            raise self.fault(f"{name} is no {kind.__name__}")
        return value
