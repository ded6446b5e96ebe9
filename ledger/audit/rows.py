"""Lists of a report that may be longer than a memory: their items wait in a temporary file, as the
canonical JSON that they are in the report."""

from __future__ import annotations

import tempfile
import weakref
from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, overload

import orjson

from ledger.core import canonical

__all__ = ["Rows", "pieces", "plain"]

_HELD: Final = 1 << 20
"""Bytes of a list that need no file."""


class Rows(Sequence[dict[str, Any]]):
    """A list to which items are added, and of which any is read again. Its file goes with it."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=_HELD)
        self._ends = array("Q", [0])
        weakref.finalize(self, self._file.close)

    def append(self, item: Mapping[str, Any]) -> None:
        """One more. Raises Malformed where it has no canonical JSON."""
        data = canonical.encode(dict(item))
        self._file.seek(self._ends[-1])
        self._file.write(data)
        self._ends.append(self._ends[-1] + len(data))

    def __len__(self) -> int:
        return len(self._ends) - 1

    @overload
    def __getitem__(self, at: int) -> dict[str, Any]: ...

    @overload
    def __getitem__(self, at: slice) -> list[dict[str, Any]]: ...

    def __getitem__(self, at: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        if isinstance(at, slice):
            return [self[one] for one in range(len(self))[at]]
        found: dict[str, Any] = orjson.loads(self._read(range(len(self))[at]))
        return found

    def encoded(self) -> Iterator[bytes]:
        """The items as they stand in the report."""
        for at in range(len(self)):
            yield self._read(at)

    def _read(self, at: int) -> bytes:
        self._file.seek(self._ends[at])
        return self._file.read(self._ends[at + 1] - self._ends[at])


def pieces(value: Any) -> Iterator[bytes]:
    """The canonical JSON of a value in which such lists stand, piece by piece."""
    if isinstance(value, Rows):
        yield b"["
        for number, item in enumerate(value.encoded()):
            yield b"," + item if number else item
        yield b"]"
    elif isinstance(value, dict) and any(isinstance(one, Rows | dict) for one in value.values()):
        yield b"{"
        for number, name in enumerate(sorted(value)):
            yield b"," * bool(number) + canonical.encode({name: 0})[1:-2]
            yield from pieces(value[name])
        yield b"}"
    else:
        yield canonical.encode(value)


def plain(value: Any) -> Any:
    """The same with lists in their place."""
    if isinstance(value, Rows):
        return list(value)
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return value
