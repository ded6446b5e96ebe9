"""What must be known of a sheet before it is parsed: its extent, and cells not to be believed.

calamine lays a sheet out as a dense rectangle, resolves shared strings by copying them, and shows
the cached value of a formula, or nothing where there is none; error cells it shows as empty. So
the XML is scanned first. Nearly all sheets are written by a few programs in one plain form, which
one regular expression recognises whole: every tag between <sheetData> and its end is one of few,
every cell names its position inside a box. Anything else is read by expat, event by event, with
calamine's rules of position. Both end in the same `SheetFacts`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from xml.parsers import expat

from gateway.files.errors import FileFault
from gateway.files.interfaces import Mark

MAX_CELLS = 1 << 24
"""Rows times columns of all sheets of a workbook together: the cells of the largest that may be
unpacked. calamine needs 32 bytes for each cell of the sheet it reads: half a gigabyte."""
EMPTY_CELLS = 1 << 22
"""Rows times columns of a sheet, whatever stands in it: a forgotten remark far below the table.
Beyond them a sheet has `PER_CELL` for each of its cells at most, or two cells would cost as much as
sixteen million."""
PER_CELL = 64
PLENTY = (MAX_CELLS - EMPTY_CELLS) // PER_CELL
"""Cells of a sheet with which it may be as large as any: its extent is not measured."""
MAX_COLUMNS = 1000
"""The widest template has 30; a thousand leaves room for everything a department adds."""
MAX_ROWS = 1 << 20
"""Rows of a sheet in Excel and WPS."""
MAX_TEXT = 1 << 29
"""Bytes of all text once shared strings are written out in every cell that names them."""

MAX_ELEMENTS = 20_000_000
"""Elements of a sheet that is read event by event, some million a second."""

# Columns A … CZ (104) and rows 1 … 159999, within MAX_CELLS, as a pattern.
_BOX = rb'c r="(?:[A-Z]|[A-C][A-Z])(?:[1-9][0-9]{0,4}|1[0-5][0-9]{4})"'
_ATTRIBUTES = rb'(?: (?:s|t|cm|vm|ph)="[A-Za-z0-9]{1,10}")*'
# Attributes hold no angle brackets: else what we take for a tag may be a value for calamine.
_ANY_ATTRIBUTES = rb"""(?:\s+[\w:.-]+\s*=\s*(?:"[^"<>]*"|'[^'<>]*'))*"""
_NOT_PLAIN = re.compile(
    rb"<(?!/(?:c|v|t|is|f|row)>|" + _BOX + _ATTRIBUTES + rb" ?/?>"
    rb'|[vt] ?/?>|is>|t xml:space="preserve">|(?:row|f)' + _ANY_ATTRIBUTES + rb"\s*/?>)"
)
_TAG = re.compile(rb"<[?/]?[\w:.-]+" + _ANY_ATTRIBUTES + rb"\s*[?/]?>")
_DATA = re.compile(rb"<sheetData([ />])")
_DATA_END = b"</sheetData>"
_FORMULA = re.compile(rb'<c r="([A-Z]{1,2})([0-9]{1,6})"[^<>]*><f[\s/>]')
_ERROR = re.compile(rb'<c r="([A-Z]{1,2})([0-9]{1,6})"[^<>]* t="e"')
_PLACE = re.compile(rb'<c r="([A-Z]{1,2})([0-9]{1,6})"')
_SHARED = re.compile(rb' t="s"[^<>]*><v>([0-9]{1,9})</v>')
_REFERENCE = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})")
_ENCODING = re.compile(rb"""^<\?xml[^>]*?encoding\s*=\s*["']([^"']*)["']""")
_MAX_PROLOGUE = 4 << 20
"""Bytes before <sheetData>: column widths and views; a few thousand at most."""
_MAX_BLOCK = 16 << 20
"""Bytes between two row tags; a longer row is read event by event, not gathered."""
_BOM = b"\xef\xbb\xbf"


@dataclass(slots=True)
class SheetFacts:
    """marks: row (from 1) -> column (from 0) -> why its value must not be taken."""

    marks: dict[int, dict[int, Mark]] = field(default_factory=dict)

    def mark(self, row: int, column: int, mark: Mark) -> None:
        """A formula stays one, whatever its result."""
        marks = self.marks.setdefault(row, {})
        marks[column] = "formula" if mark == "formula" else marks.get(column, mark)


@dataclass(frozen=True, slots=True)
class SharedStrings:
    """Sizes in bytes of the shared strings; one string can stand in a million cells."""

    sizes: Sequence[int] = ()
    longest: int = 0


def demand_plain_xml(data: bytes) -> None:
    """UTF-8 without document type or entities of its own; `data`: the beginning of a part."""
    head = data.removeprefix(_BOM).lstrip()
    encoding = _ENCODING.match(head[:400])
    known = encoding is None or encoding[1].lower() in (b"utf-8", b"us-ascii", b"ascii")
    if not head.startswith(b"<") or not known or b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise FileFault("xml-hostile")


def shared_strings(data: bytes) -> SharedStrings:
    """Upper bounds of the sizes, by index, from the whole sharedStrings part."""
    if not data:
        return SharedStrings()
    demand_plain_xml(data)
    if b"<!" in data:  # a comment could hold what looks like a string: assume the worst
        return SharedStrings(longest=len(data))
    starts = [match.start() for match in re.finditer(rb"<(?:[\w.-]+:)?si[\s/>]", data)]
    sizes = [end - start for start, end in zip(starts, [*starts[1:], len(data)], strict=True)]
    return SharedStrings(sizes, max(sizes, default=0))


class _Plainless(Exception):
    """The sheet is not in the plain form."""


class Budget:
    """What the sheets of a workbook may still hold: cells, and bytes of text in them."""

    def __init__(self, strings: SharedStrings) -> None:
        self._strings = strings
        self.left = MAX_TEXT
        self._cells = MAX_CELLS

    def spend_cells(self, extent: int, present: int) -> None:
        """A sheet of so many rows times columns, with so many cells."""
        if extent > EMPTY_CELLS + PER_CELL * present:
            raise FileFault("dimensions")
        self._cells -= max(extent, present)
        if self._cells < 0:
            raise FileFault("dimensions")

    def spend_plain(self, block: bytes) -> None:
        """All shared strings that the cells of a block in plain form name."""
        cells = block.count(b' t="s"')
        worst = cells * self._strings.longest
        if worst > self.left // 64:  # too much to be ignored: count exactly
            named = _SHARED.findall(block)
            worst = (cells - len(named)) * self._strings.longest + sum(map(self._size, named))
        self._spend(worst)

    def spend(self, index: str) -> None:
        """The shared string that one cell names."""
        self._spend(self._size(index))

    def _size(self, index: bytes | str) -> int:
        try:
            return self._strings.sizes[int(index)]
        except (ValueError, IndexError):
            return self._strings.longest

    def _spend(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise FileFault("inflated")


def scan(parts: Iterable[Iterable[bytes]], budget: Budget) -> SheetFacts:
    """Facts of one sheet. parts: opens the unpacked XML, once or twice (a fresh iterable each
    time it is iterated). FileFault where parsing it would cost too much or is not safe."""
    readings = iter(parts)
    left = budget.left
    try:
        return _plain(next(readings), budget)
    except _Plainless:
        budget.left = left
        return _exact(next(readings), budget)


def _plain(chunks: Iterable[bytes], budget: Budget) -> SheetFacts:
    facts = SheetFacts()
    present = rows = columns = 0
    for block in _blocks(iter(chunks)):
        if _NOT_PLAIN.search(block):
            raise _Plainless
        present += block.count(b"<c ")
        if present <= PLENTY:
            places = _PLACE.findall(block)
            rows = max(rows, max(map(int, {digits for _, digits in places}), default=0))
            widest = {column_index(letters.decode()) for letters in {part for part, _ in places}}
            columns = max(columns, max(widest, default=-1) + 1)
        budget.spend_plain(block)
        formulas = block.count(b"<f")
        if formulas:
            found = _FORMULA.findall(block)
            if len(found) != formulas:
                raise _Plainless
            _mark(facts, found, "formula")
        if b' t="e"' in block:
            _mark(facts, _ERROR.findall(block), "error")
    try:
        budget.spend_cells(rows * columns, present)
    except FileFault as error:  # styled cells without a value were counted, which cost nothing
        raise _Plainless from error
    return facts


def _mark(facts: SheetFacts, found: Iterable[tuple[bytes, bytes]], mark: Mark) -> None:
    for letters, digits in found:
        facts.mark(int(digits), column_index(letters.decode()), mark)


def _blocks(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """What stands inside <sheetData>, cut before row tags. All chunks are read to their end,
    because only then is the part known to be what it declares."""
    buffer = _after_prologue(chunks)
    for chunk in chunks:
        end = buffer.find(_DATA_END)
        if end >= 0:
            break
        cut = buffer.rfind(b"<row")
        if cut > 0:
            yield buffer[:cut]
            buffer = buffer[cut:]
        elif len(buffer) > _MAX_BLOCK:
            raise _Plainless
        buffer += chunk
    end = buffer.find(_DATA_END)
    if end < 0 and buffer:
        raise _Plainless
    yield buffer[:end] if buffer else b""
    for _ in chunks:
        pass


def _after_prologue(chunks: Iterator[bytes]) -> bytes:
    """The bytes after <sheetData>, as far as they were read; b"" for a sheet without rows."""
    head = b""
    for chunk in chunks:
        head += chunk
        start = _DATA.search(head)
        if start:
            break
        if len(head) > _MAX_PROLOGUE:
            raise _Plainless
    else:
        demand_plain_xml(head)
        raise _Plainless
    prologue = head[: start.start()]
    demand_plain_xml(head)
    strict = len(_TAG.findall(prologue)) == prologue.count(b"<")
    if not strict or b"<?" in prologue.removeprefix(_BOM)[2:] or b":sheetData" in prologue:
        raise _Plainless
    if start[1] == b">":
        return head[start.end() :]
    raise _Plainless


def _exact(chunks: Iterable[bytes], budget: Budget) -> SheetFacts:
    reader = _Exact(budget)
    try:
        for chunk in chunks:
            reader.parser.Parse(chunk, False)
        reader.parser.Parse(b"", True)
    except (expat.ExpatError, ValueError) as error:
        raise FileFault("not-xlsx") from error
    budget.spend_cells(reader.extent, reader.present)
    return reader.facts


class _Exact:
    """Events of expat -> facts, with calamine's rules: names without prefix, the first sheetData,
    positions from `r` or else counted."""

    def __init__(self, budget: Budget) -> None:
        self.facts = SheetFacts()
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.XmlDeclHandler = self._declaration
        self._budget = budget
        self._inside: bool | None = None  # None before, False after <sheetData>
        self._row = self._column = 0
        self._last_row = self._last_column = -1
        self.present = 0
        self._cell: tuple[int, int] | None = None
        self._type: str | None = None
        self._holds = False
        self._value: list[str] | None = None
        self._elements = 0

    @property
    def extent(self) -> int:
        """Rows times columns."""
        return (self._last_row + 1) * (self._last_column + 1)

    def _doctype(self, *_: object) -> None:
        raise FileFault("xml-hostile")

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if (encoding or "utf-8").lower() not in ("utf-8", "us-ascii", "ascii"):
            raise FileFault("xml-hostile")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        self._elements += 1
        if self._elements > MAX_ELEMENTS:
            raise FileFault("dimensions")
        if not self._inside:
            self._inside = True if self._inside is None and local == "sheetData" else self._inside
        elif local == "row":
            self._row = int(attributes["r"]) - 1 if "r" in attributes else self._row
        elif local == "c":
            self._open_cell(attributes)
        elif self._cell is not None and local == "f":
            self._keep(*self._cell)
            self.facts.mark(self._cell[0] + 1, self._cell[1], "formula")
        elif self._cell is not None and local in ("v", "is"):
            self._holds = True
            self._value = [] if local == "v" and self._type == "s" else None

    def _open_cell(self, attributes: dict[str, str]) -> None:
        row, self._type, self._holds = self._row, attributes.get("t"), False
        if "r" in attributes:
            match = _REFERENCE.fullmatch(attributes["r"])
            if match is None or int(match[2]) < 1:
                raise FileFault("not-xlsx" if match else "dimensions")
            row, self._column = int(match[2]) - 1, column_index(match[1].upper())
        self._cell = (row, self._column)

    def _text(self, text: str) -> None:
        if self._value is not None:
            self._value.append(text)

    def _end(self, name: str) -> None:
        local = name.rpartition(":")[2]
        if not self._inside:
            return
        if local == "sheetData":
            self._inside = False
        elif local == "row":
            self._row, self._column = self._row + 1, 0
        elif local == "v" and self._value is not None:
            self._budget.spend("".join(self._value))
            self._value = None
        elif local == "c" and self._cell is not None:
            if self._holds:
                self._keep(*self._cell)
            if self._type == "e":
                self.facts.mark(self._cell[0] + 1, self._cell[1], "error")
            self._column += 1
            self._cell = None

    def _keep(self, row: int, column: int) -> None:
        """Grow the rectangle to this cell."""
        self.present += 1
        self._last_row = max(self._last_row, row)
        self._last_column = max(self._last_column, column)
        rows, columns = self._last_row + 1, self._last_column + 1
        if rows > MAX_ROWS or columns > MAX_COLUMNS or rows * columns > MAX_CELLS:
            raise FileFault("dimensions")


def column_index(letters: str) -> int:
    """A -> 0, Z -> 25, AA -> 26 …"""
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - ord("A") + 1
    return index - 1
