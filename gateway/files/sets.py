"""What the process that reads a file sends back: its rows in sets, then how the file looked."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.files.errors import FileFault
from gateway.files.interfaces import Cell
from gateway.files.reading import TEMPLATES, Reading, Sheet
from gateway.files.stretch import Look, Part, Row, Shape, Stretch, count
from gateway.intake.interfaces import RowInput
from gateway.intake.plain_rows import PlainRows

_RowLook = tuple[Sequence[str], Sequence[Cell], Shape]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSet:
    """Consecutive rows. inputs: pickle of what intake judges, a list of `RowInput` and `PlainRows`.
    looks: pickle of how each of them looked, which only rows that go back are asked for."""

    count: int
    inputs: bytes
    looks: bytes

    def rows(self) -> list[Row]:
        """All of it, as it was read."""
        inputs: list[RowInput | PlainRows] = pickle.loads(self.inputs)  # noqa: S301 - our process
        looks: list[_RowLook | Look] = pickle.loads(self.looks)  # noqa: S301 - the same
        found: list[Row] = []
        for read, look in zip(inputs, looks, strict=True):
            if isinstance(read, PlainRows) and isinstance(look, Look):
                found += Stretch(plain=read, look=look).rows()
            elif isinstance(read, RowInput) and isinstance(look, tuple):
                names, cells, shape = look
                found.append(Row(input=read, names=names, cells=cells, shape=shape))
            else:
                raise TypeError("rows and how they looked do not fit together")
        return found


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
        for some in _gathered(reading.parts(), passed, size):
            yield pickle.dumps(_row_set(some), pickle.HIGHEST_PROTOCOL)
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


def _gathered(parts: Iterator[Part], passed: int, size: int) -> Iterator[Sequence[Part]]:
    """Sets of `size` rows, the last one of what is left. passed: rows that are left out."""
    some: list[Part] = []
    room = size
    for part in parts:
        left = count(part)
        at = min(passed, left)
        passed -= at
        while at < left:
            end = min(left, at + room)
            some.append(part.part(at, end) if isinstance(part, Stretch) else part)
            room -= end - at
            at = end
            if not room:
                yield some
                some, room = [], size
    if some:
        yield some


def _row_set(parts: Sequence[Part]) -> RowSet:
    inputs = [part.plain if isinstance(part, Stretch) else part.input for part in parts]
    looks = [
        part.look if isinstance(part, Stretch) else (part.names, part.cells, part.shape)
        for part in parts
    ]
    return RowSet(
        count=sum(map(count, parts)),
        inputs=pickle.dumps(inputs, pickle.HIGHEST_PROTOCOL),
        looks=pickle.dumps(looks, pickle.HIGHEST_PROTOCOL),
    )
