"""What the process that reads a file sends back: its rows in sets, then how the file looked."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from gateway.files.errors import FileFault
from gateway.files.interfaces import Cell
from gateway.files.reading import TEMPLATES, Reading, Sheet
from gateway.files.rows import Row, Shape
from gateway.intake.interfaces import RowInput


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSet:
    """Consecutive rows. inputs: pickle of what intake judges, a list. looks: pickle of how the
    rows looked, which only those that go back are asked for."""

    count: int
    inputs: bytes
    looks: bytes

    def rows(self) -> list[Row]:
        """All of it, as it was read."""
        inputs: list[RowInput] = pickle.loads(self.inputs)  # noqa: S301 - from our own process
        looks: list[tuple[Sequence[str], Sequence[Cell], Shape]] = pickle.loads(self.looks)  # noqa: S301
        return [
            Row(input=row, names=names, cells=cells, shape=shape)
            for row, (names, cells, shape) in zip(inputs, looks, strict=True)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """There are no more rows. head: members of the file answer; fault: what ended it early."""

    head: Mapping[str, Any]
    fault: FileFault | None


def read_sets(
    pieces: Iterator[bytes], name: str, type_: str | None, passed: int, size: int
) -> Iterator[bytes]:
    """Pickles of `RowSet`s of at most `size` rows, then of `Ended`. pieces: the file. passed: rows
    at its beginning that are left out. For `gateway.base.child`."""
    data = b"".join(pieces)
    sheets: list[Sheet] = []
    fault = None
    try:
        reading = Reading(data, name=name, type_=type_)
        sheets = reading.sheets
        rows = islice(reading.rows(), passed, None)
        while part := list(islice(rows, size)):
            yield pickle.dumps(_row_set(part), pickle.HIGHEST_PROTOCOL)
    except FileFault as error:
        fault = error
    yield pickle.dumps(Ended(head=head(sheets), fault=fault))


def opened(piece: bytes) -> RowSet | Ended:
    """A piece that `read_sets` made."""
    found: RowSet | Ended = pickle.loads(piece)  # noqa: S301 - from our own process
    return found


def head(sheets: Sequence[Sheet]) -> dict[str, Any]:
    """What the sheets say of the file. type, template: of the first that was read."""
    read = [sheet.schema for sheet in sheets if sheet.schema]
    return {
        "type": read[0].family if read else None,
        "template": TEMPLATES.get(read[0].name) if read else None,
        "sheets": [_sheet(sheet) for sheet in sheets],
    }


def told(fault: FileFault) -> dict[str, Any]:
    """Members of an answer that say what is wrong."""
    return {"code": fault.code, "message": fault.message}


def _sheet(sheet: Sheet) -> dict[str, Any]:
    wrong = told(sheet.fault) if sheet.fault else {"code": None, "message": None}
    schema = sheet.schema.name if sheet.schema else None
    return {"name": sheet.name, "type": schema, "rows": sheet.rows, "unread": sheet.unread, **wrong}


def _row_set(rows: Sequence[Row]) -> RowSet:
    inputs = [row.input for row in rows]
    looks = [(row.names, row.cells, row.shape) for row in rows]
    return RowSet(
        count=len(rows),
        inputs=pickle.dumps(inputs, pickle.HIGHEST_PROTOCOL),
        looks=pickle.dumps(looks, pickle.HIGHEST_PROTOCOL),
    )
