"""Rows that go back to their sender: what is kept of them until the workbook is fetched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.files.cells import UNREAD, clean, kind_of, shown, text_of
from gateway.files.header import CLASS, known_field, own_column
from gateway.files.interfaces import Cell
from gateway.files.stretch import Row
from ledger.records import schema as schemas
from ledger.records.judging import CLASS as CLASS_CODE
from ledger.records.schema import Schema
from ledger.records.schema_parts import Field

EXPLANATION = "说明 Explanation"
"""First cell of the last sheet of a workbook to correct, by which it is known again."""
GOES_BACK = ("rejected", "conflict")
"""Verdicts about which the sender has something to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """sheet: name of the sheet, of JSON records their type, "" for a text file. names: headers
    of the sender's columns. codes: their fields, "" where there is none. cells: as text. places:
    of the columns in the sender's table, from 0; empty where there is no table, and of rows that an
    older version kept."""

    sheet: str
    names: Sequence[str]
    codes: Sequence[str]
    cells: Sequence[str]
    corrects: str
    places: Sequence[int] = ()


def returned(row: Row) -> Returned:
    """The row for the workbook. Its own columns of ours are left out, they are written anew."""
    schema = schemas.find(row.input.type)
    if row.shape == "json":
        return _of_json(row, schema)
    keep = [at for at, name in enumerate(row.names) if own_column(name) in (None, CLASS)]
    names = [row.names[at] for at in keep]
    fields = [known_field(name, schema) if schema else None for name in names]
    cells = [_cell(row.cells, at, field) for at, field in zip(keep, fields, strict=True)]
    if row.shape == "torn":
        raw = clean(",".join(map(shown, row.cells)))
        place = next((at for at, field in enumerate(fields) if field), None)
        cells = [unread("schema-invalid", raw) if at == place else "" for at in range(len(cells))]
    return Returned(
        sheet=row.input.sheet or "",
        names=names,
        codes=[_code(name, field) for name, field in zip(names, fields, strict=True)],
        cells=cells,
        corrects=clean(row.input.corrects or ""),
        places=keep,
    )


def _code(name: str, field: Field | None) -> str:
    """What errors call the column, by which its cell is marked."""
    if field is not None:
        return field.code
    return CLASS_CODE if own_column(name) == CLASS else ""


def unread(code: str, value: str) -> str:
    """A cell that could not be taken: sent back unchanged it is refused again."""
    return f"{UNREAD}{code}: {value}"


def _of_json(row: Row, schema: Schema | None) -> Returned:
    """All fields of the type, so that all its records share one sheet; what is of no type that
    we know has the sender's file alone."""
    if schema is None:
        return Returned(sheet="JSON", names=(), codes=(), cells=(), corrects="")
    codes = [field.code for field in schema.fields]
    values = dict(zip(row.names, map(shown, row.cells), strict=True))
    return Returned(
        sheet=row.input.type,
        names=[*codes, CLASS],
        codes=[*codes, CLASS_CODE],
        cells=[*(values.get(code, "") for code in codes), row.input.class_ or ""],
        corrects=clean(row.input.corrects or ""),
    )


def _cell(cells: Sequence[Cell], at: int, field: Field | None) -> str:
    cell = cells[at] if at < len(cells) else ""
    if field is None:
        return clean(shown(cell))
    text, error = text_of(cell, kind_of(field))
    if error is None:
        return cell if isinstance(cell, str) else text
    told = isinstance(cell, str) and cell.strip().startswith(UNREAD)
    return clean(shown(cell)) if told else unread(error, clean(shown(cell)))


def pack(rows: Sequence[Returned]) -> dict[str, Any]:
    """JSON of the rows of one set; what they share is said once."""
    tables: dict[tuple[str, tuple[str, ...], tuple[str, ...], tuple[int, ...]], int] = {}
    packed = []
    for row in rows:
        table = (row.sheet, tuple(row.names), tuple(row.codes), tuple(row.places))
        packed.append([tables.setdefault(table, len(tables)), row.corrects, row.cells])
    return {"tables": list(tables), "rows": packed}


def unpack(packed: Mapping[str, Any]) -> list[Returned]:
    """What `pack` packed."""
    return [
        Returned(
            sheet=sheet,
            names=names,
            codes=codes,
            cells=cells,
            corrects=corrects,
            places=places[0] if places else (),
        )
        for table, corrects, cells in packed["rows"]
        for sheet, names, codes, *places in [packed["tables"][table]]
    ]
