"""What must be known of a sheet before it is parsed: its extent, and cells not to be believed.

calamine lays a sheet out as a dense rectangle, resolves shared strings by copying them (and takes
the first one for an index that is no number), knows nothing of what formats show, gives the cached
value of a formula, or nothing where there is none, and error cells as empty. So the XML is scanned
first. Nearly all sheets are written by a few programs in one plain form, which a few regular
expressions recognise whole: every tag between <sheetData> and its end is one of few, every cell
names its position inside a box, in rows that stand once and in order. Anything else is read by
expat, event by event (`exact`), and written anew in that form. Both end in the same `SheetFacts`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from gateway.files.container import Packed
from gateway.files.errors import FileFault
from gateway.files.exact import read_exactly
from gateway.files.facts import Budget, SheetFacts, column_index
from gateway.files.formats import look, make
from gateway.files.interfaces import Mark, Shown
from gateway.files.plain_xml import BOM, demand_plain_xml
from gateway.files.styles import Styles
from gateway.files.text_lines import Block
from gateway.files.texts import MAX_FRAME, Taken, TextSheet

# Columns A … CZ (104) and rows 1 … 159999, within MAX_CELLS, as a pattern.
_BOX = rb'c r="(?:[A-Z]|[A-C][A-Z])(?:[1-9][0-9]{0,4}|1[0-5][0-9]{4})"'
_ATTRIBUTES = (
    rb'(?: s="[0-9]{1,5}")?(?: t="(?:s|n|b|str|inlineStr|e)")?(?: (?:cm|vm|ph)="[0-9]{1,10}")?'
)
# Attributes hold no angle brackets: else what we take for a tag may be a value for calamine.
_ANY_ATTRIBUTES = rb"""(?:\s+[\w:.-]+\s*=\s*(?:"[^"<>]*"|'[^'<>]*'))*"""
_NOT_PLAIN = re.compile(
    rb"<(?!/(?:c|v|t|is|f|row)>|" + _BOX + _ATTRIBUTES + rb"(?: ?/)?>"
    rb'|[vt](?: ?/)?>|is>|t xml:space="preserve">|(?:row|f)' + _ANY_ATTRIBUTES + rb"\s*/?>)"
)
_TAG = re.compile(rb"<[?/]?[\w:.-]+" + _ANY_ATTRIBUTES + rb"\s*[?/]?>")
_DATA = re.compile(rb"<sheetData([ />])")
_DATA_END = b"</sheetData>"
_PLACE = re.compile(
    rb'<row(?: [\w:.-]+="[^"<>]*")*? r="([1-9][0-9]{0,5})"'
    rb'|<c r="([A-Z]{1,2})([0-9]{1,6})"(?: s="([0-9]{1,5})")?'
)
_CELL = (
    rb'<c r="([A-Z]{1,2})([0-9]{1,6})"%b(?: t="([a-zA-Z]+)")?(?: [^<>]*)?/?>'
    rb"(?:<v>([^<]*)</v>)?"
)
_FORMULA = re.compile(rb'<c r="([A-Z]{1,2})([0-9]{1,6})"[^<>]*><f[\s/>]')
_ERROR = re.compile(
    rb'<c r="([A-Z]{1,2})([0-9]{1,6})"[^<>]* t="e"[^<>]*>(?:<f>[^<]*</f>)?'
    rb"<v>#(?:N/A|DIV/0!|NAME\?|NULL!|NUM!|REF!|VALUE!)</v></c>"
)
_BOOLEAN = re.compile(rb' t="b"[^<>]*><v>[01]</v></c>')
# A number that is none; what has another type than a number begins otherwise.
_NO_NUMBER = re.compile(
    rb'<c r="[A-Z]+[0-9]+"(?: s="[0-9]+")?(?: t="n")?><v>'
    rb"(?!-?[0-9]{1,400}(?:\.[0-9]{1,400})?(?:[Ee][-+]?[0-9]{1,4})?</v></c>)"
)
_ROW = re.compile(rb"<row[^<>]*>")
_ROW_NUMBER = re.compile(rb"""\sr\s*=\s*["']([1-9][0-9]{0,5})["']""")
_IS_HIDDEN = re.compile(rb"""\shidden\s*=\s*["'](?:1|true)["']""")
_MAX_PROLOGUE = 4 << 20
"""Bytes before <sheetData>: column widths and views; a few thousand at most."""
_MAX_BLOCK = 16 << 20
"""Bytes between two row tags; a longer row is read event by event, not gathered."""
_TEXTS = (b"s", b"str", b"inlineStr")


class _Plainless(Exception):
    """The sheet is not in the plain form."""


class Scanned(NamedTuple):
    """Facts of a sheet; the sheet in plain form, None where it is in that form already; and where
    it holds nothing but texts, these, None where it is to be parsed."""

    facts: SheetFacts
    plain: Packed | None
    texts: Sequence[Block] | None = None


def scan(
    parts: Iterable[Iterable[bytes]], budget: Budget, texts: TextSheet | None = None
) -> Scanned:
    """Scan one sheet. parts: opens the unpacked XML, once or twice (a fresh iterable each time it
    is iterated). texts: reads it, as long as it finds nothing but texts. FileFault where parsing it
    would cost too much or is not safe."""
    readings = iter(parts)
    left = budget.left
    try:
        return _plain(next(readings), budget, texts)
    except _Plainless:
        budget.left = left
        return Scanned(*read_exactly(next(readings), budget))


def _plain(chunks: Iterable[bytes], budget: Budget, texts: TextSheet | None = None) -> Scanned:
    facts, seen = SheetFacts(), _Seen()
    inside = _Inside(iter(chunks))
    for block in inside.blocks():
        if texts is not None:
            taken = texts.take(block)
            if taken is not None and seen.follow(taken) and budget.spend_plain(block):
                continue
            texts = None
        if _NOT_PLAIN.search(block) or not budget.spend_plain(block) or _NO_NUMBER.search(block):
            raise _Plainless
        _demand_one_value(block)
        styles = seen.add(block)
        if b"hidden" in block:
            facts.hidden.update(_hidden(block))
        _mark_all(facts, _FORMULA, block, b"<f", "formula")
        _mark_all(facts, _ERROR, block, b' t="e"', "error")
        if block.count(b' t="b"') != len(_BOOLEAN.findall(block)):
            raise _Plainless
        odd = styles - budget.styles.ordinary
        if odd:
            _look_at_formats(facts, block, budget.styles, frozenset(odd))
    try:
        budget.spend_cells(seen.row * seen.columns, seen.present)
    except FileFault as error:  # styled cells without a value were counted, which cost nothing
        raise _Plainless from error
    return Scanned(facts, None, None if texts is None else texts.finish(inside.frame()))


def _hidden(block: bytes) -> Iterator[int]:
    """The rows that are not shown; every row of a plain sheet has its number."""
    for tag in _ROW.findall(block):
        if _IS_HIDDEN.search(tag) and (number := _ROW_NUMBER.search(tag)):
            yield int(number[1])


def _demand_one_value(block: bytes) -> None:
    """A cell holds one value at its end, and text in itself where its type says so."""
    texts = block.count(b"<is>")
    if (
        block.count(b"</v>") != block.count(b"</v></c>")
        or texts != block.count(b' t="inlineStr"><is>')
        or texts != block.count(b"</is></c>")
        or texts != block.count(b' t="inlineStr">')
    ):
        raise _Plainless


class _Seen:
    """The places of the cells so far. Rows stand in order, each cell once and in its own row; a
    sheet where they do not is not plain."""

    def __init__(self) -> None:
        self.present = self.row = self.columns = 0
        self._last = 0

    def follow(self, taken: Taken) -> bool:
        """Take in rows that were read; False where they do not come after those so far."""
        if taken.first <= self._last:
            return False
        self._last = taken.last
        self.present += taken.cells
        if taken.cells:
            self.row = max(self.row, taken.last)
            self.columns = max(self.columns, taken.columns)
        return True

    def add(self, block: bytes) -> set[bytes]:
        """Take in a block; the styles that its cells name."""
        found = _PLACE.findall(block)
        current, rows, cells = b"", [self._last], []
        for row, letters, digits, _ in found:
            if row:
                current = row
                rows.append(int(row))
            elif digits == current:
                cells.append(letters + digits)
            else:
                raise _Plainless
        ordered = all(one < other for one, other in pairwise(rows))
        whole = len(rows) - 1 == block.count(b"<row") and len(cells) == block.count(b"<c ")
        if not (ordered and whole and len(set(cells)) == len(cells)):
            raise _Plainless
        self._last = rows[-1]
        self._measure(found, len(cells))
        return {style for row, _, _, style in found if not row}

    def _measure(self, found: Sequence[tuple[bytes, bytes, bytes, bytes]], cells: int) -> None:
        self.present += cells
        if cells:
            self.row = max(
                self.row, *(int(digits) for digits in {place[2] for place in found} if digits)
            )
            widest = max(
                column_index(letters.decode()) for letters in {place[1] for place in found}
            )
            self.columns = max(self.columns, widest + 1)


def _mark_all(
    facts: SheetFacts, pattern: re.Pattern[bytes], block: bytes, sign: bytes, mark: Mark
) -> None:
    """Mark the cells that the pattern finds, as many as the sign stands in the block."""
    count = block.count(sign)
    if count:
        found = pattern.findall(block)
        if len(found) != count:
            raise _Plainless
        for letters, digits in found:
            facts.mark(int(digits), column_index(letters.decode()), mark)


def _look_at_formats(
    facts: SheetFacts, block: bytes, styles: Styles, odd: frozenset[bytes]
) -> None:
    """Mark the cells whose format shows another value, or the text that it shows. odd: styles that
    may do so."""
    for letters, digits, style, kind, value in _cells_of(odd).findall(block):
        if style not in odd or not (value or kind == b"inlineStr"):
            continue
        code = styles.code(style.decode())
        mark: Mark | Shown | None = None
        if kind in _TEXTS:
            mark = None if code is None or make(code).plain_text else "scaled"
        elif kind in (b"", b"n"):
            mark = "broken" if code is None else look(code, value.decode())
        if mark is not None:
            facts.mark(int(digits), column_index(letters.decode()), mark)


@lru_cache(maxsize=64)
def _cells_of(styles: frozenset[bytes]) -> re.Pattern[bytes]:
    """Matches the cells of these styles; where those without one (b"") are meant, all cells."""
    if b"" in styles:
        return re.compile(_CELL % rb'(?: s="([0-9]{1,5})")?')
    return re.compile(_CELL % (b' s="(%b)"' % b"|".join(sorted(styles))))


class _Inside:
    """What stands inside <sheetData>, and round it."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._round: list[bytes] = []

    def frame(self) -> bytes:
        """The sheet without its rows, once these were read; some more than `MAX_FRAME` of it where
        it is larger."""
        return b"".join(self._round)

    def blocks(self) -> Iterator[bytes]:
        """The rows, cut before row tags. All chunks are read to their end, because only then is the
        part known to be what it declares."""
        before, buffer = _divided(self._chunks)
        behind = b""
        for chunk in self._chunks:
            end = buffer.find(_DATA_END)
            if end >= 0:
                behind = chunk
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
        self._round += [before, buffer[end:], behind]
        room = MAX_FRAME
        for chunk in self._chunks:
            if room > 0:
                self._round.append(chunk)
                room -= len(chunk)


def _divided(chunks: Iterator[bytes]) -> tuple[bytes, bytes]:
    """The bytes up to <sheetData>, and those after it as far as they were read; b"" for a sheet
    without rows."""
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
    if not strict or b"<?" in prologue.removeprefix(BOM)[2:] or b":sheetData" in prologue:
        raise _Plainless
    if start[1] == b">":
        return head[: start.end()], head[start.end() :]
    raise _Plainless
