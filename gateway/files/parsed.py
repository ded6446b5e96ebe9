"""What the parser behind (calamine) makes of a sheet, row by row, and its edge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from gateway.files.errors import FileFault
from gateway.files.facts import SheetFacts
from gateway.files.interfaces import Cell, Line, Mark, Marked, Shown

ROWS_AT_ONCE = 64


def lines_of(workbook: CalamineWorkbook, at: int, facts: SheetFacts) -> Iterator[Line]:
    """The rows of a sheet as they are parsed, with what is known of them. at: its place."""
    with parsing():
        sheet = workbook.get_sheet_by_index(at)
    last = 0
    for last, found in enumerate(_rows(sheet), 1):
        marks = facts.marks.get(last)
        cells = _marked(found, marks) if marks else found
        cells = _torn(cells) if last in facts.torn else cells
        yield Line(row=last, cells=cells, hidden=last in facts.hidden)
    for row in sorted(row for row in facts.marks if row > last):
        yield Line(row=row, cells=_marked([], facts.marks[row]), hidden=row in facts.hidden)


def _rows(sheet: CalamineSheet) -> Iterator[list[Cell]]:
    """Rows from the first of the sheet, cells from column A."""
    left: list[Cell] = [""] * sheet.start[1] if sheet.start else []
    rows = sheet.iter_rows()
    while True:
        with parsing():
            some = list(islice(rows, ROWS_AT_ONCE))
        if not some:
            return
        for row in some:
            yield [*left, *row] if left else list[Cell](row)


def _marked(cells: list[Cell], marks: Mapping[int, Mark | Shown]) -> list[Cell]:
    cells.extend([""] * (max(marks) + 1 - len(cells)))
    for column, mark in marks.items():
        value = cells[column]
        if isinstance(mark, Shown):
            cells[column] = mark.text
        else:
            cells[column] = Marked(mark, "" if isinstance(value, Marked) else value)
    return cells


def _torn(cells: Sequence[Cell]) -> list[Cell]:
    """A row that the file gives twice: nobody can tell which of the two it is."""
    return [
        Marked("broken", cell) if cell != "" and not isinstance(cell, Marked) else cell
        for cell in cells
    ]


@contextmanager
def parsing() -> Iterator[None]:
    """The edge to calamine: its errors, and panics of its Rust code, mean a broken workbook."""
    try:
        yield
    except CalamineError as error:
        raise FileFault("not-xlsx") from error
    except BaseException as error:
        if type(error).__name__ == "PanicException":
            raise FileFault("not-xlsx") from error
        raise
