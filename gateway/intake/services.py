"""Intake of sets of rows: judge, resolve, make, promise, store, answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path

import sqlalchemy as sa

from gateway.clock import CHINA
from gateway.crash import crash_point
from gateway.db import begin_read, begin_write
from gateway.intake.answers import Outcome, set_answer
from gateway.intake.commit import Made, Maker
from gateway.intake.errors import NotReady
from gateway.intake.interfaces import MAX_SET, RowInput, SetAnswer
from gateway.intake.judge import Good, Judge
from gateway.intake.promises import make_promise
from gateway.intake.readiness import ready_facts
from gateway.intake.resolve import Resolved, resolve
from gateway.intake.store import store
from gateway.metrics import SETS, count_rows
from gateway.node import Node
from ledger.records.calendar import Calendar

MAX_ATTEMPTS = 8
"""Each failed attempt means that another request stored one of our keys; the next one sees it."""

Keep = Callable[[sa.Connection, SetAnswer], None]
"""Stores what must become durable together with a set: called with the transaction that stores it
and with its answer, before the commit. What it raises undoes the set."""


def submit_set(
    node: Node, *, department: str | None, rows: Sequence[RowInput], keep: Keep | None = None
) -> SetAnswer:
    """Take in up to `MAX_SET` rows; every row gets an answer, in order.

    The accepted ones and the promise that covers them are durable when this returns. Raises
    NotReady where nothing can be promised now; then nothing was taken. Blocks; safe in threads.
    """
    return submit_mixed(node, departments=[department] * len(rows), rows=rows, keep=keep)


def submit_mixed(
    node: Node,
    *,
    departments: Sequence[str | None],
    rows: Sequence[RowInput],
    keep: Keep | None = None,
) -> SetAnswer:
    """The same for rows of several departments, given in the same order."""
    if len(rows) > MAX_SET:
        raise ValueError(f"{len(rows)} rows in a set, at most {MAX_SET}")
    with SETS.time():
        answer = _Submission(node, departments, rows, keep).run()
    count_rows(rows, answer.rows)
    return answer


class _Submission:
    """One set on its way. All of it is judged at the same instant."""

    def __init__(
        self,
        node: Node,
        departments: Sequence[str | None],
        rows: Sequence[RowInput],
        keep: Keep | None,
    ) -> None:
        self._node = node
        self._departments = departments
        self._rows = rows
        self._keep = keep
        self._at = node.clock.seconds()
        self._today = datetime.fromtimestamp(self._at, CHINA).date()
        self._facts, self._log_id = ready_facts(node, self._at)
        self._made: dict[int, Made] = {}

    def run(self) -> SetAnswer:
        """Resolve and store; again where somebody else stored one of our keys in between."""
        judge = Judge(self._facts, self._node.hmac, at=self._at, today=self._today)
        judged = [judge.judge(at, row) for at, row in enumerate(self._rows)]
        goods = [row for row in judged if isinstance(row, Good)]
        for _ in range(MAX_ATTEMPTS):
            with begin_read(self._node.engine) as connection:
                resolved = resolve(connection, self._node.vault, goods)
            outcome = self._outcome(resolved)
            answer = set_answer(judged, outcome)
            try:
                self._store(outcome, answer)
            except sa.exc.IntegrityError:
                continue
            return answer
        raise NotReady("busy", retry_after=1)

    def _outcome(self, resolved: Resolved) -> Outcome:
        """Records and promise of what is new. A record made in an earlier attempt stays."""
        maker = Maker(
            self._node.vault,
            calendar_of(self._node.settings.calendar_file),
            issuer=self._facts.member,
            log_id=self._log_id,
            promised=self._today,
        )
        missing = [good for good in resolved.new if good.at not in self._made]
        self._made |= {record.good.at: record for record in maker.make(missing)}
        leaves = [self._made[good.at].leaf for good in resolved.new]
        promise = None
        if leaves:
            promise = make_promise(self._node, self._facts, self._log_id, leaves, self._at)
        return Outcome(resolved=resolved, made=self._made, promise=promise, log_id=self._log_id)

    def _store(self, outcome: Outcome, answer: SetAnswer) -> None:
        """The one transaction. Raises IntegrityError where a key has been stored meanwhile."""
        if outcome.promise is None and self._keep is None:
            return
        with begin_write(self._node.engine) as connection:
            if outcome.promise is not None:
                store(
                    connection,
                    outcome.fresh,
                    outcome.promise,
                    key_id=self._node.keys.anchor.key_id,
                    departments=[self._departments[good.at] for good in outcome.resolved.new],
                )
            if self._keep is not None:
                self._keep(connection, answer)
            crash_point("intake.stored", "before")
        crash_point("intake.stored", "after")
        if outcome.promise is not None:
            self._node.wake.set()


@cache
def calendar_of(path: Path | None) -> Calendar:
    """The calendar with the operator's years; read once."""
    return Calendar.load(path)
