"""Intake of sets of rows: judge, resolve, make, promise, store, answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, partial
from pathlib import Path

import sqlalchemy as sa

from gateway.clock import CHINA
from gateway.db import begin_read, begin_write
from gateway.intake.commit import Made, Maker
from gateway.intake.errors import NotReady
from gateway.intake.interfaces import MAX_SET, Promise, RowAnswer, RowInput, SetAnswer
from gateway.intake.judge import Good, Judge
from gateway.intake.promises import make_promise
from gateway.intake.readiness import ready_facts
from gateway.intake.resolve import Found, Resolved, resolve
from gateway.intake.store import store
from gateway.intake.texts import remark
from gateway.metrics import SETS, count_rows
from gateway.node import Node
from ledger.core.ids import record_id
from ledger.records.calendar import Calendar
from ledger.records.validate import FieldError

MAX_ATTEMPTS = 8
"""Each failed attempt means that another request stored one of our keys; the next one sees it."""


Keep = Callable[[sa.Connection, SetAnswer], None]
"""Stores what must become durable together with a set: called once with the transaction that
stores it and with its answer, before the commit. What it raises undoes the set."""


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


@dataclass(frozen=True, slots=True)
class _Stored:
    """What a set left in the database. made: by place in the set; promise: None and number 0
    where nothing was new."""

    resolved: Resolved
    made: Mapping[int, Made]
    promise: Promise | None
    promise_id: int
    positions: Mapping[int, int]
    """Place in the set to position in the promise, of new rows."""


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
        self._keep = keep
        self._departments = departments
        self._rows = rows
        self._at = node.clock.seconds()
        self._facts, self._log_id = ready_facts(node, self._at)

    def run(self) -> SetAnswer:
        today = datetime.fromtimestamp(self._at, CHINA).date()
        judge = Judge(self._facts, self._node.hmac, at=self._at, today=today)
        judged = [judge.judge(at, row) for at, row in enumerate(self._rows)]
        goods = [row for row in judged if isinstance(row, Good)]
        maker = Maker(
            self._node.vault,
            calendar_of(self._node.settings.calendar_file),
            issuer=self._facts.member,
            log_id=self._log_id,
            promised=today,
        )
        return self._store(goods, maker, judged)

    def _answer(self, judged: Sequence[Good | RowAnswer], stored: _Stored) -> SetAnswer:
        answers = {found.good.at: self._of_found(found, stored) for found in stored.resolved.found}
        answers |= {good.at: self._of_new(good, stored) for good in stored.resolved.new}
        rows = [answers[at] if isinstance(row, Good) else row for at, row in enumerate(judged)]
        return SetAnswer(rows=rows, promise=stored.promise)

    def _store(
        self, goods: Sequence[Good], maker: Maker, judged: Sequence[Good | RowAnswer]
    ) -> SetAnswer:
        """Resolve and store; again where somebody else stored one of our keys in between."""
        made: dict[int, Made] = {}
        for _ in range(MAX_ATTEMPTS):
            with begin_read(self._node.engine) as connection:
                resolved = resolve(connection, self._node.vault, goods)
            if not resolved.new:
                return self._keep_alone(judged, _Stored(resolved, {}, None, 0, {}))
            missing = [good for good in resolved.new if good.at not in made]
            made |= {record.good.at: record for record in maker.make(missing)}
            fresh = [made[good.at] for good in resolved.new]
            leaves = [record.leaf for record in fresh]
            promise = make_promise(self._node, self._facts, self._log_id, leaves, self._at)
            positions = {good.at: position for position, good in enumerate(resolved.new)}
            stored = _Stored(resolved, made, promise, 0, positions)
            try:
                promise_id = store(
                    self._node,
                    fresh,
                    promise,
                    log_id=self._log_id,
                    departments=[self._departments[good.at] for good in resolved.new],
                    within=partial(self._keep_with, judged, stored),
                )
            except sa.exc.IntegrityError:
                continue
            return self._answer(judged, replace(stored, promise_id=promise_id))
        raise NotReady("busy", retry_after=1)

    def _keep_with(
        self,
        judged: Sequence[Good | RowAnswer],
        stored: _Stored,
        connection: sa.Connection,
        promise_id: int,
    ) -> None:
        """Inside the transaction that stores the set."""
        if self._keep:
            answer = self._answer(judged, replace(stored, promise_id=promise_id))
            self._keep(connection, answer)

    def _keep_alone(self, judged: Sequence[Good | RowAnswer], stored: _Stored) -> SetAnswer:
        """Nothing is new: what is kept gets a transaction of its own."""
        answer = self._answer(judged, stored)
        if self._keep:
            with begin_write(self._node.engine) as connection:
                self._keep(connection, answer)
        return answer

    def _of_new(self, good: Good, stored: _Stored) -> RowAnswer:
        made = stored.made[good.at]
        return RowAnswer(
            row=good.row.row,
            sheet=good.row.sheet,
            verdict="accepted",
            notes=_notes(good, made.timely, good.at in stored.resolved.shared),
            leaf=made.leaf.hex(),
            record_id=record_id(self._log_id, made.leaf).hex(),
            stored=(stored.promise_id, stored.positions[good.at]),
        )

    def _of_found(self, found: Found, stored: _Stored) -> RowAnswer:
        good, earlier = found.good, found.earlier
        if isinstance(earlier, Good):
            leaf, log_id = stored.made[earlier.at].leaf, self._log_id
            where: tuple[int, int] | None = (stored.promise_id, stored.positions[earlier.at])
        else:
            leaf, log_id, where = earlier.leaf, earlier.log_id, earlier.stored
        document = good.schema.document
        return RowAnswer(
            row=good.row.row,
            sheet=good.row.sheet,
            verdict="duplicate" if found.changed is None else "conflict",
            errors=()
            if found.changed is None
            else (remark("document-number-in-use", good.schema, document),),
            notes=(*good.row.notes, *good.checked.notes),
            leaf=leaf.hex(),
            record_id=record_id(log_id, leaf).hex(),
            changed=found.changed or (),
            stored=where,
        )


_OF_TIMELY = {"yes": (), "no": ("late",), "unknown": ("timeliness-unknown",)}


def _notes(good: Good, timely: str, shared: bool) -> tuple[FieldError, ...]:
    """What is worth saying about an accepted row."""
    schema = good.schema
    notes = [*good.row.notes, *good.checked.notes]
    notes += [remark(code, schema, schema.decided) for code in _OF_TIMELY[timely]]
    if shared:
        notes.append(remark("document-number-shared", schema, schema.document))
    return tuple(notes)


@cache
def calendar_of(path: Path | None) -> Calendar:
    """The calendar with the operator's years; read once."""
    return Calendar.load(path)
