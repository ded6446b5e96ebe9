"""Workbooks (.xlsx, .xlsm) as tables. Everything is checked before the first cell is parsed."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from xml.parsers import expat

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from gateway.files.archive import Archive
from gateway.files.errors import FileFault
from gateway.files.interfaces import Cell, Line, Mark, Marked, Table
from gateway.files.scan import (
    Budget,
    SheetFacts,
    demand_plain_xml,
    scan,
    shared_strings,
)

MAX_SMALL_PART = 4 << 20
"""Bytes of the list of sheets and of its relations; some kilobytes at most."""
MAX_STRINGS = 256 << 20
"""Bytes of the shared strings part."""

_WORKBOOK, _RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
_XML = (".xml", ".rels")


@dataclass(frozen=True, slots=True)
class _Sheet:
    """at: place in the workbook. path: of its part. name: as shown on its tab."""

    at: int
    name: str
    path: str


def tables(data: bytes) -> list[Table]:
    """The worksheets in order; FileFault if any of them is not safe to read."""
    archive = Archive(data)
    sheets = _sheets(archive)
    budget = Budget(shared_strings(_strings(archive)))
    facts = {sheet.at: scan(_Readings(archive, sheet.path), budget) for sheet in sheets}
    _demand_plain_rest(archive, {sheet.path for sheet in sheets})
    with _calamine():
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        names = workbook.sheet_names
    if any(names[sheet.at : sheet.at + 1] != [sheet.name] for sheet in sheets):
        raise FileFault("not-xlsx")
    return [
        Table(name=sheet.name, lines=_lines(workbook, sheet.at, facts[sheet.at]))
        for sheet in sheets
    ]


@dataclass(frozen=True, slots=True)
class _Readings:
    """Unpacks a part anew each time it is asked."""

    archive: Archive
    path: str

    def __iter__(self) -> Iterator[Iterator[bytes]]:
        while True:
            yield self.archive.chunks(self.path)


def _sheets(archive: Archive) -> list[_Sheet]:
    """Worksheets as the parser behind finds them: `xl/` is the base of every target."""
    paths = {name.lower(): name for name in archive.names()}
    targets: dict[str, tuple[str, str]] = {}
    for name, attributes in _elements(archive.read(_RELATIONS, MAX_SMALL_PART)):
        if name == "Relationship":
            if attributes.get("Id", "") in targets:
                raise FileFault("not-xlsx")
            kind = attributes.get("Type", "").rpartition("/")[2]
            targets[attributes.get("Id", "")] = (kind, attributes.get("Target", ""))
    found = []
    listed = [a for n, a in _elements(archive.read(_WORKBOOK, MAX_SMALL_PART)) if n == "sheet"]
    for at, attributes in enumerate(listed):
        ids = [value for key, value in attributes.items() if key.endswith(":id")]
        kind, target = targets.get(ids[0], ("", "")) if len(ids) == 1 else ("", "")
        if kind == "worksheet":
            target = target[1:] if target.startswith("/xl/") else f"xl/{target}"
            path = paths.get(target.lower())
            if path is None:
                raise FileFault("not-xlsx")
            found.append(_Sheet(at, attributes.get("name", ""), path))
    if not found:
        raise FileFault("not-xlsx")
    return found


def _elements(data: bytes) -> list[tuple[str, Mapping[str, str]]]:
    """(name without prefix, attributes) of every element of a small part."""
    demand_plain_xml(data)
    found: list[tuple[str, Mapping[str, str]]] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, attributes: found.append(
        (name.rpartition(":")[2], attributes)
    )
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError) as error:
        raise FileFault("not-xlsx") from error
    return found


def _strings(archive: Archive) -> bytes:
    names = [name for name in archive.names() if name.lower() == "xl/sharedstrings.xml"]
    return archive.read(names[0], MAX_STRINGS) if names else b""


def _demand_plain_rest(archive: Archive, read: set[str]) -> None:
    """No other XML part unpacks to more than it declares or brings entities of its own; but for
    customXml, which other programs write as they like and nothing here reads."""
    for name in archive.names():
        folded = name.lower()
        ours = folded.endswith(_XML) and not folded.startswith("customxml/")
        if ours and name not in read:
            for at, chunk in enumerate(archive.chunks(name)):
                if at == 0:
                    demand_plain_xml(chunk)
                elif b"<!DOCTYPE" in chunk or b"<!ENTITY" in chunk:
                    raise FileFault("xml-hostile")


ROWS_AT_ONCE = 64


def _lines(workbook: CalamineWorkbook, at: int, facts: SheetFacts) -> Iterator[Line]:
    with _calamine():
        sheet = workbook.get_sheet_by_index(at)
    last = 0
    for last, cells in enumerate(_rows(sheet), 1):
        marks = facts.marks.get(last)
        yield Line(row=last, cells=_marked(cells, marks) if marks else cells)
    for row in sorted(row for row in facts.marks if row > last):
        yield Line(row=row, cells=_marked([], facts.marks[row]))


def _rows(sheet: CalamineSheet) -> Iterator[list[Cell]]:
    """Rows from the first of the sheet, cells from column A."""
    left: list[Cell] = [""] * sheet.start[1] if sheet.start else []
    rows = sheet.iter_rows()
    while True:
        with _calamine():
            some = list(islice(rows, ROWS_AT_ONCE))
        if not some:
            return
        for row in some:
            yield [*left, *row] if left else list[Cell](row)


def _marked(cells: list[Cell], marks: Mapping[int, Mark]) -> list[Cell]:
    cells.extend([""] * (max(marks) + 1 - len(cells)))
    for column, mark in marks.items():
        value = cells[column]
        cells[column] = Marked(mark, "" if isinstance(value, Marked) else value)
    return cells


@contextmanager
def _calamine() -> Iterator[None]:
    """The edge to calamine: its errors, and panics of its Rust code, mean a broken workbook."""
    try:
        yield
    except CalamineError as error:
        raise FileFault("not-xlsx") from error
    except BaseException as error:
        if type(error).__name__ == "PanicException":
            raise FileFault("not-xlsx") from error
        raise
