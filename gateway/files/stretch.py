"""Rows of a table that are read, and looked at, many at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from gateway.files.batches import cut, rows_of
from gateway.files.interfaces import Cell, Column
from gateway.intake.interfaces import RowInput
from gateway.intake.plain_rows import PlainRows

Shape = Literal["table", "torn", "json"]


@dataclass(slots=True, kw_only=True)
class Row:
    """A row to be judged, and how it looked. names, cells: of its table, as sent; of a JSON
    record the codes and values of its fields. torn: cells and names do not fit together."""

    input: RowInput
    names: Sequence[str]
    cells: Sequence[Cell]
    shape: Shape = "table"


@dataclass(frozen=True, slots=True)
class Same:
    """A column that the rows have, by its code."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How plain rows looked. names: of their table, as sent. columns: all of its columns as sent;
    of one that was taken as it is, the code by which the rows have it."""

    names: Sequence[str]
    columns: Sequence[Column | Same]

    def cells(self, plain: PlainRows) -> Iterator[list[Cell]]:
        """The cells as sent, row by row."""
        return rows_of(
            [plain.texts[one.code] if isinstance(one, Same) else one for one in self.columns]
        )

    def part(self, start: int, stop: int) -> Look:
        """Of some of the rows."""
        columns = [one if isinstance(one, Same) else cut(one, start, stop) for one in self.columns]
        return replace(self, columns=columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Consecutive plain rows and how they looked."""

    plain: PlainRows
    look: Look

    def __len__(self) -> int:
        return len(self.plain)

    def rows(self) -> list[Row]:
        """Them, one by one."""
        names, cells = self.look.names, self.look.cells(self.plain)
        return [
            Row(input=row, names=names, cells=some)
            for row, some in zip(self.plain.read(), cells, strict=True)
        ]

    def part(self, start: int, stop: int) -> Stretch:
        """Those of them from `start` on, before `stop`."""
        if (start, stop) == (0, len(self)):
            return self
        return Stretch(plain=self.plain.part(start, stop), look=self.look.part(start, stop))


Part = Row | Stretch


def rows_in(part: Part) -> Sequence[Row]:
    """The rows of a part."""
    return part.rows() if isinstance(part, Stretch) else (part,)


def count(part: Part) -> int:
    """How many rows a part has."""
    return len(part) if isinstance(part, Stretch) else 1
