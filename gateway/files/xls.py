"""Workbooks of Excel 97 to 2003 (.xls, and .et of WPS): the parser behind gives the values, and the
records of the file say, as the XML of newer ones does, which of them must not be taken (MS-XLS)."""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from python_calamine import CalamineWorkbook

from gateway.files.compound import Compound, container_of
from gateway.files.errors import FileFault
from gateway.files.facts import Budget, SharedStrings, SheetFacts
from gateway.files.formats import BUILT_IN, look, make
from gateway.files.interfaces import Table
from gateway.files.kinds import demand_old_sheets
from gateway.files.parsed import lines_of, parsing

MAX_RECORDS = 20_000_000
"""Records of a file; a sheet has 65,536 rows of 256 cells at most."""
MAX_COLUMNS = 256

_BOOK = ("Workbook", "WORKBOOK")
_BOF, _EOF, _FILEPASS, _SHEET, _FORMAT, _XF, _SST = 0x809, 0xA, 0x2F, 0x85, 0x41E, 0xE0, 0xFC
_FORMULA, _NUMBER, _RK, _MANY, _SHARED, _LABEL, _RICH, _FLAG = (
    *(0x6, 0x203, 0x27E, 0xBD, 0xFD, 0x204, 0xD6, 0x205),
)
_EXTENT = 0x200
_ROW, _ROW_FLAGS, _ROW_HIDDEN = 0x208, 12, 0x20
_SMALLEST_STRING = 3
"""Bytes of an empty string."""
_CELLS = frozenset({_FORMULA, _NUMBER, _RK, _SHARED, _LABEL, _RICH, _FLAG})
_VERSION_8 = 0x600
_WORKSHEET = 0
_HEAD = 6
"""Bytes of row, column and style, with which each cell begins."""
# Formats that everybody takes for days; of others it is not certain what the parser behind sees.
_PLAIN_DAY = re.compile(r'(?:\[\$-[0-9A-Fa-f]+\])?[ymdhs/\-.,: "年月日时分秒\\;@]+', re.IGNORECASE)


class _Record(NamedTuple):
    kind: int
    data: memoryview


@dataclass(slots=True)
class _Book:
    """sheets: where each worksheet begins, and its place among all sheets. own: formats of the
    file, by number. styles: the number of the format of each style. strings: how many there are."""

    sheets: list[tuple[int, int]] = field(default_factory=list)
    own: dict[int, str] = field(default_factory=dict)
    styles: list[int] = field(default_factory=list)
    strings: int = 0

    def code(self, style: int) -> str | None:
        """The format of a style; None for one that is not there."""
        if style >= len(self.styles):
            return None
        number = self.styles[style]
        return self.own.get(number) or BUILT_IN.get(number, "General")


def tables(data: bytes) -> list[Table]:
    """The worksheets in order; FileFault for a file that is none, or one with a password."""
    try:
        return _tables(data)
    except (struct.error, IndexError) as error:  # a record that is cut short
        raise FileFault("not-xlsx") from error


def _tables(data: bytes) -> list[Table]:
    compound = Compound(data)
    demand_old_sheets(set(compound.names()))
    name = next((name for name in _BOOK if name in compound.names()), None)
    if name is None:
        raise FileFault("old-or-protected")
    held = bytearray(compound.read(name))
    stream = memoryview(held)
    book = _read_book(stream)
    budget = Budget(SharedStrings())
    facts = {at: _read_sheet(stream, start, book, budget) for start, at in book.sheets}
    with parsing():
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(container_of(_BOOK[0], bytes(held))))
        names = workbook.sheet_names
    if max(facts) >= len(names):
        raise FileFault("not-xlsx")
    return [
        Table(name=names[at], lines=lines_of(workbook, at, found)) for at, found in facts.items()
    ]


def _read_book(stream: memoryview) -> _Book:
    book, sheets = _Book(), 0
    for at, record in enumerate(_records(stream, 0)):
        kind, data = record
        if at == 0 and (kind != _BOF or _u16(data, 0) != _VERSION_8):
            raise FileFault("old-or-protected")
        if kind == _FILEPASS:
            raise FileFault("protected")
        if kind == _SHEET:
            if data[5] == _WORKSHEET:
                book.sheets.append((_u32(data, 0), sheets))
            sheets += 1
        elif kind == _FORMAT:
            book.own[_u16(data, 0)] = _text(data[2:])
        elif kind == _XF:
            book.styles.append(_u16(data, 2))
        elif kind == _SST:
            book.strings = _u32(data, 4)
    if not book.sheets or book.strings * _SMALLEST_STRING > len(stream):
        raise FileFault("not-xlsx")
    return book


def _read_sheet(stream: memoryview, start: int, book: _Book, budget: Budget) -> SheetFacts:
    facts = SheetFacts()
    seen: set[int] = set()
    rows = columns = 0
    told: list[memoryview] = []
    for kind, data in _records(stream, start):
        if kind == _EXTENT:
            told.append(data)
        elif kind == _ROW and _u16(data, _ROW_FLAGS) & _ROW_HIDDEN:
            facts.hidden.add(_u16(data, 0) + 1)
        for row, column, style, value in _cells(kind, data):
            rows, columns = max(rows, row + 1), max(columns, column + 1)
            _judge(facts, (row, column), kind, book, (style, value))
            place = row << 16 | column
            if place in seen:
                facts.marks.setdefault(row + 1, {})[column] = "broken"
            seen.add(place)
    if columns > MAX_COLUMNS:
        raise FileFault("dimensions")
    budget.spend_cells(rows * columns, len(seen))
    for data in told:  # the parser behind takes memory for as many cells as it is told
        struct.pack_into("<LLHHH", data, 0, 0, rows, 0, columns, 0)
    return facts


def _cells(kind: int, data: memoryview) -> Iterator[tuple[int, int, int, memoryview]]:
    """(row, column, style, what follows) of the cells of a record."""
    if kind in _CELLS:
        yield _u16(data, 0), _u16(data, 2), _u16(data, 4), data[_HEAD:]
    elif kind == _MANY:
        row, column = _u16(data, 0), _u16(data, 2)
        for at in range(4, len(data) - 7, 6):
            yield row, column, _u16(data, at), data[at + 2 : at + 6]
            column += 1


def _judge(
    facts: SheetFacts,
    place: tuple[int, int],
    kind: int,
    book: _Book,
    told: tuple[int, memoryview],
) -> None:
    style, value = told
    row, column = place[0] + 1, place[1]
    code = book.code(style)
    if kind == _FORMULA:
        facts.mark(row, column, "formula")
    elif kind == _FLAG:
        if value[1]:
            facts.mark(row, column, "error")
    elif kind in (_SHARED, _LABEL, _RICH):
        if kind == _SHARED and _u32(value, 0) >= book.strings:
            facts.mark(row, column, "broken")
        elif code is not None and not make(code).plain_text:
            facts.mark(row, column, "scaled")
    elif code is None:
        facts.mark(row, column, "broken")
    elif make(code).sort == "date" and not _PLAIN_DAY.fullmatch(code):
        facts.mark(row, column, "scaled")
    elif not make(code).plain:
        mark = look(code, repr(_number(kind, value)))
        if mark is not None:
            facts.mark(row, column, mark)


def _number(kind: int, value: memoryview) -> float:
    if kind == _NUMBER:
        return float(struct.unpack_from("<d", value)[0])
    packed = _u32(value, 0)
    whole = packed & ~3
    if packed & 2:
        number = float(whole - (1 << 32) if whole >> 31 else whole) / 4
    else:
        number = float(struct.unpack("<d", struct.pack("<Q", whole << 32))[0])
    return number / 100 if packed & 1 else number


def _records(stream: memoryview, start: int) -> Iterator[_Record]:
    """The records of one part, from its beginning to its end; parts within are passed over."""
    at, depth, left = start, 0, MAX_RECORDS
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        data = stream[at + 4 : at + 4 + size]
        left -= 1
        if len(data) != size or not left:
            break
        depth += (kind == _BOF) - (kind == _EOF)
        if not depth:
            return
        if depth == 1:
            yield _Record(kind, data)
        at += 4 + size
    raise FileFault("not-xlsx")


def _text(data: memoryview) -> str:
    """A text with its length in front, in one byte a character or two."""
    length, wide = _u16(data, 0), data[2] & 1
    raw = bytes(data[3 : 3 + (2 * length if wide else length)])
    return raw.decode("utf-16-le" if wide else "latin-1", "replace")


def _u16(data: memoryview, at: int) -> int:
    return int(struct.unpack_from("<H", data, at)[0])


def _u32(data: memoryview, at: int) -> int:
    return int(struct.unpack_from("<L", data, at)[0])
