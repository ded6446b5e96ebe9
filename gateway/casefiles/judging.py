"""Rows that came are looked up: each is then proposed, or refused with its reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from gateway.accesses.services import Access, AccessLog
from gateway.base.crash import crash_point
from gateway.base.db import begin_read, begin_write
from gateway.base.policy import Caller, Purpose, decide
from gateway.casefiles import store
from gateway.casefiles.exits import Exits, Found
from gateway.casefiles.finding import Finding
from gateway.casefiles.services import CaseFiles
from gateway.casefiles.store import File, FileRow, Said
from gateway.casefiles.words import GRANT, REFUSE, class_of
from gateway.cases.errors import CaseRefused
from gateway.cases.interfaces import Held
from gateway.cases.registry import Registry
from gateway.cases.store import open_repair
from gateway.jobs import services as jobs
from ledger.core.case_chain import ACTIONS
from ledger.core.errors import LedgerError
from ledger.core.ids import RecordId
from ledger.core.status import ZERO, Act, State, refusal

AT_ONCE = 200
"""Rows of one transaction."""
_IMPORTED = ("done", "failed")
PROPOSED_BY: Final[Mapping[str, Purpose]] = {
    "national": Purpose.DECIDE,
    "import": Purpose.SUBMIT,
}
"""By source of a file, what its sender must be allowed: whoever may file the exit proposes with it
the end of the entry."""


class Judged(NamedTuple):
    """What was found of a row. held: None where it is refused. code, field: why. said: what it says
    from now on; None: as before. record: that it names, also where it is refused: what it says is
    closed with it."""

    row: FileRow
    held: Held | None
    code: str | None = None
    field: str | None = None
    said: Said | None = None
    record: RecordId | None = None


class Judging:
    """Looks rows up. Its step belongs to one thread."""

    def __init__(
        self,
        files: CaseFiles,
        registry: Registry,
        accesses: AccessLog,
        *,
        finding: Finding,
        exits: Exits,
    ) -> None:
        self._files = files
        self._engine = files.ctx.engine
        self._registry = registry
        self._accesses = accesses
        self._finding = finding
        self._exits = exits

    def step(self) -> bool:
        """Look the next rows of every file up; whether something changed. Raises the first failure,
        after all were tried; CouldNotCheck."""
        with begin_read(self._engine) as connection:
            reading = store.in_state(connection, "reading")
        return each(reading, self._step)

    def _step(self, file: File) -> bool:
        caller = self._files.holders.holder(file.token)
        with begin_read(self._engine) as connection:
            box = store.box_of(connection, self._files.vault, file.id)
            rows = store.rows_of(connection, box, file.id, state="new", limit=AT_ONCE)
            found = list(self._judge(connection, caller, file, rows))
        # Where none of a page is anchored, none behind it is: they were logged in this order.
        return self._ended(file) if not rows else self._keep(file, caller, found)

    def _ended(self, file: File) -> bool:
        """Whether all rows of it are there and looked up, now."""
        with begin_write(self._engine, store.LOCK) as connection:
            if file.source == "import":
                job = jobs.find(connection, file.id)
                if job is not None and job.state not in _IMPORTED:
                    return False
            counts = store.counts_of(connection, file.id)
            if counts["new"]:
                return False
            state = "proposed" if counts["proposed"] else "done"
            return store.change_file(connection, file.id, "reading", state=state)

    # ---- one page of rows

    def _judge(
        self, connection: sa.Connection, caller: Caller, file: File, rows: Sequence[FileRow]
    ) -> Iterator[Judged]:
        if not rows:
            return
        if file.source == "import":
            found = list(self._exits.find(connection, caller, rows))
        else:
            found = [Found(one) for one in self._finding.find(connection, caller, rows)]
        held = [one.entry for one in found if isinstance(one.entry, Held)]
        states = self._states(held)
        met = store.taken_records(connection, file.id, [one.record for one in held])
        for row, (one, said) in zip(rows, found, strict=True):
            if one is None:
                continue  # not anchored yet
            if isinstance(one, CaseRefused):
                yield Judged(row, None, one.code, one.extra.get("field"), said)
            elif bytes(one.record) in met:
                yield Judged(row, None, "row-repeated", "number", said, one.record)
            else:
                judged = self._lawful(connection, row, one, states[one.acted])
                if judged.held is not None:
                    met.add(bytes(one.record))
                yield judged._replace(said=said, record=one.record)

    def _states(self, held: Sequence[Held]) -> dict[RecordId, State]:
        records = [one.acted for one in held]
        return self._registry.now().acts.states(records) if records else {}

    def _lawful(self, connection: sa.Connection, row: FileRow, held: Held, state: State) -> Judged:
        if row.act == REFUSE and open_repair(connection, held.record, held.acted) is None:
            return Judged(row, None, "no-open-case", "result")
        if (row.act or GRANT) == GRANT and class_of_row(row, held) is None:
            return Judged(row, None, "class-required", "class")
        code = None if row.act == REFUSE else status_refusal(row.act or GRANT, held, state)
        return Judged(row, held if code is None else None, code)

    def _keep(self, file: File, caller: Caller, found: Sequence[Judged]) -> bool:
        if not found:
            return False
        purpose = PROPOSED_BY[file.source]
        lines = [
            Access(
                token=caller.id,
                purpose=purpose,
                decision=decide(caller, purpose, one.held.known),
                record=one.held.leaf,
            )
            for one in found
            if one.held is not None
        ]
        with begin_write(self._engine, store.LOCK) as connection:
            box = store.box_of(connection, self._files.vault, file.id)
            for one in found:
                values: dict[str, Any] = {
                    "state": "refused",
                    "code": one.code,
                    "field": one.field,
                }
                if one.held is not None:
                    values = {"state": "proposed"}
                if one.record is not None:
                    values["record"] = one.record
                if one.said is not None:
                    values["content"] = store.sealed(box, file.id, one.row.n, one.said)
                store.change_row(connection, file.id, one.row.n, "new", **values)
            if lines:
                self._accesses.put(connection, lines, self._files.ctx.clock.seconds())
            crash_point("case-file.judged", "before")
        crash_point("case-file.judged", "after")
        return True


def each(files: Sequence[File], work: Callable[[File], bool]) -> bool:
    """Do this for every file; whether it did something for one. One that fails holds up no other.
    Raises the first failure."""
    changed, failures = False, list[LedgerError]()
    for file in files:
        try:
            changed |= work(file)
        except LedgerError as error:
            failures.append(error)
    if failures:
        raise failures[0]
    return changed


def class_of_row(row: FileRow, held: Held) -> str | None:
    """The class that a grant states: of the row, else of the record; None where neither does."""
    stated = class_of(str(row.said.get("class", "")))
    return stated or (held.content.class_ if held.content else None)


def status_refusal(act: str, held: Held, state: State) -> str | None:
    """Why the act of such a step cannot follow on the status; None where it can."""
    (action,) = ACTIONS[act]
    return refusal(
        state,
        Act(
            log=held.log,
            commitment=held.commitment,
            action=action,
            expected_version=state.word.version,
            basis=0,
            doc=ZERO,
            effective_at=0,
        ),
        by_vote=False,
    )
