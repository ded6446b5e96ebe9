"""Such a table as rows of what matters, read in a process of its own."""

from __future__ import annotations

import csv
import io
import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from gateway.files import xls, xlsx
from gateway.files.cells import text_of
from gateway.files.delimited import decode
from gateway.files.errors import FileFault
from gateway.files.header import HEADER_WITHIN
from gateway.files.interfaces import Cell, Line, Table
from gateway.files.kinds import kind_of
from gateway.worklists.columns import Columns, Role, families_of_type, find_columns
from ledger.records import uscc
from ledger.records.values import Fault, read_date

MAX_TEXT = 1000
"""Characters that are kept of a cell."""
PIECE = 500
"""Rows that are sent back at once."""
DELIMITERS = ",\t;|"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A row. texts: by role, empty ones left out; codes and days in the spelling of records.
    families: of the types it may be of; empty: of any. wrong: the roles whose cell is none."""

    row: int
    sheet: str | None
    texts: Mapping[Role, str]
    families: frozenset[str] = frozenset()
    wrong: tuple[Role, ...] = ()


def read_entries(pieces: Iterator[bytes], most: int) -> Iterator[bytes]:
    """Pickles of lists of `Entry`. pieces: the file. most: rows. Raises FileFault. For
    `gateway.base.child`."""
    rows = _entries(b"".join(pieces))
    count = 0
    while some := list(islice(rows, PIECE)):
        count += len(some)
        if count > most:
            raise FileFault("dimensions")
        yield pickle.dumps(some, pickle.HIGHEST_PROTOCOL)
    if not count:
        raise FileFault("no-rows")


def opened(piece: bytes) -> list[Entry]:
    """A piece that `read_entries` made."""
    found: list[Entry] = pickle.loads(piece)  # noqa: S301 - from our own process
    return found


def _entries(data: bytes) -> Iterator[Entry]:
    if not data.strip():
        raise FileFault("empty")
    found = False
    for table in _tables(data):
        lines = iter(table.lines)
        top = list(islice(lines, HEADER_WITHIN))
        columns = find_columns(top)
        if columns is None:
            continue
        found = True
        for line in chain(top, lines):
            if line.row > columns.row and (entry := _entry(table, line, columns)):
                yield entry
    if not found:
        raise FileFault("columns-missing")


def _tables(data: bytes) -> Sequence[Table]:
    kind = kind_of(data, "")
    if kind == "workbook":
        return xlsx.tables(data)
    return xls.tables(data) if kind == "old-workbook" else [_text(data)]


def _text(data: bytes) -> Table:
    """A text table, with the delimiter by which its header names most."""
    text = decode(data)
    best, most = DELIMITERS[0], 0
    for delimiter in DELIMITERS:
        columns = find_columns(list(islice(_lines(text, delimiter), HEADER_WITHIN)))
        if columns is not None and len(columns.at) > most:
            best, most = delimiter, len(columns.at)
    return Table(name=None, lines=_lines(text, best))


def _lines(text: str, delimiter: str) -> Iterator[Line]:
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for number, cells in enumerate(rows, 1):
            yield Line(row=number, cells=cells)
    except csv.Error as error:
        raise FileFault("text-encoding") from error


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
