"""Lines of a table by column, so that the cells of most columns are looked at all at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from gateway.files.cells import MAX_CELL, UNREAD, plain_text, shown, text_of
from gateway.files.errors import FileFault
from gateway.files.interfaces import Batch, Cell, Column, Line
from gateway.intake.plain_rows import SEPARATOR
from ledger.records.schema_parts import Kind

ROWS = 256
"""Lines that are gathered: one of them that is odd has all of them looked at one by one."""


def gathered(lines: Iterator[Line]) -> Iterator[Batch | Sequence[Line]]:
    """All of the lines in their order; as they are where something is to be said of one of them.
    Raises what they raise, once those before it were given."""
    while True:
        some: list[Line] = []
        fault = None
        try:
            some.extend(islice(lines, ROWS))
        except FileFault as error:
            fault = error
        if some:
            yield _batch(some) or some
        if fault is not None:
            raise fault
        if len(some) < ROWS:
            return


def _batch(lines: Sequence[Line]) -> Batch | None:
    if any(line.damaged or line.hidden for line in lines):
        return None
    if {len(line.cells) for line in lines} != {len(lines[0].cells) or None}:
        return None  # not all as wide, or none of them with a cell
    columns = [column_of(cells) for cells in zip(*(line.cells for line in lines), strict=True)]
    return Batch(rows=[line.row for line in lines], columns=columns)


def lines_of(batch: Batch) -> Iterator[Line]:
    """The lines that a batch is made of."""
    for row, cells in zip(batch.rows, rows_of(batch.columns), strict=True):
        yield Line(row=row, cells=cells)


def rows_of(columns: Sequence[Column]) -> Iterator[list[Cell]]:
    """The cells of columns, row by row."""
    return map(list, zip(*map(cells_of, columns), strict=True))


def column_of(cells: Sequence[Cell]) -> Column:
    """The cells as a column."""
    try:
        joined = SEPARATOR.join(cells)  # type: ignore[arg-type]
    except TypeError:  # not all of them are texts
        return cells
    return joined if joined.count(SEPARATOR) == len(cells) - 1 else cells


def cells_of(column: Column) -> Sequence[Cell]:
    """The cells of a column."""
    return column.split(SEPARATOR) if isinstance(column, str) else column


def cut(column: Column, start: int, stop: int) -> Column:
    """Some cells of a column."""
    return column_of(cells_of(column)[start:stop])


def read_column(column: Column, kind: Kind) -> tuple[str, Mapping[int, str]]:
    """What `text_of` makes of the cells: the texts as a column, "" where there is none, and by
    place the row codes of those that must not be taken. kind: of the field."""
    if isinstance(column, str) and _is_plain(column):
        return column, {}
    texts, errors = [], {}
    for at, cell in enumerate(cells_of(column)):
        text = plain_text(cell) if type(cell) is str else None
        if text is None:
            text, error = text_of(cell, kind)
            if error is not None:
                errors[at] = error
        texts.append(text)
    return SEPARATOR.join(texts), errors


def _is_plain(column: str) -> bool:
    """Whether `plain_text` would give every text back as it is."""
    if not column.replace(SEPARATOR, "").isprintable() or UNREAD in column:
        return False
    edges = f"{SEPARATOR}{column}{SEPARATOR}"  # of white space only the blank is printable
    if f" {SEPARATOR}" in edges or f"{SEPARATOR} " in edges:
        return False
    return len(column) <= MAX_CELL or max(map(len, column.split(SEPARATOR))) <= MAX_CELL


def shown_column(column: Column) -> Sequence[str]:
    """The cells as people see them, without what is blank at their ends."""
    return [shown(cell).strip() for cell in cells_of(column)]


def is_blank(column: Column) -> bool:
    """Whether none of the cells shows anything."""
    if isinstance(column, str):
        return not column.replace(SEPARATOR, " ").strip()
    return not any(shown_column(column))
