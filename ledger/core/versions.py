"""Formats of ours in versions that this program does not know.

Deployed verifiers outlive their formats: `receipt@2` is no bad receipt but one that is newer than
the program. So what claims to be of another version is never judged by the rules of version 1.
"""

import re
from codecs import BOM_UTF8
from collections.abc import Callable
from typing import Any

import orjson

from ledger.core.errors import Malformed, VersionUnknown

__all__ = ["MAX_LEVELS", "NAME", "look", "loose", "refuse_other"]

# Names of algorithms and suites; what is none cannot be a newer one either.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")

_TYPE = re.compile(r"credit-ledger/[a-z][a-z-]{0,31}@(?P<version>[1-9][0-9]{0,8})")
# How every canonical file of ours begins, whatever its version allows behind it.
_START = re.compile(rb'\s*\{\s*"_type"\s*:\s*"(?P<type>[a-z-]+/[a-z-]+@[0-9]+)"')
_START_BYTES = 256
MAX_LEVELS = 100
"""Levels of objects and lists of what is no file of ours. Ours have ten; what is deeper is read by
no two parsers alike."""


def refuse_other(type_: object) -> None:
    """Raise VersionUnknown where the `_type` of an object names another version than 1."""
    match = _TYPE.fullmatch(type_) if isinstance(type_, str) else None
    if match is not None and match["version"] != "1":
        raise VersionUnknown("format", match[0])


def loose(data: bytes) -> Any:
    """The JSON value in bytes that need not be canonical; None where there is none.

    Raises VersionUnknown where it is an object of a format of ours in another version, which may
    be spelled and as long as it likes; one that is deeper than MAX_LEVELS is nothing to us.
    """
    data = data.removeprefix(BOM_UTF8)
    start = _START.match(data[:_START_BYTES])
    if start is not None:
        refuse_other(start["type"].decode())
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    if _is_deep(value):
        return None
    if isinstance(value, dict):
        refuse_other(value.get("_type"))
    return value


def _is_deep(value: Any) -> bool:
    level = _boxes([value])
    for _ in range(MAX_LEVELS):
        level = [box for one in level for box in _boxes(one)]
    return bool(level)


def _boxes(value: Any) -> list[Any]:
    """The objects and lists that stand in one."""
    items = value.values() if isinstance(value, dict) else value
    return [one for one in items if isinstance(one, dict | list)]


def look(parser: Callable[[Any], object], value: object) -> None:
    """Raise VersionUnknown where `parser` finds an unknown version in a text or object.

    What is malformed in it is none of our business: whoever looks has found something malformed
    already, and asks whether that counts.
    """
    try:
        parser(value)
    except Malformed:
        return
