"""Filing cases, and the steps that need one person: accept, decline, ask, supplement, withdraw."""

from __future__ import annotations

import os
from dataclasses import replace

import sqlalchemy as sa

from gateway.accesses.services import Access, AccessLog
from gateway.base.context import Context
from gateway.base.crypto import Vault
from gateway.base.db import begin_read
from gateway.base.policy import Caller, Decision, Purpose, Record, Status, decide
from gateway.base.who import WhoFiles
from gateway.cases import materials as documents
from gateway.cases import store
from gateway.cases.abroad import Filer
from gateway.cases.deciding import day_of, pushed_on
from gateway.cases.errors import CaseRefused
from gateway.cases.interfaces import Filing, Held, Wanted
from gateway.cases.looking import look, look_case
from gateway.cases.marking import Marking, mark, settle
from gateway.cases.stepping import NewStep, Stepper, demand_content, demand_follows, last_of
from gateway.records.content import Content
from ledger.core.case import ACTS_OF_FILER, Step
from ledger.core.case_chain import CaseState, Kind
from ledger.core.errors import InputError
from ledger.core.ids import RecordId
from ledger.core.statement import Statement
from ledger.core.status import Basis
from ledger.records.publicity import authority_kind
from ledger.records.rules import Rules, newest

_CASE = 32


class Cases:
    """The cases about records of this member's logs."""

    def __init__(
        self,
        ctx: Context,
        *,
        stepper: Stepper,
        vault: Vault,
        accesses: AccessLog,
        who: WhoFiles,
        filer: Filer,
    ) -> None:
        """filer: of cases about records of others."""
        self.ctx = ctx
        self.stepper = stepper
        self.vault = vault
        self.filer = filer
        self._marking = Marking(ctx.clock, stepper)
        self._accesses = accesses
        self.who = who

    @property
    def kinds(self) -> dict[str, str | None]:
        """Kinds of authorities by USCC, as the operator's table has them."""
        return dict(self.who.current().authorities.kinds)

    # ---- filing

    def file(self, caller: Caller, filing: Filing) -> bytes:
        """File a repair or an objection; the case's id. The same filing is the same case. Raises
        CaseRefused, InputError, NotAllowed, NotReady."""
        documents.demand_documents(filing.docs)
        member = self.ctx.settings.node.code
        held = self._ours(filing, member)
        if held is None:
            return self.filer.file(caller, filing)
        self.admit(caller, Purpose.FILE_CASE, held)
        day = day_of(None, self.ctx.clock.today())
        received = day_of(filing.received, day)
        request = self._filing_request(caller, filing, held.record, day.isoformat())
        docs = documents.describe(filing.docs)
        with begin_read(self.ctx.engine) as connection:
            known = store.step_of_request(connection, request)
            if known is not None:
                return bytes(known.case)
            marks = filing.kind == Kind.OBJECTION and self._marking.marks(
                connection, held, member, docs
            )
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
            docs=docs,
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
                "authority_kind": self.kind(held),
            },
        )

        def then(connection: sa.Connection, statement: Statement) -> None:
            if marks:
                mark(connection, step.case, held, statement)

        commitment = self.stepper.take(new, then)
        with begin_read(self.ctx.engine) as connection:
            return bytes(self.demand_step(connection, commitment).case)

    def _ours(self, filing: Filing, member: str) -> Held | None:
        """The record where our own logs hold it; None: it is another member's."""
        try:
            with begin_read(self.ctx.engine) as connection:
                held = look(connection, self.vault, filing.record)
        except CaseRefused as error:
            if error.code != "record-unknown" or filing.owner == member:
                raise
            return None
        if filing.owner not in (None, member):
            raise CaseRefused("not-the-owner", _OURS)
        return held

    def _filing_request(self, caller: Caller, filing: Filing, record: RecordId, day: str) -> bytes:
        return self.stepper.request(*filing.said(caller.id, record, day))

    # ---- further steps

    def step(self, caller: Caller, case: bytes, wanted: Wanted) -> bytes:
        """Make a further step that needs no release; its commitment. The last step asked for again
        is that step. Raises as `file`."""
        documents.demand_documents(wanted.docs)
        with begin_read(self.ctx.engine) as connection:
            row = self.row(connection, case)
        if row.owner != self.ctx.settings.node.code:
            return self.filer.step(caller, row, wanted)
        with begin_read(self.ctx.engine) as connection:
            row, held = self.case(connection, case)
            if wanted.act == "decline" and row.kind == Kind.OBJECTION:
                raise CaseRefused("cannot-follow", _BY_DECISION)
            purpose = Purpose.FILE_CASE if wanted.act in ACTS_OF_FILER else Purpose.HANDLE_CASE
            self.admit(caller, purpose, held, row)
            if wanted.act in ACTS_OF_FILER and not self.is_of_filer(caller, row):
                raise CaseRefused("cannot-follow", _BY_FILER)
            known = self.stepper.repeated(connection, caller, row, wanted)
            if known is not None:
                return known
        demand_content(wanted)
        state = demand_follows(row, wanted.act)
        new = NewStep(
            step=self.next_step(row, held, caller, wanted),
            state=state,
            held=held,
            caller=caller,
            request=self.stepper.step_request(caller, row.id, row.last, wanted),
            docs=wanted.docs,
        )

        def then(connection: sa.Connection, statement: Statement) -> None:
            if row.kind != Kind.OBJECTION:
                return
            if wanted.act == "accept" and not store.has_dispute(connection, row.id):
                mark(connection, row.id, held, statement)
            if wanted.act == "withdraw-filing":
                settle(connection, row, held, statement, basis=Basis.SUBJECT_REQUEST)

        return self.stepper.take(new, then)

    def next_step(self, row: store.Row, held: Held, caller: Caller, wanted: Wanted) -> Step:
        """The step behind the last one."""
        return Step(
            act=wanted.act,
            authority=self.authority(held, None, caller),
            case=row.id,
            channel="national" if wanted.national_no else "desk",
            national_no=wanted.national_no,
            record=RecordId(row.record),
            role=self.role(caller),
            step=row.steps + 1,
            prev=last_of(row),
            day=day_of(wanted.day, self.ctx.clock.today()).isoformat(),
            pushed=pushed_on(wanted.pushed, self.ctx.clock.today()),
            note=wanted.note,
            docs=documents.describe(wanted.docs),
        )

    # ---- what all need

    def row(self, connection: sa.Connection, case: bytes) -> store.Row:
        """A case, whoever owns the record. Raises CaseRefused."""
        row = store.case_row(connection, case)
        if row is None:
            raise CaseRefused("not-found")
        return row

    def case(self, connection: sa.Connection, case: bytes) -> tuple[store.Row, Held]:
        """A case and its record, which is ours. Raises CaseRefused, `not-the-owner` too."""
        row = self.row(connection, case)
        if row.owner != self.ctx.settings.node.code:
            raise CaseRefused("not-the-owner", _NOT_OURS)
        return row, look_case(connection, self.vault, row)

    def demand_step(self, connection: sa.Connection, commitment: bytes) -> store.Row:
        """The row of a step that was made."""
        return store.step_row(connection, commitment)

    def demand_follows(self, row: store.Row, act: str) -> CaseState:
        """See `stepping.demand_follows`."""
        return demand_follows(row, act)

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

    def may(self, caller: Caller, purpose: Purpose, held: Held, row: store.Row) -> bool:
        """Whether `admit` would let the caller go on."""
        return self._decision(caller, purpose, held.known, row, held.status).allowed

    @staticmethod
    def is_of_filer(caller: Caller, row: store.Row) -> bool:
        """Whether the caller is of the department that filed a case here."""
        return bool(row.filer == row.owner and caller.department == row.department)

    def may_see(self, caller: Caller, known: Record, row: store.Row | None) -> bool:
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
        """See `Stepper.role`."""
        return self.stepper.role(caller)

    def kind(self, held: Held) -> str | None:
        """Kind of the determining authority; None: of none with rules of its own."""
        if held.content is None or held.schema is None:
            return None
        rules = self.rules_of(held) or newest()
        return authority_kind(rules, held.schema, held.content.fields, self.kinds)

    def rules_of(self, held: Held) -> Rules | None:
        """The rules that the record names; None where their file is not here."""
        return None if held.content is None else self.rules_named(held.content)

    def rules_named(self, content: Content) -> Rules | None:
        """The same by the content of a record."""
        return self.ctx.schemas.rules(content.rules.rpartition(":")[2])


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
    "zh": "记录由其他成员管理，由该成员办理；本节点只提出、补正、撤回",
    "en": "The record is another member's, who decides; here it is filed, supplemented, withdrawn",
}
_OURS = {
    "zh": "记录在本成员的日志中，请勿指明其他成员（owner）",
    "en": "The record is in a log of this member; do not name another one (`owner`)",
}
