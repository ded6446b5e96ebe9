"""Record ids that somebody names, to be told among all records of all logs: eight bytes each."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable

__all__ = ["Wanted"]

_PREFIX = 8


class Wanted:
    """Add first, ask afterwards. Now and then one is taken for wanted that is not: of 2^64 two may
    begin alike."""

    def __init__(self) -> None:
        self._prefixes = array("Q")
        self._sorted = True

    def __bool__(self) -> bool:
        return bool(self._prefixes)

    def add(self, names: Iterable[bytes]) -> None:
        """These are wanted."""
        self._prefixes.extend(int.from_bytes(name[:_PREFIX]) for name in names)
        self._sorted = False

    def __contains__(self, name: bytes) -> bool:
        if not self._sorted:
            self._prefixes = array("Q", sorted(set(self._prefixes)))
            self._sorted = True
        prefix = int.from_bytes(name[:_PREFIX])
        at = bisect_left(self._prefixes, prefix)
        return at < len(self._prefixes) and self._prefixes[at] == prefix
