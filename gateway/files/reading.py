"""A file of any kind as one stream of rows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gateway.files import delimited, xls, xlsx
from gateway.files.cells import shown
from gateway.files.errors import FileFault
from gateway.files.header import candidates, find_header
from gateway.files.interfaces import Line, Table
from gateway.files.kinds import kind_of
from gateway.files.returned import EXPLANATION
from gateway.files.rows import RowReader, json_row, sheet_row
from gateway.files.stretch import Part, Row, Stretch, count, rows_in
from gateway.intake.interfaces import RowInput
from gateway.intake.lines import MAX_LINE, LineSplitter
from gateway.intake.parsing import parse_lines, parse_record
from gateway.intake.texts import fault
from ledger.records.schema import Schema
from ledger.records.template import HELP_SHEETS

_BOM = b"\xef\xbb\xbf"
_SPACE = re.compile(r"[ \t\r\n]*")
_LINES = ("ndjson", "jsonl")
MAX_ROWS = 1_000_000
"""Rows of one file: fewer than a sheet can have, so that all of them can go back in one."""
TEMPLATES = {"penalty-2015": "2015", "penalty": "2018", "licence": "2018"}
"""Editions of the templates that there are several of."""


@dataclass(slots=True, kw_only=True)
class Sheet:
    """What became of one sheet, or of a text file (name None). schema: as detected, None where
    it was not read; fault: then why, None for one without header. unread: rows of one without
    header that hold something, none of a sheet of our own workbooks that explains them."""

    name: str | None
    schema: Schema | None = None
    rows: int = 0
    unread: int = 0
    fault: FileFault | None = None


class Reading:
    """One file being read. Reading the same bytes again yields the same rows.

    name: as sent, decides between JSON and lines of JSON. type_: name or family of a schema that
    the sender forces, or None.
    """

    def __init__(self, data: bytes, *, name: str, type_: str | None) -> None:
        self.sheets: list[Sheet] = []
        self._data = data
        self._name = name
        self._schemas = candidates(type_)

    def rows(self) -> Iterator[Row]:
        """All rows in order, one by one; otherwise as `parts`."""
        for part in self.parts():
            yield from rows_in(part)

    def parts(self) -> Iterator[Part]:
        """Rows in order, blank ones left out, as many at once as have nothing odd. FileFault where
        the file as a whole, or every sheet of it, cannot be read, or there is no row; rows before
        it stand."""
        total = 0
        for part in self._parts():
            room, total = MAX_ROWS - total, total + count(part)
            if total <= MAX_ROWS:
                yield part
                continue
            if isinstance(part, Stretch):
                self.sheets[-1].rows -= total - MAX_ROWS - 1  # those behind the first one too many
                if room:
                    yield part.part(0, room)
            raise FileFault("dimensions")
        if not total:
            raise FileFault("no-rows")

    def _parts(self) -> Iterator[Part]:
        if not self._data[:MAX_LINE].removeprefix(_BOM).strip():
            raise FileFault("empty")
        kind = kind_of(self._data, self._name)
        if kind == "workbook":
            yield from self._tabular(xlsx.tables(self._data))
        elif kind == "old-workbook":
            yield from self._tabular(xls.tables(self._data))
        elif kind == "table":
            yield from self._tabular(delimited.tables(self._data, self._schemas))
        else:
            yield from self._json()

    def _tabular(self, tables: Sequence[Table]) -> Iterator[Part]:
        for table in tables:
            sheet = Sheet(name=table.name)
            self.sheets.append(sheet)
            try:
                yield from self._table(table, sheet)
            except FileFault as problem:
                sheet.fault = problem
        faulty = [(sheet.name, sheet.fault) for sheet in self.sheets if sheet.fault]
        if all(sheet.schema is None for sheet in self.sheets):
            raise faulty[0][1] if faulty else FileFault("header-missing")
        for name, reason in faulty:
            yield sheet_row(name, reason)

    def _table(self, table: Table, sheet: Sheet) -> Iterator[Part]:
        passed = _Passed()
        header = find_header(passed.over(table.lines), self._schemas)
        if header is None:
            for _ in passed.over(table.lines):
                pass
            ours = table.name in HELP_SHEETS or passed.first == EXPLANATION
            sheet.unread = 0 if ours else passed.filled
            return
        reader = RowReader(table, header)
        sheet.schema = header.schema
        for part in reader.parts():
            sheet.rows += count(part)
            yield part

    def _json(self) -> Iterator[Row]:
        by_type: dict[str, Sheet] = {}
        for record in _records(self._data.removeprefix(_BOM), self._name):
            if record.type not in by_type:
                schema = next((s for s in self._schemas if s.name == record.type), None)
                by_type[record.type] = Sheet(name=None, schema=schema)
                self.sheets += [by_type[record.type]] if schema else []
            by_type[record.type].rows += 1
            yield json_row(record)


class _Passed:
    """Lines that went by. filled: how many hold something; first: the text of the first cell."""

    def __init__(self) -> None:
        self.filled = 0
        self.first = ""

    def over(self, lines: Iterable[Line]) -> Iterator[Line]:
        """The same lines."""
        for line in lines:
            text = next((text for cell in line.cells if (text := shown(cell).strip())), "")
            if text:
                self.first = self.first or text
                self.filled += 1
            yield line


def _is_lines(name: str) -> bool:
    return name.lower().rpartition(".")[2] in _LINES


def _records(data: bytes, name: str) -> Iterator[RowInput]:
    """One record, an array of them, or one a line."""
    if data.lstrip()[:1] == b"[" and not _is_lines(name):
        yield from _array(data)
        return
    one = b"\n" not in data.strip()
    if (one and not _is_lines(name)) or (not one and _is_json(data)):
        yield _parsed(data, None)
        return
    if data.count(b"\n") > MAX_ROWS:
        raise FileFault("dimensions")
    splitter = LineSplitter()
    for row, line in enumerate([*splitter.feed(data), *splitter.finish()], 1):
        if line is None or line.strip():
            yield parse_lines([line], row)[0]


def _is_json(data: bytes) -> bool:
    try:
        json.loads(data)  # orjson calls it malformed, or crashes, where there is no memory
    except (ValueError, RecursionError):
        return False
    return True


def _array(data: bytes) -> Iterator[RowInput]:
    """The records of a JSON array, each cut out as it stands, so that it is read as strictly as
    a record alone."""
    try:
        text = data.decode()
        decoder = json.JSONDecoder()
        at = _skip(text, text.index("[") + 1)
        row = 0
        while text[at : at + 1] != "]":
            row += 1
            if row > 1:
                at = _skip(text, text.index(",", at, at + 1) + 1)
            end = decoder.raw_decode(text, at)[1]
            yield _parsed(text[at:end].encode(), row)
            at = _skip(text, end)
        if _skip(text, at + 1) != len(text):
            raise FileFault("json-malformed")
    except (ValueError, RecursionError) as error:
        raise FileFault("json-malformed") from error


def _parsed(data: bytes, row: int | None) -> RowInput:
    if len(data) > MAX_LINE:
        return RowInput(row=row, type="", fields={}, fault=fault("too-large"))
    return parse_record(data, row)


def _skip(text: str, at: int) -> int:
    """The place of the next character that is not white space."""
    space = _SPACE.match(text, at)
    return space.end() if space else at
