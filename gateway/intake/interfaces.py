"""What goes into intake and what comes out: rows, answers, promises.

File import, the record routes and the receipts are written against these types and
`gateway.intake.services.Intake.submit_set(*, caller, rows) -> SetAnswer`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from ledger.records.remarks import FieldError

MAX_SET = 4096
"""Rows of one call of `submit_set`: a promise covers at most 4,096 leaves (design 3.5)."""

Verdict = Literal["accepted", "duplicate", "conflict", "rejected"]
Raw = Mapping[str, object]
"""What is neither text nor a list of texts is answered with schema-invalid."""


@dataclass(slots=True, kw_only=True)  # not frozen: made by the hundred thousand, and slower so
class RowInput:
    """One record as it was read, before any judgement.

    row: sheet row, CSV record or NDJSON line, from 1; None for a single JSON record.
    type: schema name ("penalty"). schema: version in digits; None = the only one we hold.
    class_: minor, general, severe, or None where the sender said nothing.
    corrects: recordId (64 hex) this one is to correct, or None.
    fields: standard code -> text or list of texts as sent; empty or absent are the same.
    cell_errors: standard code -> row code of a cell that could not be read as a value.
    notes: what the reader already has to say (column-unknown …).
    columns: of a table, standard code -> header of its column as sent; None: of no table.
    fault: set where the row as a whole could not be read; then nothing else is looked at.
    """

    row: int | None
    type: str
    fields: Raw
    sheet: str | None = None
    schema: str | None = None
    class_: str | None = None
    corrects: str | None = None
    cell_errors: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[FieldError] = ()
    columns: Mapping[str, str] | None = None
    fault: FieldError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedPromise:
    """A signed promise: these leaves will be anchored by `due` (design 3.5, EIP-712 `Promise`).

    log, leaves_root: 64 hex. issued_at, due: Unix seconds. signature: 0x, r‖s‖v.
    """

    log: str
    leaves_root: str
    count: int
    issued_at: int
    due: int
    signature: str

    def as_dict(self) -> dict[str, Any]:
        """The JSON: `credit-ledger/promise@1` (interfaces "Promise")."""
        return {
            "_type": "credit-ledger/promise@1",
            "log": self.log,
            "leavesRoot": self.leaves_root,
            "count": self.count,
            "issuedAt": _instant(self.issued_at),
            "due": _instant(self.due),
            "signature": self.signature,
        }


@dataclass(slots=True, kw_only=True)
class RowAnswer:
    """The answer to one row; `as_dict` is its JSON (interfaces "Row answer").

    kind: name of its schema, or "other"; for counting.
    field, code, message: of the first error in the order of the standard's table; for a
    conflict the column of the document number. leaf, record_id: 64 hex, of the record accepted
    now or already there; None where the caller may not see that one. changed: codes of the fields
    in which a conflict differs.
    covered: (promise, position among its leaves) of the leaf named; the promise is a row number
    of our database, or None for that of this very set. None where there is no such leaf.
    corrects: recordId in hex of the one that an accepted row corrects.
    unit: USCC of the authority that a rejected row names, "" for none; for counting. mark: by
    which the same row is known when it comes again; None where it could not be read.
    """

    row: int | None
    sheet: str | None
    verdict: Verdict
    kind: str
    errors: Sequence[FieldError] = ()
    notes: Sequence[FieldError] = ()
    leaf: str | None = None
    record_id: str | None = None
    changed: Sequence[str] = ()
    covered: tuple[int | None, int] | None = None
    corrects: str | None = None
    unit: str = ""
    mark: bytes | None = None

    def as_dict(self, promise: int | None = None) -> dict[str, Any]:
        """promise: place of its promise in the answer's list; only an accepted row has one."""
        first = self.errors[0] if self.errors else None
        return {
            "row": self.row,
            "sheet": self.sheet,
            "verdict": self.verdict,
            "field": first.field if first else None,
            "code": first.code if first else None,
            "message": dict(first.message) if first else None,
            "errors": [_remark(e) for e in self.errors],
            "notes": [_remark(n) for n in self.notes],
            "leaf": self.leaf,
            "recordId": self.record_id,
            "promise": promise if self.verdict == "accepted" else None,
            "changed": list(self.changed),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAnswer:
    """rows: one answer per row, in order. promise: covers the accepted rows' leaves in that
    order; None where nothing was accepted."""

    rows: Sequence[RowAnswer]
    promise: SignedPromise | None


def _remark(remark: FieldError) -> dict[str, Any]:
    told = {"field": remark.field, "code": remark.code, "message": dict(remark.message)}
    return told if remark.row is None else told | {"row": remark.row}


def _instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
