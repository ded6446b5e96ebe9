"""Plain workbooks for people: figures as numbers, all else as text, no formula and no link."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from ledger.cli.output import write_file

__all__ = ["Sheet", "sheets", "write_sheets"]

_WIDTHS = (8, 60)
"""Characters of the narrowest and the widest column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A sheet. name: at most 31 characters, none of []:*?/\\. head: titles of the columns."""

    name: str
    head: Sequence[str]
    rows: Iterable[Sequence[object]]


def write_sheets(path: Path, some: Iterable[Sheet]) -> None:
    """Write a workbook, as `sheets` makes it."""
    write_file(path, sheets(some))


def sheets(some: Iterable[Sheet]) -> bytes:
    """The bytes of a workbook. None is an empty cell; an int or a Decimal (two decimals) is a
    number, to be summed and sorted; anything else, codes and identifiers too, is a text."""
    import xlsxwriter  # type: ignore[import-untyped]  # noqa: PLC0415 - few commands need it

    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        text = book.add_format({"num_format": "@", "valign": "top", "text_wrap": True})
        figure = {"valign": "top"}
        whole, share = (book.add_format(figure | {"num_format": n}) for n in ("0", "0.00"))
        head = book.add_format({"bold": True, "bg_color": "#DDEBF7", "num_format": "@"})
        for sheet in some:
            page = book.add_worksheet(sheet.name)
            page.freeze_panes(1, 0)
            widths = [len(title) * 2 for title in sheet.head]
            for column, title in enumerate(sheet.head):
                page.write_string(0, column, title, head)
            for at, row in enumerate(sheet.rows, 1):
                for column, value in enumerate(row):
                    shown = "" if value is None else str(value)
                    widths[column] = max(widths[column], len(shown))
                    if isinstance(value, int | Decimal):
                        style = whole if isinstance(value, int) else share
                        page.write_number(at, column, value, style)
                    elif shown:
                        page.write_string(at, column, shown, text)
            for column, width in enumerate(widths):
                page.set_column(column, column, min(max(width + 2, _WIDTHS[0]), _WIDTHS[1]))
    return buffer.getvalue()
