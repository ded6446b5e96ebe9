"""Acts of cases: the mark of an objection, when it is set, and when it is taken away again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import sqlalchemy as sa

from gateway.base.clock import Clock
from gateway.cases import store
from gateway.cases.deciding import midnight
from gateway.cases.interfaces import Held
from gateway.cases.stepping import Stepper
from ledger.core.case import ACTS_OF_FILER
from ledger.core.docs import Doc
from ledger.core.statement import Statement
from ledger.core.status import Act, Action, Basis

MAX_MARKING = 20
"""Open objections of one filer that mark by themselves; further ones do when they are accepted."""
TAKES_AWAY: Final = (Action.CORRECT, Action.WITHDRAW, Action.ERASE)
"""Behind which a record stands for no other."""
AGAIN = 90 * 86_400
"""Seconds in which one new objection marks a record of which one came to nothing."""


class Marking:
    """Whether objections mark their records at their receipt."""

    def __init__(self, clock: Clock, stepper: Stepper) -> None:
        self._clock = clock
        self._stepper = stepper

    def marks(self, connection: sa.Connection, held: Held, filer: str, docs: Sequence[Doc]) -> bool:
        """Whether a new objection of this filer to a record, with these documents, does. The same
        record logged again is no other one."""
        own = self._stepper.member
        if store.open_objections(connection, filer=filer, owner=own) >= MAX_MARKING:
            return False
        lost = store.lost_objections(connection, held.record, held.acted)
        if not lost:
            return True
        seen = {doc.sha256 for row in lost for doc in self._documents(connection, row.id)}
        fresh = any(doc.sha256 not in seen for doc in docs)
        since = self._clock.seconds() - AGAIN
        return fresh and not store.marked_again(connection, held.acted, since)

    def _documents(self, connection: sa.Connection, case: bytes) -> list[Doc]:
        found: list[Doc] = []
        for row in store.steps_of(connection, case):
            if row.act in ACTS_OF_FILER:
                found += self._stepper.said(row, connection).docs
        return found


def plain_act(
    held: Held,
    action: Action,
    statement: Statement,
    basis: int,
    other: Held | None = None,
    *,
    day: date | None = None,
) -> Act:
    """The act of a step. Its version is filled in when it is signed. day: on which it takes effect;
    None: that of the step, which each of ours has."""
    given: dict[str, Any] = {}
    if other is not None:
        given = {"other_log": other.log, "other_commitment": other.commitment}
    if day is None:
        said = statement.step().day
        assert said is not None  # noqa: S101 - every step of ours has one
        day = date.fromisoformat(said)
    return Act(
        log=held.log,
        commitment=held.commitment,
        action=action,
        expected_version=0,
        basis=basis,
        doc=statement.doc(),
        effective_at=midnight(day),
        **given,
    )


def settle(
    connection: sa.Connection,
    row: store.Row,
    held: Held,
    statement: Statement,
    *,
    basis: int,
    after: int | None = None,
    day: date | None = None,
) -> None:
    """Have the mark of a record taken away, where the objection that just ended was the last."""
    if store.open_objections(connection, record=held.acted) == 0:
        act = plain_act(held, Action.SETTLE, statement, basis, day=day)
        store.put_act(connection, row.id, act, after)


def settle_left(
    connection: sa.Connection, case: bytes, held: Held, statement: Statement, *, after: int
) -> None:
    """Have a mark taken away that no case is left to take: of an objection that was upheld and
    whose outcome was refused. It goes with the outcome that comes in its place. after: the act of
    that."""
    row = store.act_row(connection, after)
    takes = row is not None and row.action in TAKES_AWAY
    if takes and store.mark_left(connection, held.acted):
        act = plain_act(held, Action.SETTLE, statement, Basis.OBJECTION_UPHELD)
        store.put_act(connection, case, act, after)


def mark(
    connection: sa.Connection,
    case: bytes,
    held: Held,
    statement: Statement,
    *,
    day: date | None = None,
) -> None:
    """Have a record marked for an objection."""
    act = plain_act(held, Action.DISPUTE, statement, Basis.SUBJECT_REQUEST, day=day)
    store.put_act(connection, case, act)
