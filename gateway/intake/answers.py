"""The answers to a set, made from what was found and what was made of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.intake.commit import Made
from gateway.intake.interfaces import Promise, RowAnswer, SetAnswer
from gateway.intake.judge import Good
from gateway.intake.resolve import Found, Resolved
from gateway.intake.texts import remark
from ledger.core.ids import record_id
from ledger.records.validate import FieldError

_OF_TIMELY = {"yes": (), "no": ("late",), "unknown": ("timeliness-unknown",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A set before it is stored. made: records of the new rows, by place in the set. promise:
    None where nothing is new."""

    resolved: Resolved
    made: Mapping[int, Made]
    promise: Promise | None
    log_id: bytes

    @property
    def fresh(self) -> list[Made]:
        """The records to be stored, in the order of the promise."""
        return [self.made[good.at] for good in self.resolved.new]


def set_answer(judged: Sequence[Good | RowAnswer], outcome: Outcome) -> SetAnswer:
    """One answer per row, in order; those of rejected rows are there already."""
    positions = {good.at: position for position, good in enumerate(outcome.resolved.new)}
    answers = {good.at: _of_new(good, outcome, positions) for good in outcome.resolved.new}
    for found in outcome.resolved.found:
        answers[found.good.at] = _of_found(found, outcome, positions)
    rows = [answers[at] if isinstance(row, Good) else row for at, row in enumerate(judged)]
    return SetAnswer(rows=rows, promise=outcome.promise)


def _of_new(good: Good, outcome: Outcome, positions: Mapping[int, int]) -> RowAnswer:
    made = outcome.made[good.at]
    return RowAnswer(
        row=good.row.row,
        sheet=good.row.sheet,
        verdict="accepted",
        notes=_notes(good, made.timely, good.at in outcome.resolved.shared),
        leaf=made.leaf.hex(),
        record_id=record_id(outcome.log_id, made.leaf).hex(),
        covered=(None, positions[good.at]),
    )


def _of_found(found: Found, outcome: Outcome, positions: Mapping[int, int]) -> RowAnswer:
    good, earlier = found.good, found.earlier
    covered: tuple[int | None, int] | None
    if isinstance(earlier, Good):
        leaf, log_id = outcome.made[earlier.at].leaf, outcome.log_id
        covered = (None, positions[earlier.at])
    else:
        leaf, log_id, covered = earlier.leaf, earlier.log_id, earlier.covered
    conflict = found.changed is not None
    error = remark("document-number-in-use", good.schema, good.schema.document)
    return RowAnswer(
        row=good.row.row,
        sheet=good.row.sheet,
        verdict="conflict" if conflict else "duplicate",
        errors=(error,) if conflict else (),
        notes=(*good.row.notes, *good.checked.notes),
        leaf=leaf.hex(),
        record_id=record_id(log_id, leaf).hex(),
        changed=found.changed or (),
        covered=covered,
    )


def _notes(good: Good, timely: str, shared: bool) -> tuple[FieldError, ...]:
    """What is worth saying about an accepted row."""
    schema = good.schema
    notes = [*good.row.notes, *good.checked.notes]
    notes += [remark(code, schema, schema.decided) for code in _OF_TIMELY[timely]]
    if shared:
        notes.append(remark("document-number-shared", schema, schema.document))
    return tuple(notes)
