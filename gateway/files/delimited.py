"""Text tables: comma, tab, semicolon or bar; UTF-8, GB18030 or UTF-16 with its mark.

One damaged record stops nothing: bytes that do not decode stay visible as lone surrogates (the
cell is then refused with `encoding`), and a quotation mark that is never closed costs its own
record only.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from itertools import islice

from gateway.files.cells import MAX_CELL
from gateway.files.errors import FileFault
from gateway.files.header import HEADER_WITHIN, MIN_KNOWN, known_columns
from gateway.files.interfaces import Cell, Line, Marked, Table
from ledger.records.schema import Schema

DELIMITERS = ",\t;|"
"""The first one wins where several do equally well."""
MAX_DAMAGE = 0.1
"""Share of the bytes beyond ASCII that may fail to decode. Of GB18030 read as UTF-8 nearly all
fail, of UTF-8 with a broken cell nearly none."""
FEW_BYTES = 16
"""So many may fail in any case: a cell or two."""
MAX_LINES = 1 << 20
"""Lines of a file, a line end counting for two at most: as many as a sheet has rows."""
MAX_REREADS = 64
"""Records after a broken one that are read again. Each costs up to `csv.field_size_limit()`
characters, so a file of nothing but quotation marks must not have it for every record."""

MAX_FIELDS = 20_000
"""Delimiters and lines of one record; the widest table has a thousand columns."""

_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_UTF32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_ASCII = bytes(range(128))
_ESCAPED = re.compile("[\udc80-\udcff]+")


def tables(data: bytes, schemas: Sequence[Schema]) -> list[Table]:
    """The one table of a text file."""
    text = decode(data)
    lines = lines_of(text)
    known = {sign: _known(lines, sign, schemas) for sign in DELIMITERS}
    delimiter = max(DELIMITERS, key=known.__getitem__)
    if known[delimiter] < MIN_KNOWN and ("\0" in text or _damage(text)):
        raise FileFault("text-encoding")
    return [Table(name=None, lines=records_of(lines, delimiter), ragged=True)]


def lines_of(text: str) -> list[str]:
    """The lines with their ends. `dimensions` for too many."""
    if text.count("\n") + text.count("\r") > 2 * MAX_LINES:
        raise FileFault("dimensions")
    return list(io.StringIO(text, newline=""))


def decode(data: bytes) -> str:
    """The text; bytes that do not decode become lone surrogates. `text-encoding` for a file in
    no encoding that we know."""
    if data.startswith(_UTF32):
        raise FileFault("text-encoding")
    if data[:2] in _UTF16:
        return _utf16(data[2:], _UTF16[data[:2]])
    if data.startswith(codecs.BOM_UTF8):
        return data[3:].decode("utf-8", "surrogateescape")
    high = len(data.translate(None, _ASCII))
    text = data.decode("utf-8", "surrogateescape")
    if _damage(text) <= MAX_DAMAGE * high:
        return text
    text = data.decode("gb18030", "surrogateescape")
    if _damage(text) <= max(MAX_DAMAGE * high, FEW_BYTES):
        return text
    raise FileFault("text-encoding")


def _utf16(data: bytes, encoding: str) -> str:
    if len(data) % 2:
        raise FileFault("text-encoding")
    return data.decode(encoding, "surrogatepass")


def _damage(text: str) -> int:
    """Bytes that did not decode."""
    return sum(map(len, _ESCAPED.findall(text)))


def _known(lines: Sequence[str], delimiter: str, schemas: Sequence[Schema]) -> int:
    """How many columns of the standard the best row near the top names, so delimited."""
    rows = islice(records_of(lines, delimiter), HEADER_WITHIN)
    return max((known_columns(row.cells, schemas) for row in rows), default=0)


def records_of(lines: Sequence[str], delimiter: str) -> Iterator[Line]:
    """Records, counted from 1 whatever they hold; a blank line is a record without cells."""
    source = _Source(lines, delimiter)
    reader = csv.reader(source, delimiter=delimiter, strict=True)
    rereads = MAX_REREADS
    row = 0
    while True:
        row += 1
        start = source.begin()
        try:
            cells = next(reader, None)
        except csv.Error:
            yield Line(row=row, cells=[lines[start][:MAX_CELL].rstrip("\r\n")], damaged=True)
            if rereads and source.at > start + 1:
                rereads -= 1
                source.at = start + 1
            continue
        if cells is None:
            return
        yield Line(row=row, cells=_without_formulas(cells))


def _without_formulas(cells: list[str]) -> Sequence[Cell]:
    """A cell that begins with an equals sign is shown by its result in a spreadsheet: `="0012"` as
    0012. Other signs (+86 …, -, @) begin texts as well and stay."""
    if "=" not in "".join(cells):
        return cells
    return [Marked("text-formula", cell) if cell.lstrip()[:1] == "=" else cell for cell in cells]


class _Source:
    """Lines one by one, from a place that can be set back; no record takes too many of them."""

    def __init__(self, lines: Sequence[str], delimiter: str) -> None:
        self._lines = lines
        self._delimiter = delimiter
        self._fields = 0
        self.at = 0

    def begin(self) -> int:
        """The place of the line with which the next record begins."""
        self._fields = 0
        return self.at

    def __iter__(self) -> _Source:
        return self

    def __next__(self) -> str:
        if self.at >= len(self._lines):
            raise StopIteration
        line = self._lines[self.at]
        self.at += 1
        self._fields += 1 + line.count(self._delimiter)
        if self._fields > MAX_FIELDS:
            raise csv.Error("too many fields or lines in one record")
        return line
