"""Members of a parsed canonical object, each of one kind; Malformed where one is another."""

from collections.abc import Mapping
from typing import Any

from ledger.core.canonical import b64u_decode, unhex32
from ledger.core.errors import Malformed
from ledger.core.ids import Digest

__all__ = ["digest", "integer", "salt", "text"]

_SALT_SIZE = 32
_SALT_LENGTH = 43  # characters of 32 bytes as base64url


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
