"""Judging rows one by one: readable, of a type in force, valid, not a correction.

Pure but for the keyed fingerprints; the database is asked later, once for the whole set.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import orjson

from gateway.anchoring.interfaces import ChainFacts, RecordType
from gateway.crypto import Hmac
from gateway.intake.interfaces import RowAnswer, RowInput
from gateway.intake.texts import no_corrections, type_unknown
from ledger.records import schema as schemas
from ledger.records.fold import document_key, record_key
from ledger.records.schema import Schema
from ledger.records.validate import Checked, FieldError, check

_SORTED = orjson.OPT_SORT_KEYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Good:
    """A row that may be taken. at: its place in the set. The keys are fingerprints."""

    at: int
    row: RowInput
    schema: Schema
    item: RecordType
    checked: Checked
    record_key: bytes
    document_key: bytes
    content_mac: bytes


class Judge:
    """Judges the rows of one set, all at the same instant.

    at: Unix seconds, for the catalogue. today: the day in China, for dates in the future.
    """

    def __init__(self, facts: ChainFacts, hmac: Hmac, *, at: int, today: date) -> None:
        self._facts = facts
        self._hmac = hmac
        self._at = at
        self._today = today
        self._gates: dict[tuple[str, str | None], tuple[Schema, RecordType] | None] = {}

    def judge(self, at: int, row: RowInput) -> Good | RowAnswer:
        """The row ready to be committed, or its rejection."""
        if row.fault is not None:
            return _rejected(row, (row.fault,), row.notes)
        gate = self._gate(row.type, row.schema)
        if gate is None:
            return _rejected(row, (type_unknown(row.type),), row.notes)
        schema, item = gate
        checked = check(
            schema,
            row.fields,
            today=self._today,
            class_=row.class_,
            cell_errors=row.cell_errors,
        )
        errors = checked.errors
        if row.corrects:
            errors = (*errors, no_corrections())
        if errors:
            return _rejected(row, errors, (*row.notes, *checked.notes))
        return self._good(at, row, schema, item, checked)

    def _gate(self, name: str, version: str | None) -> tuple[Schema, RecordType] | None:
        """What the catalogue has in force today and we hold the same schema file of."""
        key = (name, version)
        if key not in self._gates:
            self._gates[key] = self._open_gate(name, version)
        return self._gates[key]

    def _open_gate(self, name: str, version: str | None) -> tuple[Schema, RecordType] | None:
        item = self._facts.record_type(name, self._at)
        if item is None or version not in (None, str(item.version)):
            return None
        schema = schemas.find(item.name, item.version)
        return (schema, item) if schema and schema.sha256 == item.content_hash else None

    def _good(
        self, at: int, row: RowInput, schema: Schema, item: RecordType, checked: Checked
    ) -> Good:
        content = orjson.dumps([schema.id, checked.class_, checked.fields], option=_SORTED)
        return Good(
            at=at,
            row=row,
            schema=schema,
            item=item,
            checked=checked,
            record_key=self._hmac.fingerprint(b"record", record_key(schema, checked.fields)),
            document_key=self._hmac.fingerprint(b"document", document_key(schema, checked.fields)),
            content_mac=self._hmac.fingerprint(b"content", content),
        )


def _rejected(
    row: RowInput, errors: Sequence[FieldError], notes: Sequence[FieldError]
) -> RowAnswer:
    return RowAnswer(row=row.row, sheet=row.sheet, verdict="rejected", errors=errors, notes=notes)
