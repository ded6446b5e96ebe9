"""Members of a parsed canonical object, each of one kind; Malformed where one is another."""

import re
from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any, TypeVar

from ledger.core.canonical import b64u_decode, parse_day, unhex32
from ledger.core.errors import Malformed
from ledger.core.ids import Digest

__all__ = [
    "ascending",
    "bounded",
    "day",
    "demand_members",
    "digest",
    "integer",
    "matching",
    "one_of",
    "optional",
    "salt",
    "text",
    "within",
]

_T = TypeVar("_T")

_SALT_SIZE = 32
_SALT_LENGTH = 43  # characters of 32 bytes as base64url


def demand_members(what: str, value: Mapping[str, Any], wanted: Set[str]) -> None:
    """Raise Malformed unless these are exactly its members."""
    if value.keys() != wanted:
        raise Malformed(what, "members missing or unknown")


def text(value: Mapping[str, Any], name: str) -> str:
    """The text of a member that is there."""
    found = value[name]
    if not isinstance(found, str):
        raise Malformed(name, "is not text")
    return found


def integer(value: Mapping[str, Any], name: str) -> int:
    """The integer of a member that is there."""
    found = value[name]
    if type(found) is not int:  # a boolean is an int to Python
        raise Malformed(name, "is not an integer")
    return found


def digest(value: Mapping[str, Any], name: str) -> Digest:
    """The 32 bytes of a digest or id."""
    return Digest(unhex32(text(value, name)))


def salt(value: Mapping[str, Any], name: str) -> bytes:
    """The 32 bytes of a salt."""
    found = text(value, name)
    data = b64u_decode(found) if len(found) == _SALT_LENGTH else b""
    if len(data) != _SALT_SIZE:
        raise Malformed(name, f"is not base64url of {_SALT_SIZE} bytes")
    return data


def day(value: Mapping[str, Any], name: str) -> str:
    """An ISO day."""
    return parse_day(text(value, name)).isoformat()


def one_of(value: Mapping[str, Any], name: str, known: Set[str]) -> str:
    """One of the words that there are."""
    found = text(value, name)
    if found not in known:
        raise Malformed(name, "is none of those that there are")
    return found


def matching(value: Mapping[str, Any], name: str, like: re.Pattern[str]) -> str:
    """A text that is spelled like this, from its beginning to its end."""
    found = text(value, name)
    if not like.fullmatch(found):
        raise Malformed(name, "is not spelled as it must be")
    return found


def bounded(value: Mapping[str, Any], name: str, least: int, most: int) -> str:
    """A text of so many characters."""
    found = text(value, name)
    if not least <= len(found) <= most:
        raise Malformed(name, f"is not {least} … {most} characters long")
    return found


def within(value: Mapping[str, Any], name: str, least: int, most: int) -> int:
    """An integer that is neither smaller nor larger."""
    found = integer(value, name)
    if not least <= found <= most:
        raise Malformed(name, f"is not {least} … {most}")
    return found


def ascending(
    value: Mapping[str, Any], name: str, like: re.Pattern[str], most: int
) -> tuple[str, ...]:
    """A list of 1 … `most` texts that are spelled like this, ascending, each once."""
    found = value[name]
    if not isinstance(found, Sequence) or isinstance(found, str) or not 1 <= len(found) <= most:
        raise Malformed(name, f"is not a list of 1 … {most}")
    if not all(isinstance(item, str) and like.fullmatch(item) for item in found):
        raise Malformed(name, "holds what is not spelled as it must be")
    if list(found) != sorted(set(found)):
        raise Malformed(name, "holds one twice, or not in order")
    return tuple(found)


def optional(
    value: Mapping[str, Any], name: str, read: Callable[[Mapping[str, Any], str], _T]
) -> _T | None:
    """What `read` makes of a member; None where it is null."""
    return None if value[name] is None else read(value, name)
