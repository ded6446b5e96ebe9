"""The answers to a set, made from what was found and what was made of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.accesses.services import Access
from gateway.intake.drafts import Draft
from gateway.intake.interfaces import RowAnswer, SetAnswer, SignedPromise
from gateway.intake.lookup import Standing
from gateway.intake.resolve import Found, Resolved
from gateway.intake.texts import no_corrections, remark
from ledger.records import schema as schemas
from ledger.records.schema import Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A set before it is stored. promise: None where nothing is new. accesses: for the log."""

    resolved: Resolved
    promise: SignedPromise | None
    accesses: Sequence[Access]


def set_answer(drafted: Sequence[Draft | RowAnswer], outcome: Outcome) -> SetAnswer:
    """One answer per row, in order; those of rejected rows are there already."""
    positions = {draft.at: position for position, draft in enumerate(outcome.resolved.new)}
    answers = {draft.at: _of_new(draft, outcome, positions) for draft in outcome.resolved.new}
    for found in outcome.resolved.found:
        answers[found.draft.at] = _of_found(found, positions)
    for draft in outcome.resolved.misled:
        answers[draft.at] = _misled(draft)
    rows = [answers[at] if isinstance(row, Draft) else row for at, row in enumerate(drafted)]
    return SetAnswer(rows=rows, promise=outcome.promise)


def _of_new(draft: Draft, outcome: Outcome, positions: Mapping[int, int]) -> RowAnswer:
    notes = draft.notes
    if draft.at in outcome.resolved.shared:
        schema = _schema(draft)
        notes = (*notes, remark("document-number-shared", schema, schema.document))
    return RowAnswer(
        row=draft.row,
        sheet=draft.sheet,
        verdict="accepted",
        kind=draft.schema.partition("@")[0],
        notes=notes,
        leaf=draft.leaf.hex(),
        record_id=draft.record_id.hex(),
        covered=(None, positions[draft.at]),
        corrects=draft.corrects.hex() or None,
    )


def _misled(draft: Draft) -> RowAnswer:
    """Of a row that names no record that it may correct."""
    return RowAnswer(
        row=draft.row,
        sheet=draft.sheet,
        verdict="rejected",
        kind=_schema(draft).name,
        errors=(no_corrections(),),
        notes=draft.notes,
    )


def _of_found(found: Found, positions: Mapping[int, int]) -> RowAnswer:
    draft, earlier = found.draft, found.earlier
    schema, conflict = _schema(draft), found.changed is not None
    error = remark("document-number-in-use", schema, schema.document)
    answer = RowAnswer(
        row=draft.row,
        sheet=draft.sheet,
        verdict="conflict" if conflict else "duplicate",
        kind=schema.name,
        errors=(error,) if conflict else (),
        notes=draft.notes,
        changed=found.changed or (),
    )
    if earlier is not None:
        answer.leaf = earlier.leaf.hex()
        answer.record_id = None if earlier.record_id is None else earlier.record_id.hex()
        answer.covered = _covered(earlier, positions)
    return answer


def _covered(earlier: Standing | Draft, positions: Mapping[int, int]) -> tuple[int | None, int]:
    if isinstance(earlier, Draft):
        return None, positions[earlier.at]
    return earlier.covered


def _schema(draft: Draft) -> Schema:
    name, _, version = draft.schema.partition("@")
    return schemas.load(name, int(version))
