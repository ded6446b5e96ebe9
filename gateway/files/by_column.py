"""Lines below a header to rows, column by column, where nothing is to be said of any of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import NamedTuple

from gateway.files.asides import is_aside
from gateway.files.batches import cells_of, is_blank, read_column, shown_column
from gateway.files.header import Header
from gateway.files.interfaces import Batch, Column, Table
from gateway.files.stretch import Look, Same, Stretch
from gateway.intake.plain_rows import SEPARATOR, PlainRows
from ledger.records import uscc
from ledger.records.schema_parts import Kind

CLASSES: Mapping[str, str] = {"轻微": "minor", "一般": "general", "严重": "severe"}
MAX_CODES = 1 << 16
"""Codes of subjects that are remembered: some megabytes."""
MAX_CODE = 64
"""Characters of such a code, of which most have 18: what a stranger sends must not fill the
memory."""


class Planned(NamedTuple):
    """A column that is read: its place, the code of its field, as what its cells are read."""

    at: int
    code: str
    kind: Kind
    is_list: bool


class ByColumn:
    """Reads many lines at once. plan: the columns that are read, all of different fields."""

    def __init__(self, table: Table, header: Header, plan: Sequence[Planned]) -> None:
        self._table = table
        self._header = header
        self._plan = plan
        self._lists = frozenset(each.code for each in plan if each.is_list)
        self._columns = {each.code: header.names[each.at] for each in plan}
        self._subject = header.schema.subject.code
        self._codes: dict[str, bool] = {}

    def read(self, batch: Batch, noted: Set[int]) -> Stretch | None:
        """The rows, each line one of them; None where the lines must be looked at one by one: for a
        line that is blank or no record, a column without a name that holds something and was not
        noted yet. A record of the table came before. noted: places of such columns that were."""
        width = len(batch.columns)
        beyond = range(len(self._header.names), width)
        if self._table.ragged and beyond:
            return None
        nameless = [at for at in (*self._header.unnamed, *beyond) if at < width]
        if not all(at in noted or is_blank(batch.columns[at]) for at in nameless):
            return None
        texts: dict[str, str] = {}
        errors: dict[int, dict[str, str]] = {}
        look: list[Column | Same] = list(batch.columns)
        for at, code, kind, _ in self._plan:
            if at < width:
                texts[code], wrong = read_column(batch.columns[at], kind)
                if texts[code] is batch.columns[at]:
                    look[at] = Same(code)
                for place, error in wrong.items():
                    errors.setdefault(place, {})[code] = error
        class_ = self._own(batch, self._header.class_)
        corrects = self._own(batch, self._header.corrects)
        if any(SEPARATOR in one for one in (*class_, *corrects)):
            return None
        if not texts or not self._are_records(batch, texts, errors, corrects):
            return None
        return Stretch(
            plain=PlainRows(
                sheet=self._table.name,
                type=self._header.schema.name,
                columns=self._columns,
                rows=batch.rows,
                texts=texts,
                lists=self._lists,
                class_=SEPARATOR.join(CLASSES.get(one, one) for one in class_) if class_ else None,
                corrects=SEPARATOR.join(corrects) if corrects else None,
                errors=errors,
            ),
            look=Look(names=self._header.names, columns=look),
        )

    def _own(self, batch: Batch, at: int | None) -> Sequence[str]:
        """A column of ours; empty where there is none, or nothing in it."""
        if at is None or at >= len(batch.columns) or is_blank(batch.columns[at]):
            return ()
        return shown_column(batch.columns[at])

    def _are_records(
        self,
        batch: Batch,
        texts: Mapping[str, str],
        errors: Mapping[int, object],
        corrects: Sequence[str],
    ) -> bool:
        """Whether each line is a record: names a subject by its code, or else holds something and
        is none of those that are passed over."""
        count = len(batch.rows)
        subjects = texts[self._subject].split(SEPARATOR) if self._subject in texts else [""] * count
        if all(map(self._is_code, set(subjects))):
            return True
        columns = list(map(cells_of, batch.columns))
        known = [column.split(SEPARATOR) for column in texts.values()]
        for at, subject in enumerate(subjects):
            if self._is_code(subject):
                continue
            held = at in errors or (corrects and corrects[at]) or any(one[at] for one in known)
            cells = [column[at] for column in columns]
            if not held or is_aside(cells, self._header, first=False):
                return False
        return True

    def _is_code(self, text: str) -> bool:
        """Whether a text may be the code of a subject."""
        if len(text) > MAX_CODE:
            return uscc.has_shape(uscc.normalise(text))
        found = self._codes.get(text)
        if found is None:
            if len(self._codes) >= MAX_CODES:
                self._codes.clear()
            found = self._codes[text] = uscc.has_shape(uscc.normalise(text))
        return found
