"""Values of an action for people's eyes: each of them, and none that could steer a terminal.

What is shown is chosen by whoever proposed it. Every text comes out on one line; one that is not
what it should be comes out as an escaped literal, so that it cannot pass for words of ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ledger.core.canonical import MAX_INSTANT, hex0x, instant
from ledger.core.keys import Purpose, Role

_URL = re.compile(r"https?://[!#-&(-~]+")
_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z._:@-]*")
_TIMES = frozenset(
    {"since", "from", "until", "notBefore", "notAfter", "effectiveAt", "refiledFrom"}
    | {"deadline", "expiresAt", "compromisedSince"}
)


def roles(number: int) -> str:
    """Names of roles; a bit of later times as its number."""
    names = [str(role.name) for role in Role if number & role]
    rest = number & ~sum(Role)
    return ", ".join([*names, *([str(rest)] if rest else [])])


def purpose(number: int) -> str:
    """Name of a purpose; one of later times as its number."""
    return Purpose(number).name if number in tuple(Purpose) else str(number)


def moment(seconds: int) -> str:
    """An instant; what no calendar can write as a number."""
    return instant(seconds) if seconds <= MAX_INSTANT else str(seconds)


def safe_text(name: str, text: str) -> str:
    """A text of this name as it is where it is a URL (endpoints) or a code (all others), else an
    escaped literal in quotes: plain ASCII on one line, another one for every text."""
    usual = _URL if name == "endpoint" else _CODE
    return text if not text or usual.fullmatch(text) else ascii(text)


def safe(values: Any, name: str = "") -> Any:
    """Values with every text in them as `safe_text` has it; numbers and bytes as they are."""
    if isinstance(values, str):
        return safe_text(name, values)
    if isinstance(values, Mapping):
        return {key: safe(value, key) for key, value in values.items()}
    if isinstance(values, list | tuple):
        return [safe(value, name) for value in values]
    return values


def every_value(values: Mapping[str, Any]) -> list[str]:
    """A line `path: value` for each leaf: values that differ anywhere give lines that differ."""
    return [
        f"{path}: {text}" for key, value in values.items() for path, text in _leaves(key, value)
    ]


def _leaves(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(f"{path}.{key}", item)
    elif isinstance(value, list | tuple):
        yield from _of_list(path, value)
    else:
        yield path, _leaf(path.rpartition(".")[2], value)


def _of_list(path: str, items: Sequence[Any]) -> Iterator[tuple[str, str]]:
    if not items:
        yield path, "[]"
    for number, item in enumerate(items):
        yield from _leaves(f"{path}[{number}]", item)


def _leaf(name: str, value: Any) -> str:
    if isinstance(value, bytes):
        return hex0x(value)
    if isinstance(value, str):
        return safe_text(name, value) or "-"
    said = _said(name, value)
    return str(value) if said == str(value) else f"{value} ({said})"


def _said(name: str, value: int) -> str:
    """What a number means, where it has a name."""
    if name == "roles":
        return roles(value) or "-"
    if name == "purpose":
        return purpose(value)
    return moment(value) if name in _TIMES and value else str(value)
