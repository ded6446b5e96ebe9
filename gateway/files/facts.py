"""What must be known of a sheet before it is parsed, and what its workbook may still hold."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from xml.parsers import expat

from gateway.files.errors import FileFault
from gateway.files.interfaces import Mark, Shown
from gateway.files.plain_xml import demand_plain_xml, parse_xml
from gateway.files.styles import Styles

MAX_CELLS = 1 << 24
"""Rows times columns of all sheets of a workbook together: the cells of the largest that may be
unpacked. calamine needs 32 bytes for each cell of the sheet it reads: half a gigabyte."""
EMPTY_CELLS = 1 << 22
"""Rows times columns of a sheet, whatever stands in it: a forgotten remark far below the table.
Beyond them a sheet has `PER_CELL` for each of its cells at most, or two cells would cost as much as
sixteen million."""
PER_CELL = 64
MAX_COLUMNS = 1000
"""The widest template has 30; a thousand leaves room for everything a department adds."""
MAX_ROWS = 1 << 20
"""Rows of a sheet in Excel and WPS."""
MAX_TOLD = 1 << 20
"""Strings that a part may say it has without being doubted; 24 bytes each."""
_HEAD = 1 << 12
MAX_TEXT = 1 << 29
"""Bytes of all text once shared strings are written out in every cell that names them."""

_INDEX = re.compile(r"[0-9]{1,9}")
_SHARED = re.compile(rb' t="s"[^<>]*><v>([0-9]{1,9})</v></c>')


@dataclass(slots=True)
class SheetFacts:
    """marks: row (from 1) -> column (from 0) -> why its value must not be taken, or the text that
    is. torn: rows that the file gives twice. hidden: rows that it does not show."""

    marks: dict[int, dict[int, Mark | Shown]] = field(default_factory=dict)
    torn: set[int] = field(default_factory=set)
    hidden: set[int] = field(default_factory=set)

    def mark(self, row: int, column: int, mark: Mark | Shown) -> None:
        """A formula stays one, whatever its result; else what was said first."""
        marks = self.marks.setdefault(row, {})
        marks[column] = "formula" if mark == "formula" else marks.get(column, mark)


@dataclass(frozen=True, slots=True)
class SharedStrings:
    """Sizes in bytes of the shared strings; one string can stand in a million cells. rewritten:
    the part without the numbers that it says of itself, where they are not its own."""

    sizes: Sequence[int] = ()
    longest: int = 0
    rewritten: bytes | None = None


def shared_strings(data: bytes) -> SharedStrings:
    """Upper bounds of the sizes, by index, from the whole sharedStrings part."""
    if not data:
        return SharedStrings()
    demand_plain_xml(data)
    if b"<!" in data or data.count(b"<?") > 1:  # where something else may look like a string
        starts = _starts(data)
    else:
        starts = [match.start() for match in re.finditer(rb"<(?:[\w.-]+:)?si[\s/>]", data)]
    sizes = [end - start for start, end in pairwise([*starts, len(data)])]
    name, attributes = _root(data)
    told = [attributes[key] for key in ("count", "uniqueCount") if key in attributes]
    rewritten = None
    # calamine takes memory for as many strings as the part says it has.
    if starts and not all(_INDEX.fullmatch(n) and int(n) <= MAX_TOLD for n in told):
        rewritten = b"<%b>" % name.encode() + data[starts[0] :]
    return SharedStrings(sizes, max(sizes, default=0), rewritten)


def _root(data: bytes) -> tuple[str, Mapping[str, str]]:
    """Name and attributes of the outermost element."""
    found: list[tuple[str, Mapping[str, str]]] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda *element: found.append(element)
    at = 0
    try:
        while not found and at < len(data):
            parser.Parse(data[at : at + _HEAD], False)
            at += _HEAD
    except (expat.ExpatError, ValueError) as error:
        raise FileFault("not-xlsx") from error
    if not found:
        raise FileFault("not-xlsx")
    return found[0]


def _starts(data: bytes) -> list[int]:
    """The places of the strings, event by event."""
    found: list[int] = []

    def start(name: str, _: object) -> None:
        if name.rpartition(":")[2] == "si":
            found.append(parser.CurrentByteIndex)

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parse_xml(parser, data)
    return found


class Budget:
    """What the sheets of a workbook may still hold: cells, and bytes of text in them. strings,
    styles: what their cells may name."""

    def __init__(self, strings: SharedStrings, styles: Styles | None = None) -> None:
        self.styles = styles or Styles()
        self.left = MAX_TEXT
        self._sizes, self._longest = strings.sizes, strings.longest
        self._cells = MAX_CELLS

    def spend_cells(self, extent: int, present: int) -> None:
        """A sheet of so many rows times columns, with so many cells."""
        if extent > EMPTY_CELLS + PER_CELL * present:
            raise FileFault("dimensions")
        self._cells -= max(extent, present)
        if self._cells < 0:
            raise FileFault("dimensions")

    def spend_plain(self, block: bytes) -> bool:
        """All shared strings that the cells of a block in plain form name; False where one of them
        names none that there is."""
        cells = block.count(b' t="s"')
        if cells:  # without those that are empty
            cells -= block.count(b' t="s"/>') + block.count(b' t="s" />')
        if not cells:
            return True
        named = list(map(int, _SHARED.findall(block)))
        if len(named) != cells or max(named) >= len(self._sizes):
            return False
        worst = cells * self._longest
        if worst > self.left // 64:  # too much to be ignored: count exactly
            worst = sum(map(self._sizes.__getitem__, named))
        self._spend(worst)
        return True

    def spend(self, index: str) -> bool:
        """The shared string that one cell names; False where there is none."""
        if not _INDEX.fullmatch(index) or int(index) >= len(self._sizes):
            return False
        self._spend(self._sizes[int(index)])
        return True

    def _spend(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise FileFault("inflated")


def column_index(letters: str) -> int:
    """A -> 0, Z -> 25, AA -> 26 …"""
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - ord("A") + 1
    return index - 1


def column_letters(index: int) -> str:
    """0 -> A, 26 -> AA: how people call a column."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
