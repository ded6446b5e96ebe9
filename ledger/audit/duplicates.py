"""Commitments that stand in the logs twice, found in bounded memory: sorted runs, then merged."""

from __future__ import annotations

import heapq
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

_PREFIX = 16  # bytes of a commitment: by chance two agree after 2^64 entries
_LOG, _INDEX = 4, 8  # bytes of the log's number and of the index
_SIZE = _PREFIX + _LOG + _INDEX
_HEX = 2 * _PREFIX
_CHUNK = 4096  # records read from a run at once


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The entries at two places have one commitment. Places: number of the log, index."""

    first: tuple[int, int]
    again: tuple[int, int]


class Duplicates:
    """Takes commitments as they come; `found` tells those that came before."""

    def __init__(self, run: int = 1 << 18) -> None:
        """run: commitments held in memory (60 bytes each); beyond, they go to a temporary file."""
        self._run = run
        self._records: list[bytes] = []
        self._files: list[IO[bytes]] = []

    def add(self, log: int, first: int, commitments: list[bytes]) -> None:
        """Commitments in hex of the entries from index `first` on; b"" is none."""
        number = log.to_bytes(_LOG, "big")
        self._records += [
            bytes.fromhex(commitment[:_HEX].decode()) + number + index.to_bytes(_INDEX, "big")
            for index, commitment in enumerate(commitments, first)
            if commitment
        ]
        if len(self._records) >= self._run:
            self._spill()

    def found(self) -> Iterator[Duplicate]:
        """Every entry whose commitment came before, by commitment; then all is forgotten."""
        self._records.sort()
        runs = [iter(self._records), *(_read(file) for file in self._files)]
        try:
            first = b""
            for record in heapq.merge(*runs):
                if record[:_PREFIX] == first[:_PREFIX]:
                    yield Duplicate(_place(first), _place(record))
                else:
                    first = record
        finally:
            self.close()

    def close(self) -> None:
        """Drops the temporary files."""
        for file in self._files:
            file.close()
        self._files, self._records = [], []

    def _spill(self) -> None:
        self._records.sort()
        file: IO[bytes] = tempfile.TemporaryFile()
        file.write(b"".join(self._records))
        self._files.append(file)
        self._records = []


def _read(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    while data := file.read(_SIZE * _CHUNK):
        yield from (data[at : at + _SIZE] for at in range(0, len(data), _SIZE))


def _place(record: bytes) -> tuple[int, int]:
    log = int.from_bytes(record[_PREFIX : _PREFIX + _LOG], "big")
    return log, int.from_bytes(record[_PREFIX + _LOG :], "big")
