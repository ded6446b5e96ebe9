"""A workbook of our own making, for the parser behind.

calamine looks for parts by names of its own, and refuses a workbook for sheets that nobody reads.
So it is given a container with just what was checked: the parts of the sender as they are packed,
under the plainest names, and what stands between them written anew.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

STORED, DEFLATED = 0, 8
_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_VERSION = 20
_FEW = 1 << 16
"""Bytes that are gathered before they are packed."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A part as it lies in a container. method: STORED or DEFLATED. size: bytes unpacked."""

    method: int
    crc: int
    size: int
    data: bytes | memoryview


def pack(content: str | bytes) -> Packed:
    """A part with this content."""
    data = content.encode() if isinstance(content, str) else content
    packer = zlib.compressobj(1, zlib.DEFLATED, -15)
    packed = packer.compress(data) + packer.flush()
    return Packed(DEFLATED, zlib.crc32(data), len(data), packed)


class Packer:
    """Packs text as it is written, in memory for little more than what comes out."""

    def __init__(self) -> None:
        self._packer = zlib.compressobj(1, zlib.DEFLATED, -15)
        self._waiting: list[str] = []
        self._weight = self._crc = self._size = 0
        self._packed: list[bytes] = []

    def write(self, text: str) -> None:
        """Add text."""
        self._waiting.append(text)
        self._weight += len(text)
        if self._weight >= _FEW:
            self._flush()

    def finish(self) -> Packed:
        """All that was written."""
        self._flush()
        self._packed.append(self._packer.flush())
        return Packed(DEFLATED, self._crc, self._size, b"".join(self._packed))

    def _flush(self) -> None:
        piece = "".join(self._waiting).encode()
        self._waiting.clear()
        self._weight = 0
        self._crc, self._size = zlib.crc32(piece, self._crc), self._size + len(piece)
        self._packed.append(self._packer.compress(piece))


def container(parts: Iterable[tuple[str, Packed]]) -> bytes:
    """The bytes of a ZIP file with these parts. Names are ASCII."""
    pieces: list[bytes | memoryview] = []
    directory: list[bytes] = []
    at = 0
    for name, part in parts:
        label = name.encode("ascii")
        told = (part.method, 0, 0x21, part.crc, len(part.data), part.size, len(label), 0)
        head = struct.pack("<4s5H3L2H", _LOCAL, _VERSION, 0, *told) + label
        directory.append(
            struct.pack("<4s6H3L5H2L", _CENTRAL, _VERSION, _VERSION, 0, *told, 0, 0, 0, 0, at)
            + label
        )
        pieces += [head, part.data]
        at += len(head) + len(part.data)
    size, count = sum(map(len, directory)), len(directory)
    end = struct.pack("<4s4H2LH", _END, 0, 0, count, count, size, at, 0)
    return b"".join([*pieces, *directory, end])
