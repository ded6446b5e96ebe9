"""Sheets of nothing but texts, which are read while they are scanned.

A sheet in the plain form whose cells are all texts needs no parser behind: one expression, made of
the columns of its first rows, takes row after row from its first byte to its last and gives the
texts by column. It fits nothing that `scan` would not let pass without a mark. Whatever it does not
fit, to the byte, is scanned and parsed like any other sheet.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from operator import lt
from typing import Literal, NamedTuple
from xml.parsers import expat

from gateway.files.facts import column_index
from gateway.files.styles import Styles
from gateway.files.text_lines import Block
from gateway.intake.plain_rows import SEPARATOR

MAX_PATTERNS = 64
"""Expressions made for one workbook, a few milliseconds each: a hostile one has a thousand sheets,
each with columns of its own."""
MAX_FRAME = 1 << 20
"""Bytes before and behind the rows that are looked at; most sheets have a few thousand."""
MAX_STRINGS = 32 << 20
"""Bytes of the shared strings that are taken apart here, which takes ten times as many."""

_Kind = Literal["inlineStr", "s"]
_SPACES = " \t\r\n"
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&"))
_STRANGE = (b"\0", b"\r", b"_x")
"""What stands for something else in a text, or between texts of ours."""
_TEXT = rb'<t((?: xml:space="preserve")?>[^<]+)</t>'
_INSIDE: dict[_Kind, bytes] = {
    "inlineStr": rb' t="inlineStr"><is>' + _TEXT + rb"</is>",
    "s": rb' t="s"><v>([0-9]{1,9})</v>',
}
_CELL = rb'(?:<c r="%b\1"(?: s="[0-9]{1,5}")?(?: ?/>|%b</c>))?+'
_ROW = (
    rb'<row r="([1-9][0-9]{0,4}|1[0-5][0-9]{4})"(?: (?!r=|hidden)[\w:.-]+="[\w.:+ -]*")*'
    rb"(?: ?/>|>%b</row>)"
)
_LETTERS = re.compile(rb'<c r="([A-Z]|[A-C][A-Z])[0-9]')
_STRING = rb"<si>" + _TEXT + rb'(?:<phoneticPr(?: \w+="\w*")* ?/>)?</si>'
_STRINGS = re.compile(_STRING)
_ALL_STRINGS = re.compile(
    rb'(?:<\?xml [^<>]*\?>\s*)?<sst(?: [\w:.-]+="[^"<>&]*")*>(?:' + _STRING + rb")*+</sst>\s*"
)
_PLACES = re.compile(r"[A-Z]{1,3}[1-9][0-9]{0,6}(?::[A-Z]{1,3}[1-9][0-9]{0,6})?")


class Taken(NamedTuple):
    """Of rows that were read. first, last: their numbers. cells: how many. columns: as wide."""

    first: int
    last: int
    cells: int
    columns: int


class Texts:
    """What the sheets of a workbook of texts share. strings: the shared ones; None where they are
    not plain: then there is no such sheet. styles: no cell may hide its text."""

    def __init__(self, strings: Sequence[str] | None, styles: Styles) -> None:
        self.strings = strings or ()
        self._able = strings is not None and not styles.hides_text
        self._left = MAX_PATTERNS

    def sheet(self) -> TextSheet | None:
        """To read one; None where there can be none."""
        return TextSheet(self) if self._able else None

    def pattern(self, letters: Sequence[bytes], kind: _Kind) -> re.Pattern[bytes] | None:
        """That of a row with these columns; None for one too many."""
        self._left -= 1
        if self._left < 0:
            return None
        return re.compile(_ROW % b"".join(_CELL % (each, _INSIDE[kind]) for each in letters))


class TextSheet:
    """One sheet, as far as it was read."""

    def __init__(self, book: Texts) -> None:
        self._book = book
        self._kind: _Kind = "s"
        self._letters: list[bytes] = []
        self._places: list[int] = []
        self._pattern: re.Pattern[bytes] | None = None
        self._blocks: list[Block] = []

    def take(self, block: bytes) -> Taken | None:
        """Read some whole rows; None where they are not of this sort, after which the sheet is to
        be read otherwise."""
        if any(sign in block for sign in _STRANGE):
            return None
        rows = self._rows(block)
        if not rows:
            return None
        first, *columns = zip(*rows, strict=True)
        numbers = list(map(int, first))
        if not all(map(lt, numbers, numbers[1:])):
            return None
        held: dict[int, bytes | array[int]] = {}
        for at, cells in zip(self._places, columns, strict=True):
            if any(cells):
                column = self._column(cells)
                if column is None:
                    return None
                held[at] = column
        self._blocks.append(Block(rows=numbers, columns=held, strings=self._book.strings))
        width = 1 + max(self._places, default=-1)
        return Taken(numbers[0], numbers[-1], block.count(b"<c "), width)

    def finish(self, frame: bytes) -> Sequence[Block] | None:
        """All that was read; None where the rest of the sheet is not as it should be. frame: what
        stands before the rows and behind them."""
        return self._blocks if _is_plain(frame) else None

    def _rows(self, block: bytes) -> list[tuple[bytes, ...]] | None:
        """Number and cells of each row, as they stand there."""
        if self._pattern is None and not self._widen(block):
            return None
        while (pattern := self._pattern) is not None:
            rows, at, end = [], 0, len(block)
            while found := pattern.match(block, at):
                rows.append(found.groups(b""))
                at = found.end()
            if at == end:
                return rows
            if not self._widen(block):
                return None
        return None

    def _widen(self, block: bytes) -> bool:
        """Make the expression for the columns of these rows, too; False where it has them."""
        found = {*self._letters, *_LETTERS.findall(block)}
        if self._pattern is not None and len(found) == len(self._letters):
            return False
        if self._pattern is None:
            self._kind = "inlineStr" if b' t="inlineStr"' in block else "s"
        self._letters = sorted(found, key=lambda letters: (len(letters), letters))
        self._places = [column_index(letters.decode()) for letters in self._letters]
        self._pattern = self._book.pattern(self._letters, self._kind)
        return self._pattern is not None

    def _column(self, cells: Sequence[bytes]) -> bytes | array[int] | None:
        if self._kind == "inlineStr":
            column = _column(cells)
            return None if column is None else column.encode()
        places = array("l", [int(cell) if cell else -1 for cell in cells])
        return places if max(places) < len(self._book.strings) else None


def plain_strings(data: bytes) -> Sequence[str] | None:
    """The shared strings of a part in the plainest form; None for one in any other."""
    if not data:
        return ()
    if len(data) > MAX_STRINGS:
        return None
    if any(sign in data for sign in _STRANGE) or not _ALL_STRINGS.fullmatch(data):
        return None
    found = _STRINGS.findall(data)
    column = _column(found)
    return None if column is None else column.split(SEPARATOR)[: len(found)]


def _column(cells: Sequence[bytes]) -> str | None:
    """The texts of cells as `_TEXT` finds them, b"" for none; None where one of them is not told by
    what stands there, or is empty."""
    try:
        column = b"\0".join(cells).decode()
    except UnicodeDecodeError:
        return None
    if "&" in column:
        if column.count("&") != sum(column.count(name) for name, _ in _ENTITIES):
            return None
        for name, sign in _ENTITIES:
            column = column.replace(name, sign)
    if any(space in column for space in _SPACES):
        texts = [_trimmed(cell) for cell in column.split(SEPARATOR)]
        return None if None in texts else SEPARATOR.join(map(str, texts))
    return f"{SEPARATOR}{column}".replace(f"{SEPARATOR}>", SEPARATOR)[1:]


def _trimmed(cell: str) -> str | None:
    """The text of a cell; None for one that is empty though there is a cell."""
    mark, _, text = cell.partition(">")
    return (text if mark else text.strip(_SPACES) or None) if cell else ""


def _is_plain(frame: bytes) -> bool:
    """Whether the parser behind would take no offence at what stands round the rows."""
    if len(frame) > MAX_FRAME or b"<!" in frame or b"&#" in frame:
        return False
    plain = True

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal plain
        if name.rpartition(":")[2] in ("dimension", "mergeCell"):
            plain = plain and _PLACES.fullmatch(attributes.get("ref", "")) is not None

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    try:
        parser.Parse(frame, True)
    except (expat.ExpatError, ValueError):
        return False
    return plain
