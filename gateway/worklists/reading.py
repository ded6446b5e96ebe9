"""Such a table as rows of what matters, read in a process of its own."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from gateway.files import xls, xlsx
from gateway.files.asides import is_footer
from gateway.files.cells import shown, text_of
from gateway.files.delimited import DELIMITERS, decode, lines_of, records_of
from gateway.files.errors import FileFault
from gateway.files.header import HEADER_WITHIN
from gateway.files.interfaces import Cell, Line, Table
from gateway.files.kinds import kind_of
from gateway.worklists.columns import Columns, Role, families_of_type, find_columns, is_again
from ledger.records import uscc
from ledger.records.values import Fault, read_date

MAX_TEXT = 1000
"""Characters that are kept of a cell."""
PIECE = 500
"""Rows that are sent back at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A row. texts: by role, empty ones left out; codes and days in the spelling of records.
    families: of the types it may be of; empty: of any. wrong: the roles whose cell is none."""

    row: int
    sheet: str | None
    texts: Mapping[Role, str]
    families: frozenset[str] = frozenset()
    wrong: tuple[Role, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """What was passed over. rows: totals and the like, None: the whole sheet, for no header of such
    a table was found in it."""

    sheet: str | None
    rows: int | None

    def as_dict(self) -> dict[str, object]:
        """As the answers have it."""
        return {"sheet": self.sheet, "rows": self.rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """A table as read."""

    rows: Sequence[Entry]
    passed: Sequence[Passed] = ()

    @property
    def whole(self) -> bool:
        """Whether every sheet was read in which something stands."""
        return all(one.rows is not None for one in self.passed)


def read_entries(pieces: Iterator[bytes], most: int) -> Iterator[bytes]:
    """Pickles of lists of `Entry` and `Passed`. pieces: the file. most: rows. Raises FileFault.
    For `gateway.base.child`."""
    rows = _entries(b"".join(pieces))
    count = 0
    while some := list(islice(rows, PIECE)):
        count += sum(isinstance(one, Entry) for one in some)
        if count > most:
            raise FileFault("dimensions")
        yield pickle.dumps(some, pickle.HIGHEST_PROTOCOL)
    if not count:
        raise FileFault("no-rows")


def gathered(pieces: Iterable[bytes]) -> Entries:
    """What pieces that `read_entries` made say."""
    rows: list[Entry] = []
    passed: list[Passed] = []
    for piece in pieces:
        found: list[Entry | Passed] = pickle.loads(piece)  # noqa: S301 - from our own process
        rows += (one for one in found if isinstance(one, Entry))
        passed += (one for one in found if isinstance(one, Passed))
    return Entries(rows=rows, passed=passed)


def _entries(data: bytes) -> Iterator[Entry | Passed]:
    if not data.strip():
        raise FileFault("empty")
    found = False
    for table in _tables(data):
        lines = iter(table.lines)
        top = list(islice(lines, HEADER_WITHIN))
        columns = find_columns(top)
        if columns is not None:
            found = True
            yield from _rows(table, chain(top, lines), columns)
        elif any(shown(cell).strip() for line in top for cell in line.cells):
            yield Passed(sheet=table.name, rows=None)
    if not found:
        raise FileFault("columns-missing")


def _rows(table: Table, lines: Iterable[Line], columns: Columns) -> Iterator[Entry | Passed]:
    """The rows below the header; at last, how many of them are none."""
    passed = 0
    for line in lines:
        if line.row <= columns.row:
            continue
        if line.damaged or (table.ragged and _overfull(line, columns)):
            yield Entry(row=line.row, sheet=table.name, texts={}, wrong=("number",))
        elif is_footer(line.cells) or is_again(line, columns):
            passed += 1
        elif entry := _entry(table, line, columns):
            yield entry
    if passed:
        yield Passed(sheet=table.name, rows=passed)


def _overfull(line: Line, columns: Columns) -> bool:
    """Whether more stands in it than has a header: then its cells may have shifted."""
    return any(shown(cell).strip() for cell in line.cells[columns.width :])


def _tables(data: bytes) -> Sequence[Table]:
    kind = kind_of(data, "")
    if kind == "workbook":
        return xlsx.tables(data)
    return xls.tables(data) if kind == "old-workbook" else [_text(data)]


def _text(data: bytes) -> Table:
    """A text table, with the delimiter by which its header names most. Damaged rows are so marked:
    a quotation mark that is never closed costs its own row only."""
    lines = lines_of(decode(data))
    best, most = DELIMITERS[0], 0
    for delimiter in DELIMITERS:
        columns = find_columns(list(islice(records_of(lines, delimiter), HEADER_WITHIN)))
        if columns is not None and len(columns.at) > most:
            best, most = delimiter, len(columns.at)
    return Table(name=None, lines=records_of(lines, best), ragged=True)


def _entry(table: Table, line: Line, columns: Columns) -> Entry | None:
    """The row; None for one in which nothing stands."""
    texts: dict[Role, str] = {}
    wrong: list[Role] = []
    for role, at in columns.at.items():
        cell = line.cells[at] if at < len(line.cells) else ""
        text, fault = _READERS.get(role, _plain)(cell)
        if fault:
            wrong.append(role)
        elif text:
            texts[role] = text[:MAX_TEXT]
    if not texts and not wrong:
        return None
    families = families_of_type(texts.get("type", "")) or columns.families
    return Entry(row=line.row, sheet=table.name, texts=texts, families=families, wrong=tuple(wrong))


def _plain(cell: Cell) -> tuple[str, bool]:
    text, fault = text_of(cell, "text")
    return text, fault is not None


def _code(cell: Cell) -> tuple[str, bool]:
    text, fault = _plain(cell)
    code = uscc.normalise(text)
    return code, fault or bool(text and not uscc.has_shape(code))


def _day(cell: Cell) -> tuple[str, bool]:
    text, fault = text_of(cell, "date")
    if fault is not None:
        return "", True
    value = read_date(text) if text else ""
    return ("", True) if isinstance(value, Fault) else (value, False)


_READERS: Mapping[Role, Callable[[Cell], tuple[str, bool]]] = {
    "authority": _code,
    "subject": _code,
    "day": _day,
}
