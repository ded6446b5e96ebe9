"""The lines of a sheet that was read by column."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.files.batches import ROWS, cut, rows_of
from gateway.files.interfaces import Batch, Cell, Line
from gateway.intake.plain_rows import SEPARATOR


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Some rows in order, in as little memory as the sheet itself takes: it is kept until all of
    the sheet was scanned. rows: their numbers. columns: by place from 0; one that is not there
    holds nothing. A column is its texts in UTF-8 with `SEPARATOR` between them, or the places of
    its texts among `strings`, -1 for none."""

    rows: Sequence[int]
    columns: Mapping[int, bytes | array[int]]
    strings: Sequence[str]

    def pieces(self) -> Iterator[Block]:
        """It, in so many parts that not too much is written out at once: every cell may name the
        longest of the shared texts."""
        if not any(isinstance(column, array) for column in self.columns.values()):
            yield self
            return
        for start in range(0, len(self.rows), ROWS):
            some = slice(start, start + ROWS)
            columns = {at: column[some] for at, column in self.columns.items()}
            yield replace(self, rows=self.rows[some], columns=columns)

    def end(self) -> int:
        """The place behind the last row that holds something."""
        return max(map(_end, self.columns.values()), default=0)

    def batch(self, width: int, start: int, stop: int) -> Batch:
        """The rows from `start` on, before `stop`, with so many columns."""
        columns = map(self._column, range(width))
        if (start, stop) == (0, len(self.rows)):
            return Batch(rows=self.rows, columns=list(columns))
        some = [cut(column, start, stop) for column in columns]
        return Batch(rows=self.rows[start:stop], columns=some)

    def _column(self, at: int) -> str:
        column = self.columns.get(at)
        if column is None:
            return SEPARATOR * (len(self.rows) - 1)
        if isinstance(column, bytes):
            return column.decode()
        return SEPARATOR.join([self.strings[place] if place >= 0 else "" for place in column])


def _end(column: bytes | array[int]) -> int:
    if isinstance(column, bytes):
        held = column.rstrip(SEPARATOR.encode())
        return held.count(SEPARATOR.encode()) + 1 if held else 0
    return max((at for at, place in enumerate(column, 1) if place >= 0), default=0)


class TextLines:
    """The lines of a sheet from its first row to the last that holds something, all as wide."""

    def __init__(self, blocks: Iterable[Block]) -> None:
        self._blocks = deque(piece for block in blocks for piece in block.pieces())
        while self._blocks and not self._blocks[-1].end():
            self._blocks.pop()
        self._width = 1 + max(
            (max(block.columns, default=-1) for block in self._blocks), default=-1
        )
        self._number = 1
        self._at = 0  # in the first block
        self._cells: Sequence[Sequence[Cell]] = ()  # of that block, once they are asked for

    def __iter__(self) -> TextLines:
        return self

    def __next__(self) -> Line:
        if not self._blocks:
            raise StopIteration
        number, block = self._number, self._blocks[0]
        self._number += 1
        if number < block.rows[self._at]:
            return Line(row=number, cells=[""] * self._width)
        if not self._cells:
            self._cells = list(rows_of(self._batch(block).columns))
        cells = self._cells[self._at]
        self._at += 1
        if self._at == len(self._cells):
            self._leave()
        return Line(row=number, cells=cells)

    def rest(self) -> Iterator[Batch]:
        """The lines that were not taken yet, without such as have no cell."""
        while self._blocks:
            batch = self._batch(self._blocks[0], self._at)
            self._leave()
            yield batch

    def _batch(self, block: Block, start: int = 0) -> Batch:
        last = len(self._blocks) == 1
        return block.batch(self._width, start, block.end() if last else len(block.rows))

    def _leave(self) -> None:
        self._blocks.popleft()
        self._at, self._cells = 0, ()
