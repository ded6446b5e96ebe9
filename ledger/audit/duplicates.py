"""Commitments that stand in the logs twice, found in bounded memory: dealt out by their first byte,
then one hand looked at after the other. A hand too large to be held, by whoever chose the
commitments, is sorted piece by piece and merged."""

from __future__ import annotations

import heapq
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import IO

from ledger.core.canonical import DIGEST_SIZE

_PREFIX = 16  # bytes of a commitment: by chance two agree after 2^64 entries
_LOG, _INDEX = 4, 8  # bytes of the log's number and of the index
_SIZE = _PREFIX + _LOG + _INDEX
_HANDS = 256  # as many as a byte has values
_MOST = 1 << 20  # records of a hand held at once, 170 bytes each
_CHUNK = 4096  # records read from a run at once while merging


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The entries at two places have one commitment. Places: number of the log, index."""

    first: tuple[int, int]
    again: tuple[int, int]


class Duplicates:
    """Takes commitments as they come; `found` tells those that came before."""

    def __init__(self, run: int = 1 << 18) -> None:
        """run: commitments held in memory (70 bytes each); beyond, they go to a temporary file."""
        self._run = run
        self._held = 0
        self._hands: list[list[bytes]] = [[] for _ in range(_HANDS)]
        self._file: IO[bytes] | None = None
        self._ends: list[list[int]] = []  # of each run in the file, where each hand ends

    def add(self, log: int, first: int, commitments: list[bytes]) -> None:
        """Commitments in hex of the entries from index `first` on; b"" is none."""
        number = log.to_bytes(_LOG, "big")
        places = [
            number + index.to_bytes(_INDEX, "big")
            for index, commitment in enumerate(commitments, first)
            if commitment
        ]
        digests = bytes.fromhex(b"".join(commitments).decode())
        deal = [hand.append for hand in self._hands]
        for at, place in zip(range(0, len(digests), DIGEST_SIZE), places, strict=True):
            deal[digests[at]](digests[at : at + _PREFIX] + place)
        self._held += len(places)
        if self._held >= self._run:
            self._spill()

    def found(self) -> Iterator[Duplicate]:
        """Every entry whose commitment came before, by commitment; then all is forgotten."""
        try:
            for hand, held in enumerate(self._hands):
                pieces = [(ends[hand], ends[hand + 1]) for ends in self._ends]
                count = len(held) + sum(end - start for start, end in pieces) // _SIZE
                if count > _MOST:
                    yield from _again(self._merged(held, pieces))
                    continue
                records = held + [record for piece in pieces for record in self._read(*piece)]
                if len({record[:_PREFIX] for record in records}) != count:
                    yield from _again(sorted(records))
        finally:
            self.close()

    def close(self) -> None:
        """Drops the temporary file."""
        if self._file is not None:
            self._file.close()
        self._file, self._ends, self._held = None, [], 0
        self._hands = [[] for _ in range(_HANDS)]

    def _spill(self) -> None:
        file = self._open()
        data = [b"".join(hand) for hand in self._hands]
        self._ends.append(list(accumulate(map(len, data), initial=file.tell())))
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
        for at in range(start, end, _CHUNK * _SIZE):
            yield from self._read(at, min(end, at + _CHUNK * _SIZE))

    def _read(self, start: int, end: int) -> list[bytes]:
        self._open().seek(start)
        data = self._open().read(end - start)
        return [data[at : at + _SIZE] for at in range(0, len(data), _SIZE)]

    def _open(self) -> IO[bytes]:
        if self._file is None:
            self._file = tempfile.TemporaryFile()
        return self._file


def _again(records: Iterable[bytes]) -> Iterator[Duplicate]:
    """Of records in order, those that agree with one before."""
    first = b""
    for record in records:
        if record[:_PREFIX] == first[:_PREFIX]:
            yield Duplicate(_place(first), _place(record))
        else:
            first = record


def _place(record: bytes) -> tuple[int, int]:
    log = int.from_bytes(record[_PREFIX : _PREFIX + _LOG], "big")
    return log, int.from_bytes(record[_PREFIX + _LOG :], "big")
