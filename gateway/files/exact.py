"""A sheet in any other form than the plain one, read event by event and written anew in that one.

Names without prefix, the first <sheetData>, positions from `r` or else counted. What the parser
behind would refuse, or take for something else, is left out of what it gets and marked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from xml.parsers import expat
from xml.sax.saxutils import escape

from gateway.files.cells import MAX_CELL
from gateway.files.container import Packed, Packer
from gateway.files.errors import FileFault
from gateway.files.facts import (
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_ROWS,
    Budget,
    SheetFacts,
    column_index,
    column_letters,
)
from gateway.files.formats import look, make
from gateway.files.interfaces import Mark, Shown

MAX_ELEMENTS = 20_000_000
"""Elements of a sheet, some million a second."""
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"

_REFERENCE = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})")
_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[Ee][-+]?[0-9]{1,4})?")
_LONGEST_NUMBER = 400
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?Z?)?")
_TEXTS = ("s", "str", "inlineStr")
_BOOLEANS = {"0": "0", "1": "1", "false": "0", "true": "1"}


def read_exactly(chunks: Iterable[bytes], budget: Budget) -> tuple[SheetFacts, Packed]:
    """Facts of a sheet, and the sheet in plain form."""
    reader = _Exact(budget)
    try:
        for chunk in chunks:
            reader.parser.Parse(chunk, False)
        reader.parser.Parse(b"", True)
    except (expat.ExpatError, ValueError) as error:
        raise FileFault("not-xlsx") from error
    budget.spend_cells(reader.extent, reader.present)
    return reader.facts, reader.finish()


class _Exact:
    """Events of expat -> facts and plain XML."""

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
        self._plain = Packer()
        self._plain.write(f'<worksheet xmlns="{MAIN}"><sheetData>')
        self._inside: bool | None = None  # None before, False after <sheetData>
        self._row = self._column = 0
        self._last_row = self._last_column = -1
        self._elements = self._ordinal = 0
        self._owners: dict[int, int] = {}  # sheet row -> which of the rows of the file
        self._taken: set[tuple[int, int]] = set()  # by this row of the file
        self._cell: _Cell | None = None
        self._value: list[str] | None = None
        self._phonetic = False
        self.present = 0

    @property
    def extent(self) -> int:
        """Rows times columns."""
        return (self._last_row + 1) * (self._last_column + 1)

    def finish(self) -> Packed:
        """The plain form."""
        self._plain.write("</sheetData></worksheet>")
        return self._plain.finish()

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
            self._open_row(attributes)
        elif local == "c":
            self._open_cell(attributes)
        elif self._cell is not None:
            self._open_part(self._cell, local)

    def _open_row(self, attributes: dict[str, str]) -> None:
        self._row = int(attributes["r"]) - 1 if "r" in attributes else self._row
        self._column = 0
        self._ordinal += 1
        self._taken.clear()
        if attributes.get("hidden") in ("1", "true"):
            self.facts.hidden.add(self._row + 1)
        self._plain.write("<row>")

    def _open_cell(self, attributes: dict[str, str]) -> None:
        row = self._row
        if "r" in attributes:
            match = _REFERENCE.fullmatch(attributes["r"])
            if match is None or int(match[2]) < 1:
                raise FileFault("not-xlsx" if match else "dimensions")
            row, self._column = int(match[2]) - 1, column_index(match[1].upper())
        kind, style = attributes.get("t", "n"), attributes.get("s", "")
        self._cell = _Cell(row, self._column, kind, style)

    def _open_part(self, cell: _Cell, local: str) -> None:
        if local == "f":
            cell.mark = cell.mark or "formula"
        elif local == "rPh":
            self._phonetic = True
        elif local == "is":
            cell.hold(local)
        elif local == "v" or (local == "t" and not self._phonetic):
            if local == "v":
                cell.hold(local)
            self._value = cell.value

    def _text(self, text: str) -> None:
        cell = self._cell
        if self._value is not None and cell is not None and cell.length <= MAX_CELL:
            cell.length += len(text)
            self._value.append(text)

    def _end(self, name: str) -> None:
        local = name.rpartition(":")[2]
        if not self._inside:
            return
        if local == "sheetData":
            self._inside = False
        elif local == "row":
            self._row, self._column = self._row + 1, 0
            self._plain.write("</row>")
        elif local in ("v", "t"):
            self._value = None
        elif local == "rPh":
            self._phonetic = False
        elif local == "c" and self._cell is not None:
            self._close_cell(self._cell)
            self._column += 1
            self._cell = None

    def _close_cell(self, cell: _Cell) -> None:
        if not (cell.holds or cell.mark or cell.kind == "e"):
            return
        self._keep(cell.row, cell.column)
        text = "".join(cell.value)
        mark, plain = _judge(cell, text, self._budget)
        mark = cell.mark or mark
        place = (cell.row, cell.column)
        if self._owners.setdefault(cell.row, self._ordinal) != self._ordinal:
            self.facts.torn.add(cell.row + 1)
        elif place in self._taken:
            self.facts.marks.setdefault(cell.row + 1, {})[cell.column] = "broken"
            return
        self._taken.add(place)
        if mark is not None:
            self.facts.mark(cell.row + 1, cell.column, mark)
        if plain is not None:
            self._plain.write(f'<c r="{column_letters(cell.column)}{cell.row + 1}"{plain}</c>')

    def _keep(self, row: int, column: int) -> None:
        """Grow the rectangle to this cell."""
        self.present += 1
        self._last_row = max(self._last_row, row)
        self._last_column = max(self._last_column, column)
        rows, columns = self._last_row + 1, self._last_column + 1
        if rows > MAX_ROWS or columns > MAX_COLUMNS or rows * columns > MAX_CELLS:
            raise FileFault("dimensions")


class _Cell:
    """A cell being read. row, column: from 0."""

    __slots__ = ("column", "holds", "kind", "length", "mark", "row", "style", "value")

    def __init__(self, row: int, column: int, kind: str, style: str) -> None:
        self.row, self.column, self.kind, self.style = row, column, kind, style
        self.mark: Mark | None = None
        self.value: list[str] = []
        self.holds = False
        self.length = 0

    def hold(self, part: str) -> None:
        """Take note of a value; of two, or one of another type, nobody can tell what is meant."""
        if self.holds or (part == "is") != (self.kind == "inlineStr"):
            self.mark = self.mark or "broken"
        self.holds = True


def _judge(cell: _Cell, text: str, budget: Budget) -> tuple[Mark | Shown | None, str | None]:
    """(mark or None, attributes and inside of the cell in plain form or None)."""
    if cell.kind == "e":
        return "error", None
    if cell.kind in _TEXTS:
        return _judge_text(cell, text, budget)
    plain = text.strip(" \t\r\n")
    if cell.kind == "n" and plain:
        return _judge_number(cell, plain, budget)
    if cell.kind == "b" and plain in _BOOLEANS:
        return None, f' t="b"><v>{_BOOLEANS[plain]}</v>'
    if cell.kind == "d" and _is_day(plain):
        return None, f' t="d"><v>{plain}</v>'
    return ("broken" if plain else None), None


def _judge_text(cell: _Cell, text: str, budget: Budget) -> tuple[Mark | None, str | None]:
    if cell.kind == "s" and cell.holds and not budget.spend(text):
        return "broken", None
    code = budget.styles.code(cell.style)
    hidden = text and code is not None and not make(code).plain_text
    return ("scaled" if hidden else None), _plain_text(cell.kind, text) if text else None


def _judge_number(cell: _Cell, text: str, budget: Budget) -> tuple[Mark | Shown | None, str | None]:
    code = budget.styles.code(cell.style)
    if code is None or len(text) > _LONGEST_NUMBER or not _NUMBER.fullmatch(text):
        return "broken", None
    style = f' s="{cell.style}"' if cell.style and budget.styles.codes else ""
    return look(code, text), f"{style}><v>{text}</v>"


def _plain_text(kind: str, text: str) -> str:
    if kind == "s":
        return f' t="s"><v>{text}</v>'
    if kind == "str":
        return f' t="str"><v>{escape(text)}</v>'
    return f' t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is>'


def _is_day(text: str) -> bool:
    try:
        return bool(_DAY.fullmatch(text)) and bool(datetime.fromisoformat(text))
    except ValueError:
        return False
