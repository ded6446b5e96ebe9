"""The lines of a table to the rows that intake judges."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from gateway.files.asides import Asides, is_aside
from gateway.files.batches import gathered, lines_of
from gateway.files.by_column import CLASSES, ByColumn, Planned
from gateway.files.cells import kind_of, plain_text, shown, text_of
from gateway.files.errors import FileFault
from gateway.files.facts import column_letters
from gateway.files.header import Header, likely_field
from gateway.files.interfaces import Batch, Cell, Line, Table
from gateway.files.stretch import Part, Row, Shape, Stretch
from gateway.intake.interfaces import RowInput
from gateway.intake.plain_rows import split_list
from ledger.records import uscc
from ledger.records.remarks import FieldError, remark
from ledger.records.schema import Schema
from ledger.records.schema_parts import Field
from ledger.records.texts import label

MAX_UNKNOWN = 8
"""Unknown columns that a row's notes name one by one; a last note counts the others."""

_BROKEN = FieldError(
    None,
    "schema-invalid",
    {
        "zh": "本行的引号没有正确闭合，无法分列，请检查本行的双引号后重新报送",
        "en": "The quotation marks of this record do not close, so its fields cannot be told"
        " apart; check them and send it again",
    },
)
_SHIFTED = FieldError(
    None,
    "schema-invalid",
    {
        "zh": "本行的列数多于表头，内容可能已错列；请将含分隔符的内容用双引号括起后重新报送",
        "en": "This record has more fields than the header, so they may have shifted; put quotation"
        " marks round values that hold the delimiter and send it again",
    },
)


_HIDDEN = (remark("row-hidden"),)


@dataclass(slots=True)
class _Taken:
    """What the known columns of one line hold."""

    fields: dict[str, str | list[str]]
    errors: dict[str, str]


class RowReader:
    """Reads the lines below one header."""

    def __init__(self, table: Table, header: Header) -> None:
        self._table = table
        self._header = header
        first: dict[str, int] = {}
        for at, field in header.known:
            first.setdefault(field.code, at)
        self._once = [(at, field) for at, field in header.known if first[field.code] == at]
        self._again = [(at, field) for at, field in header.known if first[field.code] != at]
        self._plan = [Planned(at, f.code, kind_of(f), f.kind == "list") for at, f in self._once]
        self._notes = _unknown_notes(header.unknown, header.schema)
        self._unnamed: set[int] = set()
        self._asides = Asides()
        self._begun = False
        self._subject = header.schema.subject.code
        self._columns = {field.code: header.names[at] for at, field in self._once}
        self._by_column = None if self._again else ByColumn(table, header, self._plan)

    def parts(self) -> Iterator[Part]:
        """The records among the lines. What is to be said once of the table stands on the first of
        them, what was passed over on the record before it."""
        last: Part | None = None
        try:
            for part in self._parts():
                asides = self._asides.taken()
                if last is None:
                    last = next(_noted(part, asides))
                else:
                    yield from _noted(last, asides)
                    last = part
        except FileFault:  # what was read before it stands
            if last is not None:
                yield from _noted(last, self._asides.taken())
            raise
        if last is not None:
            yield from _noted(last, self._asides.taken())

    def _parts(self) -> Iterator[Part]:
        """The same without what was passed over. One line is looked at after the other until there
        is a record; then as many at a time as have nothing odd."""
        for line in self._table.lines:
            row = self.read(line)
            if row is not None:
                yield row
                break
        rest = self._table.rest
        for some in gathered(self._table.lines) if rest is None else rest():
            if not isinstance(some, Batch):
                yield from self._one_by_one(some)
            elif stretch := self._by_column and self._by_column.read(some, self._unnamed):
                yield stretch
            else:
                yield from self._one_by_one(lines_of(some))

    def _one_by_one(self, lines: Iterable[Line]) -> Iterator[Row]:
        for line in lines:
            row = self.read(line)
            if row is not None:
                yield row

    def read(self, line: Line) -> Row | None:
        """The row; None for a blank one (nothing in any known column) and for what is no record."""
        if line.damaged:
            return self._row(line, _Taken({}, {}), fault=_BROKEN)
        taken = self._take(line.cells)
        header = self._header
        corrects = _own(line.cells, header.corrects)
        if not (taken.fields or taken.errors or corrects):
            return None
        if not self._names_subject(taken) and is_aside(line.cells, header, not self._begun):
            self._asides.add(line.row)
            return None
        beyond = range(len(header.names), len(line.cells))
        if self._table.ragged and any(_filled(line, at) for at in beyond):
            return self._row(line, taken, fault=_SHIFTED)
        class_ = _own(line.cells, header.class_)
        return self._row(
            line,
            taken,
            class_=CLASSES.get(class_, class_) or None,
            corrects=corrects or None,
            notes=(*self._unnamed_notes(line, beyond), *(_HIDDEN if line.hidden else ())),
        )

    def _names_subject(self, taken: _Taken) -> bool:
        """Whether there is a code that may be the subject's: then the row is a record."""
        code = taken.fields.get(self._subject)
        return isinstance(code, str) and uscc.has_shape(uscc.normalise(code))

    def _unnamed_notes(self, line: Line, beyond: range) -> tuple[FieldError, ...]:
        """A note for each column without a name, where it holds something for the first time."""
        if not (self._header.unnamed or beyond):
            return ()
        places = (*self._header.unnamed, *beyond)
        found = [at for at in places if at not in self._unnamed and _filled(line, at)]
        self._unnamed.update(found)
        return _unknown_notes([column_letters(at) for at in found], self._header.schema)

    def _take(self, cells: Sequence[Cell]) -> _Taken:
        taken = _Taken({}, {})
        fields, width = taken.fields, len(cells)
        for at, code, kind, is_list in self._plan:
            cell = cells[at] if at < width else ""
            text: str | None = plain_text(cell) if type(cell) is str else None
            if text is None:
                text, error = text_of(cell, kind)
                if error is not None:
                    taken.errors[code] = error
                    continue
            if text:
                fields[code] = split_list(text) if is_list else text
        for at, field in self._again:
            if at < width:
                _take_again(taken, cells[at], field)
        return taken

    def _row(
        self,
        line: Line,
        taken: _Taken,
        *,
        class_: str | None = None,
        corrects: str | None = None,
        notes: Sequence[FieldError] = (),
        fault: FieldError | None = None,
    ) -> Row:
        schema = self._header.schema
        if not self._begun:
            self._begun, notes = True, (*self._notes, *notes)
        row = RowInput(
            row=line.row,
            sheet=self._table.name,
            type=schema.name,
            class_=class_,
            corrects=corrects,
            fields=taken.fields,
            cell_errors=taken.errors,
            notes=notes,
            columns=self._columns,
            fault=fault,
        )
        shape: Shape = "torn" if fault else "table"
        return Row(input=row, names=self._header.names, cells=line.cells, shape=shape)


def _take_again(taken: _Taken, cell: Cell, field: Field) -> None:
    """A second column of the same field: it may repeat the first or fill its gap, not differ."""
    text, error = text_of(cell, kind_of(field))
    value: str | list[str] = split_list(text) if field.kind == "list" else text
    if error is not None:
        taken.errors.setdefault(field.code, error)
    elif value and taken.fields.setdefault(field.code, value) != value:
        taken.errors[field.code] = "schema-invalid"


def _filled(line: Line, at: int) -> bool:
    return at < len(line.cells) and bool(shown(line.cells[at]).strip())


def _own(cells: Sequence[Cell], at: int | None) -> str:
    return shown(cells[at]).strip() if at is not None and at < len(cells) else ""


def _unknown_notes(names: Sequence[str], schema: Schema) -> tuple[FieldError, ...]:
    """A note for each unknown column, whatever it holds; few enough to stand on a row."""
    notes = [_unknown_note(name, schema) for name in names[:MAX_UNKNOWN]]
    if len(names) > MAX_UNKNOWN:
        notes.append(remark("column-unknown", f"… +{len(names) - MAX_UNKNOWN}"))
    return tuple(notes)


def _unknown_note(name: str, schema: Schema) -> FieldError:
    meant = likely_field(name, schema)
    if meant is None:
        return remark("column-unknown", name)
    return remark("header-guessed", name, other=label(meant))


def _noted(part: Part, notes: Sequence[FieldError]) -> Iterator[Part]:
    """The part, with more notes on its last row."""
    if not notes:
        yield part
        return
    if isinstance(part, Stretch):
        if len(part) > 1:
            yield part.part(0, len(part) - 1)
        (part,) = part.part(len(part) - 1, len(part)).rows()
    part.input = replace(part.input, notes=(*part.input.notes, *notes))
    yield part


def sheet_row(sheet: str | None, fault: FileFault) -> Row:
    """Make the row of a sheet that could not be read, so that it is answered like a bad one."""
    error = FieldError(fault.field, fault.code, fault.message)
    row = RowInput(row=None, sheet=sheet, type="", fields={}, fault=error)
    return Row(input=row, names=(), cells=(), shape="torn")


def json_row(record: RowInput) -> Row:
    """A JSON record in the shape of a table row."""
    cells = [_joined(value) for value in record.fields.values()]
    return Row(input=record, names=list(record.fields), cells=cells, shape="json")


def _joined(value: object) -> str:
    if isinstance(value, list):
        return ";".join(map(str, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
