"""Cells, sheets and rows as the readers hand them on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

PART = 1 << 20
"""Bytes of a file, or of a workbook to correct, in one row of the database."""

Value = str | int | float | bool | date | datetime | time | timedelta
"""What a cell may hold; "" is an empty one. Text files hold text alone."""

Mark = Literal["formula", "text-formula", "error", "broken", "scaled"]
"""Why the value of a cell must not be taken: a formula; a text that spreadsheets take for one; an
error such as #N/A; the file says of the cell what cannot be; its format shows another value."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The text that a cell shows, which is taken instead of its number: zeros in front."""

    text: str


@dataclass(frozen=True, slots=True)
class Marked:
    """A cell whose value must not be taken, and that value: of a formula its last result, "" where
    there is none; of an error always ""."""

    mark: Mark
    value: Value


Cell = Value | Marked

Column = str | Sequence[Cell]
"""The cells of a column in several rows: one text where all of them are texts, with
`gateway.intake.plain_rows.SEPARATOR` between them, which then stands in none."""


@dataclass(slots=True, kw_only=True)
class Line:
    """One row of a table. row: from 1, as the sender counts. damaged: the record itself could
    not be read (a quotation mark never closed, more fields than the header). hidden: a
    workbook does not show it."""

    row: int
    cells: Sequence[Cell]
    damaged: bool = False
    hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Consecutive lines of a table by column, all as wide; nothing else is to be said of them.
    rows: their numbers; lines without any cell may be left out."""

    rows: Sequence[int]
    columns: Sequence[Column]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A sheet, or a text file. name: of the sheet, None for a text file. ragged: more fields
    than the header are an error, because only a lost quotation mark makes them. rest: the lines
    that were not taken from `lines` yet, many at a time; None: whoever wants them so gathers
    them."""

    name: str | None
    lines: Iterator[Line]
    ragged: bool = False
    rest: Callable[[], Iterator[Batch]] | None = None
