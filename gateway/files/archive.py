"""The ZIP container of a workbook, checked before any parser sees it.

The parser behind (calamine) trusts sizes and positions, so everything it would trust is checked
here by unpacking each part once, in bounded memory. Only the plainest container is taken: one
central directory right before the end, no second spelling of a name, nothing encrypted. Two
readers cannot see different files in it.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping

from gateway.files.container import Packed
from gateway.files.errors import FileFault

MAX_ENTRIES = 2000
"""Parts of one workbook. A workbook with 100 sheets has some 250."""
MAX_INFLATED = 1 << 29
"""Bytes of all parts unpacked: some 600,000 rows of the penalty template."""
MAX_RATIO = 250
"""Unpacked to packed bytes of one part. Sheets of repeated rows reach 40, deflate ends at 1032."""
RATIO_FREE = 1 << 20
"""Parts up to so many bytes may have any ratio: an empty style sheet compresses well."""
CHUNK = 1 << 20
"""Bytes unpacked at a time; `_FEED` packed ones go in at a time."""
_FEED = 1 << 16

_END = b"PK\x05\x06"
_CENTRAL = b"PK\x01\x02"
_ZIP64_LOCATOR, _END64 = b"PK\x06\x07", b"PK\x06\x06"
_END_SIZE, _LOCATOR_SIZE, _END64_SIZE, _LOCAL_SIZE = 22, 20, 56, 30
_OPEN = (0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)


class Archive:
    """The parts of a workbook by name. FileFault for a container that is not plain."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        _demand_plain_directory(data)
        self._parts = _parts(data)
        self._folded = {name.lower(): name for name in self._parts}

    def names(self) -> list[str]:
        """Part names, with `/` between folders whatever the sender's program wrote."""
        return list(self._parts)

    def find(self, name: str) -> str | None:
        """The part of that name in any case, as it is called here."""
        return self._folded.get(name.lower())

    def read(self, name: str, limit: int) -> bytes:
        """A whole part of at most `limit` bytes; `not-xlsx` where there is none."""
        info = self._parts.get(name)
        if info is None:
            raise FileFault("not-xlsx")
        if info.file_size > limit:
            raise FileFault("inflated")
        return b"".join(self.chunks(name))

    def chunks(self, name: str) -> Iterator[bytes]:
        """A part, unpacked piece by piece; FileFault as soon as it is not what it declares."""
        info = self._parts[name]
        raw = self._raw(info)
        pieces = _inflated(raw) if info.compress_type == zipfile.ZIP_DEFLATED else _stored(raw)
        size = check = 0
        for piece in pieces:
            size += len(piece)
            if size > info.file_size:
                raise FileFault("inflated")
            check = zlib.crc32(piece, check)
            yield piece
        if size != info.file_size or check != info.CRC:
            raise FileFault("not-xlsx")

    def packed(self, name: str) -> Packed:
        """A part as it is packed; `chunks` was read to its end before."""
        info = self._parts[name]
        return Packed(info.compress_type, info.CRC, info.file_size, self._raw(info))

    def _raw(self, info: zipfile.ZipInfo) -> memoryview:
        start = self._content_start(info)
        raw = memoryview(self._data)[start : start + info.compress_size]
        if len(raw) != info.compress_size:
            raise FileFault("not-xlsx")
        return raw

    def _content_start(self, info: zipfile.ZipInfo) -> int:
        header = self._data[info.header_offset : info.header_offset + _LOCAL_SIZE]
        if len(header) != _LOCAL_SIZE or not header.startswith(b"PK\x03\x04"):
            raise FileFault("not-xlsx")
        name_size, extra_size = struct.unpack("<HH", header[26:30])
        return int(info.header_offset + _LOCAL_SIZE + name_size + extra_size)


def _demand_plain_directory(data: bytes) -> None:
    """The end record is the last thing, the directory lies right before it, with few entries."""
    end = data[-_END_SIZE:]
    if len(end) != _END_SIZE or not end.startswith(_END):
        raise FileFault("not-xlsx")
    *found, comment = struct.unpack("<4H2LH", end[4:])
    closing = len(data) - _END_SIZE
    if data[closing - _LOCATOR_SIZE : closing].startswith(_ZIP64_LOCATOR):
        found, closing = _zip64(data, found)
    disk, first, here, count, size, offset = found
    if disk or first or comment or here != count or offset + size != closing:
        raise FileFault("not-xlsx")
    if max(count, data.count(_CENTRAL, offset)) > MAX_ENTRIES:
        raise FileFault("inflated")


def _zip64(data: bytes, found: list[int]) -> tuple[list[int], int]:
    """The end record in 64 bits and its place; some programs write it into every file. What the
    one in 32 bits says must be the same, or left open."""
    locator = data[-_END_SIZE - _LOCATOR_SIZE : -_END_SIZE]
    _, _, at, _ = struct.unpack("<4sLQL", locator)
    record = data[at : at + _END64_SIZE]
    if not record.startswith(_END64) or at + len(record) + len(locator) + _END_SIZE != len(data):
        raise FileFault("not-xlsx")
    _, _, _, _, *wide = struct.unpack("<4sQ2H2L4Q", record)
    for narrow, value, open_ in zip(found, wide, _OPEN, strict=True):
        if narrow not in (value, open_):
            raise FileFault("not-xlsx")
    return wide, at


def _parts(data: bytes) -> Mapping[str, zipfile.ZipInfo]:
    try:
        infos = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, ValueError, struct.error, NotImplementedError, OSError) as error:
        raise FileFault("not-xlsx") from error
    folded = {_name(info).lower() for info in infos}
    if len(folded) != len(infos):
        raise FileFault("not-xlsx")
    for info in infos:
        if info.flag_bits & 1 or info.compress_type not in (0, zipfile.ZIP_DEFLATED):
            raise FileFault("protected" if info.flag_bits & 1 else "not-xlsx")
        if info.file_size > max(RATIO_FREE, MAX_RATIO * info.compress_size):
            raise FileFault("inflated")
    if sum(info.file_size for info in infos) > MAX_INFLATED:
        raise FileFault("inflated")
    return {_name(info): info for info in infos}


def _name(info: zipfile.ZipInfo) -> str:
    """Some programs write the separators of Windows, or begin with one."""
    return info.filename.replace("\\", "/").lstrip("/")


def _stored(raw: memoryview) -> Iterator[bytes]:
    for start in range(0, len(raw), CHUNK):
        yield bytes(raw[start : start + CHUNK])


def _inflated(raw: memoryview) -> Iterator[bytes]:
    inflater = zlib.decompressobj(-15)
    try:
        for start in range(0, len(raw), _FEED):
            yield from _drained(inflater, raw[start : start + _FEED])
        yield from _drained(inflater, b"")
    except zlib.error as error:
        raise FileFault("not-xlsx") from error
    if not inflater.eof or inflater.unused_data:
        raise FileFault("not-xlsx")


def _drained(inflater: zlib._Decompress, raw: memoryview | bytes) -> Iterator[bytes]:
    """What `raw` unpacks to, never more than a chunk in memory."""
    while piece := inflater.decompress(raw, CHUNK):
        yield piece
        raw = inflater.unconsumed_tail
