"""Filing cases, and the steps that need one person: accept, decline, ask, supplement, withdraw."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date
from typing import Any

import sqlalchemy as sa

from gateway.accesses.services import Access, AccessLog
from gateway.base.context import Context
from gateway.base.crypto import Hmac, Vault
from gateway.base.db import begin_read
from gateway.base.policy import Caller, Decision, Purpose, Record, Status, decide
from gateway.base.who import WhoFiles
from gateway.cases import materials as documents
from gateway.cases import store
from gateway.cases.deciding import day_of, midnight, pushed_on
from gateway.cases.errors import CaseRefused
from gateway.cases.interfaces import Filing, Held, Wanted
from gateway.cases.looking import look
from gateway.cases.stepping import NewStep, Stepper, case_of, last_of
from ledger.core.case import ACTS_OF_FILER, Doc, Step
from ledger.core.case_chain import CaseState, Kind, may_follow
from ledger.core.errors import InputError
from ledger.core.ids import RecordId
from ledger.core.statement import Statement
from ledger.core.status import Act, Action, Basis
from ledger.records.publicity import authority_kind
from ledger.records.rules import newest

MAX_MARKING = 20
"""Open objections of one filer that mark by themselves; further ones do when they are accepted."""
AGAIN = 90 * 86_400
"""Seconds in which one new objection marks a record of which one came to nothing."""
_CASE = 32


class Cases:
    """The cases about records of this member's logs."""

    def __init__(
        self,
        ctx: Context,
        *,
        stepper: Stepper,
        vault: Vault,
        hmac: Hmac,
        accesses: AccessLog,
        who: WhoFiles,
    ) -> None:
        self.ctx = ctx
        self.stepper = stepper
        self.vault = vault
        self._hmac = hmac
        self._accesses = accesses
        self._who = who

    @property
    def kinds(self) -> dict[str, str | None]:
        """Kinds of authorities by USCC, as the operator's table has them."""
        return dict(self._who.current().authorities.kinds)

    # ---- filing

    def file(self, caller: Caller, filing: Filing) -> bytes:
        """File a repair or an objection; the case's id. The same filing is the same case. Raises
        CaseRefused, InputError, NotAllowed, NotReady."""
        documents.demand_documents(filing.docs)
        member = self.ctx.settings.node.code
        if filing.owner not in (None, member):
            raise CaseRefused("not-the-owner", _NOT_OURS)
        day = day_of(None, self.ctx.clock.today())
        received = day_of(filing.received, day)
        with begin_read(self.ctx.engine) as connection:
            held = look(connection, self.vault, filing.record)
            self.admit(caller, Purpose.FILE_CASE, held)
            request = self._filing_request(caller, filing, held, day.isoformat())
            known = store.step_of_request(connection, request)
            if known is not None:
                return bytes(known.case)
            marks = filing.kind == Kind.OBJECTION and self._marks(connection, filing, held)
        step = Step(
            act=f"file-{filing.kind}",
            authority=self.authority(held, filing.authority, caller),
            case=os.urandom(_CASE),
            channel=filing.channel or ("national" if filing.national_no else "desk"),
            record=held.record,
            role=self.role(caller),
            day=day.isoformat(),
            received=received.isoformat(),
            national_no=filing.national_no,
            note=filing.reason,
            docs=documents.describe(filing.docs),
        )
        new = NewStep(
            step=step,
            state=CaseState.FILED,
            held=held,
            caller=caller,
            request=request,
            docs=filing.docs,
            begun={
                "kind": filing.kind,
                "owner": member,
                "authority_kind": self._kind(held),
            },
        )

        def then(connection: sa.Connection, statement: Statement) -> None:
            if marks:
                act = plain_act(held, Action.DISPUTE, statement, Basis.SUBJECT_REQUEST)
                store.put_act(connection, step.case, act)

        commitment = self.stepper.take(new, then)
        with begin_read(self.ctx.engine) as connection:
            return bytes(self.demand_step(connection, commitment).case)

    def _filing_request(self, caller: Caller, filing: Filing, held: Held, day: str) -> bytes:
        said = (filing.kind, filing.reason, filing.authority, filing.channel, filing.national_no)
        return self.stepper.request(
            "file", caller.id, held.record.hex(), day, *said, documents.digests(filing.docs)
        )

    def _marks(self, connection: sa.Connection, filing: Filing, held: Held) -> bool:
        """Whether an objection marks its record at its receipt."""
        member = self.ctx.settings.node.code
        if store.open_objections(connection, filer=member) >= MAX_MARKING:
            return False
        lost = store.lost_objections(connection, held.record)
        if not lost:
            return True
        seen = {doc.sha256 for row in lost for doc in self._documents(connection, row.id)}
        fresh = any(doc.sha256 not in seen for doc in documents.describe(filing.docs))
        since = self.ctx.clock.seconds() - AGAIN
        return fresh and not store.marked_again(connection, held.record, since)

    def _documents(self, connection: sa.Connection, case: bytes) -> list[Doc]:
        found: list[Doc] = []
        for row in store.steps_of(connection, case):
            if row.act in ACTS_OF_FILER:
                opened = self.stepper.statement(row.commitment, connection)
                found += opened.step().docs
        return found

    # ---- further steps

    def step(self, caller: Caller, case: bytes, wanted: Wanted) -> bytes:
        """Make a further step that needs no release; its commitment. The last step asked for again
        is that step. Raises as `file`."""
        documents.demand_documents(wanted.docs)
        with begin_read(self.ctx.engine) as connection:
            row, held = self.case(connection, case)
            if wanted.act == "decline" and row.kind == Kind.OBJECTION:
                raise CaseRefused("cannot-follow", _BY_DECISION)
            purpose = Purpose.FILE_CASE if wanted.act in ACTS_OF_FILER else Purpose.HANDLE_CASE
            self.admit(caller, purpose, held, row)
            if wanted.act in ACTS_OF_FILER and caller.department != row.department:
                raise CaseRefused("cannot-follow", _BY_FILER)
            known = self.repeated(connection, caller, row, wanted)
            if known is not None:
                return known
        state = self.demand_follows(row, wanted.act)
        new = NewStep(
            step=self.next_step(row, held, caller, wanted),
            state=state,
            held=held,
            caller=caller,
            request=self.step_request(caller, row.id, row.last, wanted),
            docs=wanted.docs,
        )

        def then(connection: sa.Connection, statement: Statement) -> None:
            if row.kind != Kind.OBJECTION:
                return
            if wanted.act == "accept" and not store.has_dispute(connection, row.id):
                act = plain_act(held, Action.DISPUTE, statement, Basis.SUBJECT_REQUEST)
                store.put_act(connection, row.id, act)
            if wanted.act == "withdraw-filing":
                settle(connection, row, held, statement, basis=Basis.SUBJECT_REQUEST)

        return self.stepper.take(new, then)

    def repeated(
        self, connection: sa.Connection, caller: Caller, row: store.Row, wanted: Wanted
    ) -> bytes | None:
        """The commitment of the last step, where this is what it was asked with."""
        steps = store.steps_of(connection, row.id)
        before = steps[-2].commitment if len(steps) > 1 else b""
        request = self.step_request(caller, row.id, before, wanted)
        return bytes(row.last) if request == steps[-1].request else None

    def step_request(self, caller: Caller, case: bytes, prev: bytes, wanted: Wanted) -> bytes:
        """The fingerprint of a step behind another."""
        docs = documents.digests(wanted.docs)
        return self.stepper.request("step", caller.id, case.hex(), prev.hex(), wanted.said(), docs)

    def next_step(self, row: store.Row, held: Held, caller: Caller, wanted: Wanted) -> Step:
        """The step behind the last one."""
        return Step(
            act=wanted.act,
            authority=self.authority(held, None, caller),
            case=row.id,
            channel="desk",
            record=held.record,
            role=self.role(caller),
            step=row.steps + 1,
            prev=last_of(row),
            day=day_of(wanted.day, self.ctx.clock.today()).isoformat(),
            pushed=pushed_on(wanted.pushed, self.ctx.clock.today()),
            note=wanted.note,
            docs=documents.describe(wanted.docs),
        )

    # ---- what all need

    def case(self, connection: sa.Connection, case: bytes) -> tuple[store.Row, Held]:
        """A case and its record. Raises CaseRefused."""
        row = store.case_row(connection, case)
        if row is None:
            raise CaseRefused("not-found")
        return row, look(connection, self.vault, row.leaf)

    def demand_step(self, connection: sa.Connection, commitment: bytes) -> store.Row:
        """The row of a step that was made."""
        return store.step_row(connection, commitment)

    def demand_follows(self, row: store.Row, act: str) -> CaseState:
        """The state behind an act. Raises CaseRefused `case-closed`, `cannot-follow`."""
        found = case_of(row)
        state = may_follow(found, act)
        if state is not None:
            return state
        if not found.is_open:
            raise CaseRefused("case-closed", extra={"state": row.state})
        raise CaseRefused("cannot-follow", extra={"state": row.state})

    def admit(
        self, caller: Caller, purpose: Purpose, held: Held, row: store.Row | None = None
    ) -> None:
        """Log what is asked of a record, and refuse who may not. Who filed a case is of its
        department, whoever filed the record. Raises NotAllowed."""
        decision = self._decision(caller, purpose, held.known, row, held.status)
        self._accesses.write(
            Access(token=caller.id, purpose=purpose, decision=decision, record=held.leaf)
        )
        decision.demand()

    def may_see(self, caller: Caller, known: Record, row: store.Row) -> bool:
        """Whether a case is in the caller's lists, which show no content."""
        return self._decision(caller, Purpose.SEE_CASE, known, row).allowed

    def may_read(self, caller: Caller, held: Held, row: store.Row | None = None) -> bool:
        """Whether the caller is told what a case says, or what the record that it is about does; of
        a closed or erased record its own authority alone."""
        return self._decision(caller, Purpose.READ_CASE, held.known, row, held.status).allowed

    def _decision(
        self,
        caller: Caller,
        purpose: Purpose,
        known: Record,
        row: store.Row | None,
        status: Status = Status.IN_FORCE,
    ) -> Decision:
        if status is Status.ERASED:  # what was said about it is closed; some of it is gone
            status = Status.CLOSED
        if purpose is not Purpose.READ_CASE:
            status = Status.IN_FORCE  # the life of a case goes on, whatever its record is
        decision = decide(caller, purpose, known, status)
        if not decision.allowed and row is not None and row.department is not None:
            if purpose in (Purpose.FILE_CASE, Purpose.SEE_CASE, Purpose.READ_CASE):
                of_filer = replace(known, department=row.department)
                decision = decide(caller, purpose, of_filer, status)
        return decision

    def authority(self, held: Held, stated: str | None, caller: Caller) -> str:
        """USCC of the determining authority. Raises InputError where nothing tells it."""
        found = held.authority or stated or min(caller.authorities, default=None)
        if found is None:
            message = {
                "zh": "记录未载明认定单位代码，请用 authority 指明",
                "en": "The record does not tell the code of its authority; state `authority`",
            }
            raise InputError("authority", "required", message)
        return found

    def role(self, caller: Caller) -> str:
        """The pseudonym of whoever holds a token: nobody outside can tell who it is."""
        unit = "centre"
        if caller.department is not None:
            mark = self._hmac.fingerprint(b"case-unit", caller.department.encode())
            unit = f"unit-{mark.hex()[:8]}"
        return f"{unit}:token-{caller.id}"

    def _kind(self, held: Held) -> str | None:
        if held.content is None or held.schema is None:
            return None
        rules = self.rules_of(held) or newest()
        return authority_kind(rules, held.schema, held.content.fields, self.kinds)

    def rules_of(self, held: Held) -> Any:
        """The rules that the record names; None where their file is not here."""
        if held.content is None:
            return None
        return self.ctx.schemas.rules(held.content.rules.rpartition(":")[2])


_BY_DECISION = {
    "zh": "异议的不予受理会取消标注，须经 decide 提出、由另一人 release",
    "en": "To decline an objection takes its mark away: propose it with `decide`, and have another"
    " person release it",
}
_BY_FILER = {
    "zh": "补正、撤回由提出该案件的部门办理",
    "en": "Only the department that filed the case supplements or withdraws it",
}
_NOT_OURS = {
    "zh": "记录由其他成员管理，请通过该成员的节点办理",
    "en": "The record is another member's; turn to the node of that member",
}


def plain_act(
    held: Held,
    action: Action,
    statement: Statement,
    basis: int,
    other: Held | None = None,
) -> Act:
    """The act of a step. Its version is filled in when it is signed."""
    day = statement.step().day
    assert day is not None  # noqa: S101 - every step of ours has one
    given: dict[str, Any] = {}
    if other is not None:
        given = {"other_log": other.log, "other_commitment": other.commitment}
    return Act(
        log=held.log,
        commitment=held.commitment,
        action=action,
        expected_version=0,
        basis=basis,
        doc=statement.doc(),
        effective_at=midnight(date.fromisoformat(day)),
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
) -> None:
    """Have the mark of a record taken away, where the objection that just ended was the last."""
    if store.open_objections(connection, record=RecordId(row.record)) == 0:
        act = plain_act(held, Action.SETTLE, statement, basis)
        store.put_act(connection, row.id, act, after)
