"""Rows of a table by column, as they go from the process that read them to the one that judges."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.intake.interfaces import RowInput

SEPARATOR = "\0"
"""Stands between the texts of a column. No text that may be taken holds it."""

_LIST_SEPARATORS = re.compile(r"[;；\r\n]")
_NO_ERRORS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainRows:
    """Consecutive rows of one table of which nothing is to be said but what their cells hold. Each
    column is one text, whatever its number of rows: it costs a tenth of what its cells would.

    rows: their numbers. texts: standard code -> its column, in the order of the table. lists: codes
    of which the text is a list. class_, corrects: the same of our own columns; None: there is none.
    errors: place among these rows -> as `RowInput.cell_errors`. The others as in `RowInput`.
    """

    sheet: str | None
    type: str
    columns: Mapping[str, str]
    rows: Sequence[int]
    texts: Mapping[str, str]
    lists: frozenset[str]
    class_: str | None = None
    corrects: str | None = None
    errors: Mapping[int, Mapping[str, str]]

    def __len__(self) -> int:
        return len(self.rows)

    def read(self) -> list[RowInput]:
        """Them, as intake judges them."""
        names = list(self.texts)
        values = zip(*map(self._values, names), strict=True)
        if all(map(_is_filled, self.texts.values())):
            made = [dict(zip(names, row, strict=True)) for row in values]
        else:
            made = [
                {name: value for name, value in zip(names, row, strict=True) if value != ""}
                for row in values
            ]
        own = zip(self._own(self.class_), self._own(self.corrects), strict=True)
        return [
            RowInput(
                row=row,
                sheet=self.sheet,
                type=self.type,
                class_=class_ or None,
                corrects=corrects or None,
                fields=fields,
                cell_errors=self.errors.get(at, _NO_ERRORS),
                columns=self.columns,
            )
            for at, (row, fields, (class_, corrects)) in enumerate(
                zip(self.rows, made, own, strict=True)
            )
        ]

    def part(self, start: int, stop: int) -> PlainRows:
        """Those of them from `start` on, before `stop`."""
        return replace(
            self,
            rows=self.rows[start:stop],
            texts={name: cut(text, start, stop) for name, text in self.texts.items()},
            class_=None if self.class_ is None else cut(self.class_, start, stop),
            corrects=None if self.corrects is None else cut(self.corrects, start, stop),
            errors={at - start: errors for at, errors in self.errors.items() if start <= at < stop},
        )

    def _values(self, name: str) -> Sequence[str | list[str]]:
        """What the field holds in each row; "": nothing."""
        texts = self.texts[name].split(SEPARATOR)
        if name not in self.lists:
            return texts
        return [split_list(text) if text else "" for text in texts]

    def _own(self, column: str | None) -> Sequence[str]:
        return [""] * len(self.rows) if column is None else column.split(SEPARATOR)


def cut(column: str, start: int, stop: int) -> str:
    """Some of the texts of a column."""
    return SEPARATOR.join(column.split(SEPARATOR)[start:stop])


def split_list(text: str) -> list[str]:
    """The values of a list column; the order sent, empty ones left out."""
    return [part for piece in _LIST_SEPARATORS.split(text) if (part := piece.strip())]


def _is_filled(column: str) -> bool:
    """Whether none of its texts is empty."""
    return SEPARATOR * 2 not in f"{SEPARATOR}{column}{SEPARATOR}"
