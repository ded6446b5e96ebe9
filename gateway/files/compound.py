"""The container of old Office files (MS-CFB): which streams it holds, and the bytes of one.

Read in bounds: every chain of sectors ends, because no sector is taken twice.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gateway.files.errors import FileFault

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MAX_ENTRIES = 1 << 12
"""Streams and folders of one file; a workbook with macros has some fifty."""

_HEADER = 512
_IN_HEADER = 109
"""Sectors of the table of sectors that the header itself names."""
_ENTRY = 128
_LAST_SECTOR = 0xFFFFFFFA
"""Numbers from here on are no sectors but say that there is none."""
_FREE, _END, _TABLE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_SHIFTS = (9, 12)
_WIDE_SECTOR = 1 << 12
_STREAM, _ROOT = 2, 5


@dataclass(frozen=True, slots=True)
class _Entry:
    kind: int
    start: int
    size: int


class Compound:
    """The streams of a file by name. FileFault where it is not one."""

    def __init__(self, data: bytes) -> None:
        head = data[:_HEADER]
        if len(head) != _HEADER or not head.startswith(MAGIC):
            raise FileFault("old-or-protected")
        shift, mini_shift = struct.unpack_from("<HH", head, 30)
        directory, _, self._cutoff, mini, _, more = struct.unpack_from("<6L", head, 48)
        if shift not in _SHIFTS or mini_shift >= shift:
            raise FileFault("old-or-protected")
        self._data, self._size, self._mini_size = data, 1 << shift, 1 << mini_shift
        self._next = self._table(struct.unpack_from(f"<{_IN_HEADER}L", head, 76), more)
        self._entries = self._read_directory(directory)
        self._mini_next = _numbers(b"".join(self._sectors(mini)))

    def names(self) -> Mapping[str, int]:
        """Names of the streams and their sizes."""
        return {name: e.size for name, e in self._entries.items() if e.kind == _STREAM}

    def read(self, name: str) -> bytes:
        """The bytes of a stream."""
        entry = self._entries[name]
        if entry.size > len(self._data):
            raise FileFault("old-or-protected")
        if entry.size >= self._cutoff:
            found = b"".join(self._sectors(entry.start))
        else:
            found = self._small(entry.start)
        if len(found) < entry.size:
            raise FileFault("old-or-protected")
        return found[: entry.size]

    def _small(self, start: int) -> bytes:
        """A stream in the small sectors, which lie in the stream of the root."""
        root = next((e for e in self._entries.values() if e.kind == _ROOT), None)
        if root is None:
            raise FileFault("old-or-protected")
        held, size = b"".join(self._sectors(root.start)), self._mini_size
        chain = _chain(start, self._mini_next)
        return b"".join(held[at * size : (at + 1) * size] for at in chain)

    def _table(self, named: tuple[int, ...], more: int) -> list[int]:
        """For each sector the one that follows it."""
        places = [sector for sector in named if sector < _LAST_SECTOR]
        seen: set[int] = set()
        while more < _LAST_SECTOR and more not in seen:
            seen.add(more)
            *some, more = _numbers(self._sector(more))
            places += [sector for sector in some if sector < _LAST_SECTOR]
        if len(places) * self._size > len(self._data):
            raise FileFault("old-or-protected")
        return _numbers(b"".join(map(self._sector, places)))

    def _read_directory(self, start: int) -> dict[str, _Entry]:
        data = b"".join(self._sectors(start))
        found: dict[str, _Entry] = {}
        for at in range(0, min(len(data), MAX_ENTRIES * _ENTRY), _ENTRY):
            raw = data[at : at + _ENTRY]
            length = struct.unpack_from("<H", raw, 64)[0]
            name = raw[: max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")
            begin, size = struct.unpack_from("<LL", raw, 116)
            if raw[66] in (_STREAM, _ROOT):
                found.setdefault(name, _Entry(raw[66], begin, size))
        return found

    def _sectors(self, start: int) -> Iterator[bytes]:
        return map(self._sector, _chain(start, self._next))

    def _sector(self, number: int) -> bytes:
        start = (number + 1) * self._size
        found = self._data[start : start + self._size]
        if not found:
            raise FileFault("old-or-protected")
        return found.ljust(self._size, b"\0")  # some programs cut the last one short


def container_of(name: str, stream: bytes) -> bytes:
    """A file with one stream, as plain as can be: for a parser that trusts what it is given."""
    size = _WIDE_SECTOR
    padded = stream.ljust(size, b"\0")
    padded += bytes(-len(padded) % size)
    held = len(padded) // size
    tables = -(-(held + 2) // (size // 4 - 1))
    if tables > _IN_HEADER:
        raise FileFault("dimensions")
    chain = [*range(1, held), _END, _END, *[_TABLE] * tables]
    chain += [_FREE] * (tables * size // 4 - len(chain))
    places = [held + 1 + at for at in range(tables)]
    places += [_FREE] * (_IN_HEADER - tables)
    head = MAGIC + bytes(16) + struct.pack("<5H6x", 62, 4, 0xFFFE, 12, 6)
    head += struct.pack("<9L", 1, tables, held, 0, 4096, _END, 0, _END, 0)
    head += struct.pack(f"<{_IN_HEADER}L", *places)
    # The root holds nothing, but calamine wants it to begin somewhere.
    directory = _written("Root Entry", _ROOT, 0, 0) + _written(name, _STREAM, 0, len(padded))
    table = struct.pack(f"<{len(chain)}L", *chain)
    return head.ljust(size, b"\0") + padded + directory.ljust(size, b"\0") + table


def _written(name: str, kind: int, start: int, size: int) -> bytes:
    """An entry of the directory; the root has the other one below it."""
    raw = name.encode("utf-16-le")
    below = 1 if kind == _ROOT else _FREE
    told = struct.pack("<HBB3L36x", len(raw) + 2, kind, 1, _FREE, _FREE, below)
    return raw.ljust(64, b"\0") + told + struct.pack("<LQ", start, size)


def _numbers(data: bytes) -> list[int]:
    return list(struct.unpack(f"<{len(data) // 4}L", data))


def _chain(start: int, following: list[int]) -> Iterator[int]:
    left = len(following) + 1
    while start < _LAST_SECTOR:
        left -= 1
        if start >= len(following) or not left:
            raise FileFault("old-or-protected")
        yield start
        start = following[start]
