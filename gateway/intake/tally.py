"""What of a set is counted for the quality of its units (gateway.quality). Pure.

A row is counted under the authority that it names, where its caller files for that one; else under
the caller's own, so that nobody spoils the figures of another. The figures are public: a token that
files for all may name whatever code it likes, so of its rows only those count under a unit that
name a body of the state. A firm's code in the wrong column must not be published as a unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from gateway.base.policy import Caller
from gateway.intake.drafts import Draft
from gateway.intake.interfaces import RowAnswer
from gateway.quality.store import ACCEPTED, DUPLICATE, NO_UNIT, TIMELY, Refusal, Tally
from ledger.records.quality import CORRECTED
from ledger.records.schema import all_schemas

_USCC = "uscc-"
BODIES = "1"
"""How the USCC of a body that the state has set up (机构编制) begins: offices, institutions, mass
organisations. Firms begin with 9."""


def tally(
    callers: Sequence[Caller],
    drafted: Sequence[Draft | RowAnswer],
    answers: Sequence[RowAnswer],
) -> Tally:
    """The counts of a set. drafted: before policy was asked; all three in the same order."""
    found = Tally()
    for caller, row, answer in zip(callers, drafted, answers, strict=True):
        unit = _unit(caller, row.unit)
        if answer.verdict == "accepted" and isinstance(row, Draft):
            found.counts[unit, answer.kind, ACCEPTED] += 1
            if row.timely is not None:
                found.counts[unit, answer.kind, TIMELY + row.timely] += 1
            if row.corrects:
                found.counts[unit, answer.kind, CORRECTED] += 1
        elif answer.verdict == "duplicate":
            found.counts[unit, answer.kind, DUPLICATE] += 1
        else:
            _refuse(found, unit, row, answer)
    return found


def _refuse(found: Tally, unit: str, row: Draft | RowAnswer, answer: RowAnswer) -> None:
    codes = _subject_codes()
    refusal = Refusal(
        type=answer.kind,
        code=answer.errors[0].code,
        wrong_code=any(
            error.field in codes and error.code.startswith(_USCC) for error in answer.errors
        ),
    )
    mark = row.content_mac if isinstance(row, Draft) else row.mark
    if mark is None:  # a row that could not be read cannot be known again
        found.refuse(unit, refusal)
    else:
        found.refused.setdefault((unit, mark), refusal)


def _unit(caller: Caller, named: str) -> str:
    """One of several own authorities is the lowest code: the caller did not say which."""
    if not caller.authorities:
        return named if named.startswith(BODIES) else NO_UNIT
    return named if named in caller.authorities else min(caller.authorities)


@cache
def _subject_codes() -> frozenset[str]:
    """Fields in which the USCC of a subject stands."""
    return frozenset(schema.subject.code for schema in all_schemas())
