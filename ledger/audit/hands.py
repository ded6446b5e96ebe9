"""Records that share a digest, brought together in bounded memory: dealt out by their first byte,
then one hand looked at after the other. A hand too large to be held, by whoever chose the digests,
is sorted piece by piece and merged."""

from __future__ import annotations

import heapq
import tempfile
from array import array
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import IO

from ledger.core.canonical import DIGEST_SIZE

RUN = 1 << 16
"""Records that are held before they go to a file: 7 MB, and 2 KB of each run in it."""
_HANDS = 256  # as many as a byte has values
_MOST = 1 << 20  # records of a hand held at once, 100 bytes each
_CHUNK = 4096  # records read from a run at once while merging


class Hands:
    """Takes records: a digest and what belongs to it, always of one length."""

    def __init__(self, tail: int, run: int = RUN) -> None:
        """tail: bytes behind the digest. run: records held in memory (100 bytes each); beyond, they
        go to a temporary file."""
        self._size = DIGEST_SIZE + tail
        self._run = run
        self._held = 0
        self._hands: list[list[bytes]] = [[] for _ in range(_HANDS)]
        self._file: IO[bytes] | None = None
        self._ends: list[array[int]] = []  # of each run in the file, where each hand ends

    def deal(self, records: Iterable[bytes]) -> None:
        """More records."""
        take = [hand.append for hand in self._hands]
        for record in records:
            take[record[0]](record)
            self._held += 1
        if self._held >= self._run:
            self._spill()

    def __iter__(self) -> Iterator[Iterable[bytes]]:
        """Hand by hand: a list in no order, or all records in order where they are too many."""
        for hand, held in enumerate(self._hands):
            pieces = [(ends[hand], ends[hand + 1]) for ends in self._ends]
            count = len(held) + sum(end - start for start, end in pieces) // self._size
            if count > _MOST:
                yield self._merged(held, pieces)
            elif count:
                yield held + [record for piece in pieces for record in self._read(*piece)]

    def close(self) -> None:
        """Forget everything and drop the temporary file."""
        if self._file is not None:
            self._file.close()
        self._file, self._ends, self._held = None, [], 0
        self._hands = [[] for _ in range(_HANDS)]

    def _spill(self) -> None:
        file = self._open()
        data = [b"".join(hand) for hand in self._hands]
        self._ends.append(array("Q", accumulate(map(len, data), initial=file.tell())))
        file.writelines(data)
        self._hands, self._held = [[] for _ in range(_HANDS)], 0

    def _merged(self, held: list[bytes], pieces: list[tuple[int, int]]) -> Iterator[bytes]:
        """All records of a hand in order; its pieces in the file are sorted where they stand."""
        for start, end in pieces:
            data = b"".join(sorted(self._read(start, end)))
            self._open().seek(start)
            self._open().write(data)
        return heapq.merge(sorted(held), *(self._chunks(*piece) for piece in pieces))

    def _chunks(self, start: int, end: int) -> Iterator[bytes]:
        step = _CHUNK * self._size
        for at in range(start, end, step):
            yield from self._read(at, min(end, at + step))

    def _read(self, start: int, end: int) -> list[bytes]:
        self._open().seek(start)
        data = self._open().read(end - start)
        return [data[at : at + self._size] for at in range(0, len(data), self._size)]

    def _open(self) -> IO[bytes]:
        if self._file is None:
            self._file = tempfile.TemporaryFile()
        return self._file
