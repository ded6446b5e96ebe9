"""What was read of a log and is not yet known to be what was anchored.

Entries count only where the root of an anchor behind them is that of the tree: who shows another
log has anchored nothing of it, however much is wrong with what stands there. So what is read waits
for the next right root, in memory, and what would be too much there in a temporary file.
"""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Iterator
from typing import IO, Final

from ledger.audit.noted import Noted

__all__ = ["Unproven"]

_MOST: Final = 256
"""Pieces that wait in memory, 20 KB each at the most; anchors seldom have more between them."""
_LENGTH: Final = 4  # bytes


class Unproven:
    """Pieces in their order. most: that are held in memory. Close it."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._held: deque[Noted] = deque()
        self._file: IO[bytes] | None = None  # what came after those in memory
        self._at = 0

    def add(self, noted: Noted) -> None:
        """One more."""
        if self._file is None and len(self._held) < self._most:
            self._held.append(noted)
            return
        if self._file is None:
            self._file, self._at = tempfile.TemporaryFile(), 0
        data = noted.encode()
        self._file.seek(0, 2)
        self._file.write(len(data).to_bytes(_LENGTH, "big") + data)

    def until(self, size: int | None) -> Iterator[Noted]:
        """Take out those that end up to this size of the log; None: all."""
        while self._held or self._load():
            if size is not None and self._held[0].end > size:
                return
            yield self._held.popleft()

    def close(self) -> None:
        """Forget the rest."""
        self._held.clear()
        if self._file is not None:
            self._file.close()
        self._file = None

    def _load(self) -> bool:
        """Some more of the file; whether there was any."""
        if self._file is None:
            return False
        self._file.seek(self._at)
        while len(self._held) < self._most and (head := self._file.read(_LENGTH)):
            data = self._file.read(int.from_bytes(head, "big"))
            self._held.append(Noted.decode(data))
            self._at = self._file.tell()
        if not self._held:
            self.close()
        return bool(self._held)
