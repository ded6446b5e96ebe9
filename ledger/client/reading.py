"""Reading JSON of a gateway: what is needed must be there, what is more is left alone.

An interface may gain members at any time, so nothing here minds one that it does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ledger.client.errors import AnswerMalformed
from ledger.client.wire import Answer
from ledger.core.texts import Text


class Members:
    """Members of one JSON object. what: the object, for messages, which never repeat values."""

    def __init__(self, url: str, what: str, value: Any) -> None:
        self._url = url
        self._what = what
        if not isinstance(value, dict):
            raise self._wrong("", "is no object")
        self.raw: Mapping[str, Any] = value

    def text(self, name: str) -> str:
        """A text."""
        value = self.raw.get(name)
        if not isinstance(value, str):
            raise self._wrong(name, "is no text")
        return value

    def text_or_none(self, name: str) -> str | None:
        """A text; None: null, or not there."""
        return None if self.raw.get(name) is None else self.text(name)

    def integer(self, name: str) -> int:
        """An integer."""
        value = self.raw.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._wrong(name, "is no integer")
        return value

    def integer_or_none(self, name: str) -> int | None:
        """An integer; None: null, or not there."""
        return None if self.raw.get(name) is None else self.integer(name)

    def flag(self, name: str) -> bool:
        """true or false; not there is false."""
        value = self.raw.get(name, False)
        if not isinstance(value, bool):
            raise self._wrong(name, "is neither true nor false")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; not there is none."""
        value = self.raw.get(name, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self._wrong(name, "is no list of texts")
        return tuple(value)

    def integers(self, name: str) -> tuple[int, ...]:
        """A list of integers; not there is none."""
        value = self.raw.get(name, [])
        if not isinstance(value, list) or not all(type(one) is int for one in value):
            raise self._wrong(name, "is no list of integers")
        return tuple(value)

    def languages(self, name: str) -> Text | None:
        """What is said to people; None: nothing."""
        value = self.raw.get(name)
        if value is None:
            return None
        if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
            raise self._wrong(name, "is no text in several languages")
        return value

    def counts(self, name: str) -> Mapping[str, int]:
        """Numbers by name; not there is none."""
        value = self.raw.get(name, {})
        if not isinstance(value, dict) or not all(isinstance(one, int) for one in value.values()):
            raise self._wrong(name, "is no list of numbers")
        return value

    def object(self, name: str) -> Members:
        """An object."""
        return Members(self._url, f"{self._what}.{name}", self.raw.get(name))

    def objects(self, name: str) -> list[Members]:
        """A list of objects; not there is none."""
        value = self.raw.get(name, [])
        if not isinstance(value, list):
            raise self._wrong(name, "is no list")
        return [Members(self._url, f"{self._what}.{name}", one) for one in value]

    def _wrong(self, name: str, problem: str) -> AnswerMalformed:
        where = f"{self._what}.{name}" if name else self._what
        return AnswerMalformed(self._url, f"{where} {problem}")


def members(answer: Answer, what: str) -> Members:
    """The object that an answer is. Raises AnswerMalformed."""
    return Members(answer.url, what, answer.json())


def listed(answer: Answer, what: str) -> list[Members]:
    """The list of objects that an answer is. Raises AnswerMalformed."""
    value = answer.json()
    if not isinstance(value, list):
        raise AnswerMalformed(answer.url, f"{what} is no list")
    return [Members(answer.url, what, one) for one in value]
