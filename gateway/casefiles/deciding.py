"""Rows of a file that was released become steps with their acts, many in one transaction."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog

from gateway.accesses.services import Access, AccessLog
from gateway.base.clock import CHINA
from gateway.base.db import begin_read, begin_write
from gateway.base.policy import Caller, Purpose, decide
from gateway.casefiles import store
from gateway.casefiles.exits import BASES, CORRECT
from gateway.casefiles.finding import look_or_refuse
from gateway.casefiles.judging import PROPOSED_BY, class_of_row, each, status_refusal
from gateway.casefiles.services import CaseFiles
from gateway.casefiles.store import File, FileRow
from gateway.casefiles.words import GRANT, REFUSE
from gateway.cases.errors import CaseRefused
from gateway.cases.interfaces import Held, Wanted
from gateway.cases.judging import Judged
from gateway.cases.judging import Judging as CaseJudging
from gateway.cases.looking import standing_leaf
from gateway.cases.marking import plain_act, settle_left
from gateway.cases.registry import Registry
from gateway.cases.services import Cases
from gateway.cases.stepping import NewStep, Then, case_of, last_of
from gateway.cases.store import open_repair, put_act, step_row
from ledger.core.case import MAX_NATIONAL_NO, Step, check
from ledger.core.case_chain import ACTIONS, CaseState, Kind, may_follow
from ledger.core.errors import InputError, Malformed
from ledger.core.ids import RecordId
from ledger.core.statement import Statement
from ledger.core.status import Basis, State

AT_ONCE = 64
"""Rows of one transaction; they share one promise."""
_CASE = 32
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Both:
    """Who proposed a file, and who released it."""

    file: File
    sha256: str
    proposer: Caller
    releaser: Caller

    def may(self, held: Held) -> bool:
        """Whether both may still decide about the record."""
        proposed = decide(self.proposer, PROPOSED_BY[self.file.source], held.known)
        return proposed.allowed and decide(self.releaser, Purpose.RELEASE, held.known).allowed


@dataclass(frozen=True, slots=True, kw_only=True)
class _Planned:
    """What a row becomes. held: the record. other: the one that corrects. ends: whether the row is
    done with it; else another step follows. code: what is to be told of a row that is done."""

    row: FileRow
    held: Held
    new: NewStep
    acts: bool
    other: Held | None = None
    ends: bool = True
    code: str | None = None


class Deciding:
    """Carries out what was released. Its step belongs to one thread."""

    def __init__(
        self, files: CaseFiles, cases: Cases, registry: Registry, accesses: AccessLog
    ) -> None:
        self._files = files
        self._cases = cases
        self._engine = files.ctx.engine
        self._registry = registry
        self._judging = CaseJudging(cases, registry)
        self._accesses = accesses

    def step(self) -> bool:
        """Carry out the next rows of every file that was released; whether there were any. Raises
        the first failure, after all were tried; what was stored so far stands. CouldNotCheck,
        NotReady."""
        with begin_read(self._engine) as connection:
            released = store.in_state(connection, "released")
        return each(released, self._step)

    def _step(self, file: File) -> bool:
        with begin_read(self._engine) as connection:
            box = store.box_of(connection, self._files.vault, file.id)
            rows = store.rows_of(connection, box, file.id, state="proposed", limit=AT_ONCE)
            name = store.name_of(box, file)
        if not rows:
            with begin_write(self._engine, store.LOCK) as connection:
                store.change_file(connection, file.id, "released", state="done")
            _log.info("case-file.done", file=file.id)
            return True
        holder = self._files.holders.holder
        both = _Both(
            file=file,
            sha256=name["sha256"],
            proposer=holder(file.token),
            releaser=holder(file.released_by),
        )
        self._decide(both, rows)
        return True

    def _decide(self, both: _Both, rows: Sequence[FileRow]) -> None:
        with begin_read(self._engine) as connection:
            vault = self._files.vault
            found = [look_or_refuse(connection, vault, row.record or b"") for row in rows]
            held = [one for one in found if isinstance(one, Held)]
            states = self._states(held)
            planned: list[_Planned] = []
            refused: list[tuple[FileRow, str]] = []
            for row, one in zip(rows, found, strict=True):
                plan = self._plan(connection, both, row, one, states)
                if isinstance(plan, _Planned):
                    planned.append(plan)
                else:
                    refused.append((row, plan))
        self._store(both, planned, refused)

    def _states(self, held: Sequence[Held]) -> dict[RecordId, State]:
        records = [one.acted for one in held]
        return self._registry.now().acts.states(records) if records else {}

    # ---- what a row becomes

    def _plan(
        self,
        connection: sa.Connection,
        both: _Both,
        row: FileRow,
        held: Held | CaseRefused,
        states: dict[RecordId, State],
    ) -> _Planned | str:
        """The step of a row, or the code of its refusal."""
        if isinstance(held, CaseRefused):
            return held.code
        case = None
        if both.file.source == "national":
            case = open_repair(connection, held.record, held.acted)
        code = _refusal(row, held, case, states) if both.may(held) else "authority-not-yours"
        if code is not None:
            return code
        try:
            if case is not None:
                plan = self._in_case(both, row, held, case)
            else:
                plan = self._own(connection, both, row, held)
        except InputError:  # nothing tells its authority
            return "authority-missing"
        except Malformed:
            return "internal"
        return plan if isinstance(plan, str) else self._fitting(plan, states[held.acted], case)

    def _fitting(self, plan: _Planned, state: State, case: Any) -> _Planned:
        """What is planned, to be judged with what is on its way as any other decision is."""
        step = plan.new.step
        wanted = Wanted(
            act=step.act,
            basis=step.basis,
            class_=step.class_,
            to_record=None if plan.other is None else plan.other.leaf,
        )

        def fits(connection: sa.Connection) -> None:
            judged = Judged(plan.other, state)
            self._judging.free(connection, plan.held, wanted, judged, case)

        return replace(plan, new=replace(plan.new, fits=fits))

    def _own(
        self, connection: sa.Connection, both: _Both, row: FileRow, held: Held
    ) -> _Planned | str:
        """A case of the owner's own, with one step."""
        other = None
        if row.act == CORRECT:
            leaf = standing_leaf(connection, bytes.fromhex(row.said["leaf"]))
            other = look_or_refuse(connection, self._files.vault, leaf)
        if isinstance(other, CaseRefused):
            return other.code
        step = self._base(both, row, held, row.act or GRANT, os.urandom(_CASE))
        begun = {"kind": Kind.OWN, "owner": self._member, "authority_kind": None}
        said = (bytes(held.record).hex(), step.act, step.day, row.said.get("leaf"))
        new = self._new(both, held, step, CaseState.DECIDED, said)
        return _Planned(row=row, held=held, new=replace(new, begun=begun), acts=True, other=other)

    def _in_case(self, both: _Both, row: FileRow, held: Held, case: Any) -> _Planned | str:
        """The next step of a repair that is open: accepted, then decided. One that waits for a
        supplement gets the result noted."""
        chain = case_of(case)
        act, ends, code = row.act or GRANT, True, None
        if may_follow(chain, act) is None:
            act, ends = "accept", False
        if may_follow(chain, act) is None:
            act, ends, code = "national-result", True, "awaiting-supplement"
            if case.filer != self._member:  # its filer says it, not we
                return code
        state = may_follow(chain, act)
        if state is None:
            return "cannot-follow"
        step = replace(
            self._base(both, row, held, act, case.id),
            record=RecordId(case.record),
            step=case.steps + 1,
            prev=last_of(case),
        )
        said = (bytes(case.id).hex(), step.act, step.day, bytes(case.last).hex())
        new = self._new(both, held, step, state, said)
        return _Planned(row=row, held=held, new=new, acts=act in ACTIONS, ends=ends, code=code)

    def _base(self, both: _Both, row: FileRow, held: Held, act: str, case: bytes) -> Step:
        national = both.file.source == "national"
        basis = int(BASES.get(act, Basis.NATIONAL_RESULT))
        step = Step(
            act=act,
            authority=self._authority(row, held, both.proposer),
            case=case,
            channel="national" if national else "own",
            record=held.record,
            role=self._cases.stepper.role(both.proposer),
            basis=None if act in ("accept", "national-result") else basis,
            class_=class_of_row(row, held) if act == "grant" else None,
            day=str(row.said.get("day") or _day(both.file.at)),
            received=_day(both.file.at) if national else None,
            national_no=str(row.said.get("national", ""))[:MAX_NATIONAL_NO] or None,
            note=_note(both, row),
        )
        check(step.members())  # or it would hold up all rows that share its promise
        return step

    def _authority(self, row: FileRow, held: Held, proposer: Caller) -> str:
        stated = row.said.get("authority")
        return self._cases.authority(held, stated if isinstance(stated, str) else None, proposer)

    def _new(
        self, both: _Both, held: Held, step: Step, state: CaseState, said: Sequence[object]
    ) -> NewStep:
        return NewStep(
            step=step,
            state=state,
            held=held,
            caller=both.proposer,
            request=self._cases.stepper.request("case-file", both.file.source, *said),
            released_by=both.releaser.id,
        )

    @property
    def _member(self) -> str:
        return self._files.ctx.settings.node.code

    # ---- storing

    def _store(
        self, both: _Both, planned: Sequence[_Planned], refused: Sequence[tuple[FileRow, str]]
    ) -> None:
        file = both.file.id

        def told(connection: sa.Connection, results: Sequence[bytes | CaseRefused]) -> None:
            for row, code in refused:
                store.change_row(connection, file, row.n, "proposed", state="refused", code=code)
            for plan, result in zip(planned, results, strict=True):
                self._note(connection, file, plan, result)
            lines = [_line(both, plan) for plan in planned]
            if lines:
                self._accesses.put(connection, lines, self._files.ctx.clock.seconds())

        self._cases.stepper.take_all([(plan.new, _then(plan)) for plan in planned], told)

    def _note(
        self, connection: sa.Connection, file: str, plan: _Planned, result: bytes | CaseRefused
    ) -> None:
        values: dict[str, Any]
        if isinstance(result, CaseRefused):
            values = {"state": "refused", "code": result.code}
        elif not plan.ends:
            return
        else:
            case = bytes(step_row(connection, result).case)
            values = {"state": "done", "code": plan.code, "case": case, "step": result}
            values["act"] = plan.new.step.act
        store.change_row(connection, file, plan.row.n, "proposed", **values)


def _refusal(row: FileRow, held: Held, case: Any, states: Mapping[RecordId, State]) -> str | None:
    """Why a row cannot be carried out as the record stands now; None where it can."""
    if row.act == REFUSE:
        return None if case is not None else "no-open-case"
    return status_refusal(row.act or GRANT, held, states[held.acted])


def _then(plan: _Planned) -> Then:
    def then(connection: sa.Connection, statement: Statement) -> None:
        if plan.acts:
            step = plan.new.step
            (action,) = ACTIONS[step.act]
            basis = step.basis or 0
            act = plain_act(plan.held, action, statement, basis, plan.other)
            number = put_act(connection, step.case, act)
            if plan.new.begun is not None:
                settle_left(connection, step.case, plan.held, statement, after=number)

    return then


def _line(both: _Both, plan: _Planned) -> Access:
    held = plan.held
    return Access(
        token=both.releaser.id,
        purpose=Purpose.RELEASE,
        decision=decide(both.releaser, Purpose.RELEASE, held.known),
        record=held.leaf,
    )


def _note(both: _Both, row: FileRow) -> str:
    """What ties the step to its row, for whoever holds the file."""
    result = row.said.get("result")
    said = f"{result}；" if isinstance(result, str) else ""
    place = row.said.get("row")
    return f"{said}sha256:{both.sha256} 第 {place} 行" if both.sha256 else said + f"第 {place} 行"


def _day(at: int) -> str:
    return datetime.fromtimestamp(at, CHINA).date().isoformat()
