"""Workbooks of Excel 97 made by hand: records in a stream, the stream in a container of sectors."""

import struct
from collections.abc import Sequence

SECTOR = 512
MAX_RECORD = 8224
FREE, END, TABLE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
DAY = "yyyy/m/d"


def record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def text(value: str) -> bytes:
    """With its length, in two bytes a character."""
    raw = value.encode("utf-16-le")
    return struct.pack("<HB", len(raw) // 2, 1) + raw


def bof(kind: int, version: int = 0x600) -> bytes:
    return record(0x809, struct.pack("<HHHHLL", version, kind, 0, 0x7CC, 0x41, 6))


def label(row: int, column: int, index: int, style: int = 0) -> bytes:
    return record(0xFD, struct.pack("<HHHL", row, column, style, index))


def number(row: int, column: int, value: float, style: int = 0) -> bytes:
    return record(0x203, struct.pack("<HHHd", row, column, style, value))


def rk(row: int, column: int, packed: int, style: int = 0) -> bytes:
    return record(0x27E, struct.pack("<HHHL", row, column, style, packed))


def formula(row: int, column: int, value: float) -> bytes:
    return record(0x6, struct.pack("<HHHdHLH", row, column, 0, value, 0, 0, 3) + b"\x1e\1\0")


def flag(row: int, column: int, value: int, error: int) -> bytes:
    return record(0x205, struct.pack("<HHHBB", row, column, 0, value, error))


def stream(
    sheets: Sequence[tuple[str, bytes]],
    strings: Sequence[str],
    formats: Sequence[str] = (),
    *,
    extra: bytes = b"",
    version: int = 0x600,
    charts: Sequence[str] = (),
) -> bytes:
    """The stream of a workbook. formats: of the styles behind the first, which is the general one.
    charts: sheets that are charts, by name."""
    head = bof(5, version) + extra + record(0x42, struct.pack("<H", 1200))
    head += b"".join(
        record(0x41E, struct.pack("<H", 164 + at) + text(code)) for at, code in enumerate(formats)
    )
    numbers = [0, *(164 + at for at in range(len(formats)))]
    head += b"".join(record(0xE0, struct.pack("<HHH", 0, n, 0) + bytes(14)) for n in numbers)
    tail = shared(strings) + record(0xA, b"")
    bodies = [bof(0x10, version) + cells + record(0xA, b"") for _, cells in sheets]
    names = [
        struct.pack("<BBBB", 0, 2 if name in charts else 0, len(name), 1) + name.encode("utf-16-le")
        for name, _ in sheets
    ]
    at = len(head) + sum(8 + len(name) for name in names) + len(tail)
    for name, body in zip(names, bodies, strict=True):
        head += record(0x85, struct.pack("<L", at) + name)
        at += len(body)
    return head + tail + b"".join(bodies)


def shared(strings: Sequence[str]) -> bytes:
    """The table of strings, going on in further records where one is full."""
    records = [struct.pack("<LL", len(strings), len(strings))]
    for string in map(text, strings):
        if len(records[-1]) + len(string) > MAX_RECORD:
            records.append(b"")
        records[-1] += string
    return b"".join(record(0x3C if at else 0xFC, data) for at, data in enumerate(records))


def compound(data: bytes, name: str = "Workbook") -> bytes:
    """A container with one stream."""
    data = data.ljust(4096, b"\0")
    data += bytes(-len(data) % SECTOR)
    sectors = len(data) // SECTOR
    total = sectors + 1  # the directory
    tables = -(-(total + 1) // 127)
    chain = [*range(1, sectors), END, END, *[TABLE] * tables]
    chain += [FREE] * (tables * 128 - len(chain))
    places = [sectors + 1 + at for at in range(tables)]
    header = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 62, 3, 0xFFFE, 9, 6)
    )
    header += bytes(6) + struct.pack("<LLLLLLLLL", 0, tables, sectors, 0, 4096, END, 0, END, 0)
    header += struct.pack("<109L", *places, *[FREE] * (109 - tables))
    directory = entry("Root Entry", 5, END, 0) + entry(name, 2, 0, len(data))
    directory += bytes(2 * 128)
    return header + data + directory + struct.pack(f"<{len(chain)}L", *chain)


def entry(name: str, kind: int, start: int, size: int) -> bytes:
    raw = name.encode("utf-16-le")
    child = 1 if kind == 5 else FREE
    return (
        raw.ljust(64, b"\0")
        + struct.pack("<HBBLLL", len(raw) + 2, kind, 1, FREE, FREE, child)
        + bytes(36)
        + struct.pack("<LQ", start, size)
    )


def old_workbook(*rows: Sequence[str], more: bytes = b"", formats: Sequence[str] = ()) -> bytes:
    """A workbook with one sheet of texts, and more cells."""
    strings = list(dict.fromkeys(cell for row in rows for cell in row if cell))
    places = {string: at for at, string in enumerate(strings)}
    cells = b"".join(
        label(at, column, places[cell])
        for at, row in enumerate(rows)
        for column, cell in enumerate(row)
        if cell
    )
    return compound(stream([("表", cells + more)], strings, formats))
