"""The sample files as plain rows, read in the simplest way that can be right."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from ledger.records.schema import Schema, load

_HEADER_ROWS = 10


@dataclass(frozen=True)
class Row:
    """One row: its number, fields by code, unreadable cells by code, and the right answer."""

    number: int
    raw: dict[str, str]
    cell_errors: dict[str, str]
    verdict: str
    field: str | None


@dataclass(frozen=True)
class Sample:
    name: str
    schema: Schema
    rows: list[Row]


def read(folder: Path) -> list[Sample]:
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    return [_sample(folder / name, answer) for name, answer in expected.items()]


def _sample(path: Path, answer: dict[str, Any]) -> Sample:
    schema = load("penalty-2015" if answer["template"] == "2015" else answer["type"])
    right = {verdict["row"]: verdict for verdict in answer["verdicts"]}
    rows = []
    for number, cells in _rows(path, schema):
        raw: dict[str, str] = {}
        errors: dict[str, str] = {}
        for code, cell in cells.items():
            _put(schema, code, cell, raw, errors)
        if raw or errors:
            verdict = right.pop(number)
            rows.append(Row(number, raw, errors, verdict["verdict"], verdict["field"]))
    assert not right, f"{path.name}: rows without data {sorted(right)}"
    return Sample(path.name, schema, rows)


def _rows(path: Path, schema: Schema) -> Iterator[tuple[int, dict[str, Any]]]:
    header: list[str | None] | None = None
    for number, cells in enumerate(_cells(path), 1):
        if header is not None:
            yield number, {c: v for c, v in zip(header, cells, strict=False) if c is not None}
        elif number <= _HEADER_ROWS:
            columns = [schema.column(str(cell)) for cell in cells]
            if sum(column is not None for column in columns) >= 3:
                header = [column.code if column else None for column in columns]


def _cells(path: Path) -> Iterator[list[Any]]:
    if path.suffix == ".csv":
        encoding = "gb18030" if "gb18030" in path.name else "utf-8-sig"
        with path.open(encoding=encoding, newline="") as file:
            yield from csv.reader(file)
    else:
        book = load_workbook(path)
        for sheet in book:
            yield from ([cell.value for cell in row] for row in sheet.iter_rows())


def _put(
    schema: Schema, code: str, cell: object, raw: dict[str, str], errors: dict[str, str]
) -> None:
    kind = schema.by_code[code].kind
    if cell is None or cell == "":
        return
    if isinstance(cell, str):
        if cell.startswith("="):
            errors[code] = "formula-cell"
        else:
            raw[code] = cell
    elif isinstance(cell, datetime):
        assert kind == "date"
        raw[code] = cell.date().isoformat()
    else:
        assert isinstance(cell, int | float)
        digits = f"{Decimal(f'{cell:.15g}'):f}"
        if kind != "money" and len(digits) > 15:
            errors[code] = "number-lost-digits"
        else:
            raw[code] = digits
