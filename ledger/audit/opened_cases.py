"""Cases rebuilt from the openings of their steps (design-2 12)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.core.canonical import hex32, instant
from ledger.core.case import ACTS_OF_OWNER, Step
from ledger.core.case_chain import Case, CaseBroken, CaseState, Kind, chain_of, fold
from ledger.core.ids import Digest, RecordId
from ledger.core.statement import Statement

__all__ = ["ENDS", "MAX_STEPS", "OpenedCase", "rebuild"]

MAX_STEPS = 4_096
"""Steps about one record that are looked at: of more, somebody is playing with our memory."""

ENDS = ("decline", "uphold", "dismiss", "unconfirmed", "withdraw-filing")
"""Steps that end an objection."""
_LOST = (CaseState.DISMISSED, CaseState.UNCONFIRMED)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedCase:
    """A case as its openings make it. case: None where not even the first step is one. broken: why
    it goes no further than that, and with which statement. aside: steps that do not count, since
    another one stands in their place. loose: steps whose one before nobody opened."""

    id: bytes
    record: RecordId
    case: Case | None
    chain: Sequence[Statement]
    broken: tuple[str, Statement] | None
    aside: frozenset[Digest]
    loose: Sequence[Statement]

    @property
    def steps(self) -> tuple[tuple[Statement, Step], ...]:
        """Those that fold."""
        return () if self.case is None else self.case.steps

    @property
    def filed(self) -> int:
        """When it was filed, in Unix seconds."""
        return self.steps[0][0].at

    @property
    def ended(self) -> tuple[Statement, Step] | None:
        """The step that ended an objection or a repair; None: it is open."""
        if self.case is None or self.case.is_open:
            return None
        return self.steps[-1]

    @property
    def answered(self) -> int | None:
        """When the owner first did something in it, in Unix seconds."""
        return next((made.at for made, step in self.steps if step.act in ACTS_OF_OWNER), None)

    @property
    def lost(self) -> bool:
        """Whether it is an objection that came to nothing."""
        return self.case is not None and self.case.state in _LOST

    def is_(self, kind: Kind) -> bool:
        """Whether it is a case of this kind."""
        return self.case is not None and self.case.kind is kind

    def as_dict(self) -> dict[str, Any]:
        """As the report shows it: neither notes nor documents."""
        found = self.case
        return {
            "case": hex32(self.id),
            "record": hex32(self.record),
            "kind": "" if found is None else found.kind.value,
            "state": "" if found is None else found.state.value,
            "owner": "" if found is None else found.owner,
            "filer": "" if found is None else found.filer,
            "broken": "" if self.broken is None else self.broken[0],
            "aside": len(self.aside),
            "steps": [_step(made, step) for made, step in self.steps],
        }


def rebuild(statements: Iterable[Statement], *, owner: str) -> list[OpenedCase]:
    """The cases that steps about one record make, by their ids. owner: of the record's log."""
    by_case: dict[bytes, list[Statement]] = {}
    for statement in statements:
        by_case.setdefault(statement.step().case, []).append(statement)
    return [_case(id_, by_case[id_], owner) for id_ in sorted(by_case)]


def _case(id_: bytes, statements: list[Statement], owner: str) -> OpenedCase:
    chain, left = chain_of(statements, owner=owner)
    case, broken = _fold(chain, owner)
    known = {one.commitment for one in statements}
    loose = [one for one in statements if one.commitment in left and not _stands(one, known, chain)]
    return OpenedCase(
        id=id_,
        record=statements[0].step().record,
        case=case,
        chain=chain,
        broken=broken,
        aside=frozenset(left - {one.commitment for one in loose}),
        loose=loose,
    )


def _stands(one: Statement, known: set[Digest], chain: Sequence[Statement]) -> bool:
    """Whether what a step goes on from is known, or it is a first step beside another."""
    prev = one.step().prev
    return prev in known if prev is not None else bool(chain)


def _fold(
    chain: Sequence[Statement], owner: str
) -> tuple[Case | None, tuple[str, Statement] | None]:
    """The case as far as its steps fit, and why the next one does not."""
    try:
        return (fold(chain, owner=owner), None) if chain else (None, None)
    except CaseBroken as error:
        good = chain[: error.at - 1]
        why = error.code or "not-one"
        return (fold(good, owner=owner) if good else None), (why, chain[error.at - 1])


def _step(made: Statement, step: Step) -> dict[str, Any]:
    return {
        "step": step.step,
        "act": step.act,
        "iss": made.iss,
        "at": instant(made.at),
        "day": step.day or "",
        "basis": step.basis or 0,
        "class": step.class_ or "",
        "commitment": hex32(made.commitment),
    }
