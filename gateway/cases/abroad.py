"""Cases about records of other members, as who files them makes them here.

Nothing is known of the record but whose it is. Each step is a statement in our own log; its opening
goes to the owner, whose steps come back (`gateway.cases.inbox`).
"""

from __future__ import annotations

import os
from typing import Final

import sqlalchemy as sa

from gateway.accesses.services import Access, AccessLog
from gateway.base.context import Context
from gateway.base.db import begin_read
from gateway.base.policy import ALWAYS, Caller, Decision, Purpose, Record, decide
from gateway.cases import materials as documents
from gateway.cases import store
from gateway.cases.deciding import day_of
from gateway.cases.errors import CaseRefused
from gateway.cases.interfaces import Abroad, Filing, Wanted, Whose
from gateway.cases.stepping import NewStep, Stepper, demand_content, demand_follows, last_of
from ledger.core.case import ACTS_OF_FILER, Step
from ledger.core.case_chain import CaseState
from ledger.core.errors import InputError
from ledger.core.statement import Statement

_CASE: Final = 32


class Filer:
    """Files cases about records of other members, and goes on with them."""

    def __init__(
        self, ctx: Context, *, stepper: Stepper, accesses: AccessLog, whose: Whose
    ) -> None:
        self._ctx = ctx
        self._stepper = stepper
        self._accesses = accesses
        self._whose = whose

    def file(self, caller: Caller, filing: Filing) -> bytes:
        """File a repair or an objection; the case's id. The same filing is the same case. Raises
        CaseRefused, InputError, NotAllowed, NotReady."""
        # Before anybody is asked after it.
        decision = decide(caller, Purpose.FILE_ABROAD)
        self._log(caller, Purpose.FILE_ABROAD, decision, filing.record)
        decision.demand()
        with begin_read(self._ctx.engine) as connection:
            owner = filing.owner or store.owner_of(connection, filing.record)
        found = self._whose.find(filing.record, owner, authority=filing.authority is None)
        day = day_of(None, self._ctx.clock.today())
        received = day_of(filing.received, day)
        request = self._stepper.request(
            *filing.said(caller.id, found.record, day.isoformat()), found.owner
        )
        with begin_read(self._ctx.engine) as connection:
            known = store.step_of_request(connection, request)
        if known is not None:
            return bytes(known.case)
        step = Step(
            act=f"file-{filing.kind}",
            authority=_authority(filing, found),
            case=os.urandom(_CASE),
            channel=filing.channel or ("national" if filing.national_no else "desk"),
            record=found.record,
            role=self._stepper.role(caller),
            day=day.isoformat(),
            received=received.isoformat(),
            national_no=filing.national_no,
            note=filing.reason,
            docs=documents.describe(filing.docs),
        )
        new = NewStep(
            step=step,
            state=CaseState.FILED,
            held=None,
            caller=caller,
            request=request,
            docs=filing.docs,
            begun={"kind": filing.kind, "owner": found.owner, "authority_kind": None},
        )
        commitment = self._stepper.take(new, _nothing_more)
        with begin_read(self._ctx.engine) as connection:
            return bytes(store.step_row(connection, commitment).case)

    def step(self, caller: Caller, row: store.Row, wanted: Wanted) -> bytes:
        """Make a further step of who filed; its commitment. The last step asked for again is that
        step. Raises as `file`."""
        self.admit(caller, Purpose.FILE_ABROAD, row)
        if wanted.act not in ACTS_OF_FILER:
            raise CaseRefused("not-the-owner", _BY_OWNER)
        with begin_read(self._ctx.engine) as connection:
            known = self._stepper.repeated(connection, caller, row, wanted)
            if known is not None:
                return known
            demand_content(wanted)
            first = self._stepper.said(store.steps_of(connection, row.id)[0], connection)
        step = Step(
            act=wanted.act,
            authority=first.authority,
            case=row.id,
            channel="national" if wanted.national_no else "desk",
            national_no=wanted.national_no,
            record=first.record,
            role=self._stepper.role(caller),
            step=row.steps + 1,
            prev=last_of(row),
            day=day_of(wanted.day, self._ctx.clock.today()).isoformat(),
            note=wanted.note,
            docs=documents.describe(wanted.docs),
        )
        new = NewStep(
            step=step,
            state=demand_follows(row, wanted.act),
            held=None,
            caller=caller,
            request=self._stepper.step_request(caller, row.id, row.last, wanted),
            docs=wanted.docs,
        )
        return self._stepper.take(new, _nothing_more)

    def admit(self, caller: Caller, purpose: Purpose, row: store.Row) -> None:
        """Log what is asked of a case, and refuse who neither is of the department that filed it
        nor acts for the whole member. Raises NotAllowed."""
        decision = decide(caller, purpose, _of_department(row))
        self._log(caller, purpose, decision, row.record)
        decision.demand()

    def may_see(self, caller: Caller, row: store.Row) -> bool:
        """Whether a case is in the caller's lists, which show no content."""
        return decide(caller, Purpose.SEE_ABROAD, _of_department(row)).allowed

    def may_go_on(self, caller: Caller, row: store.Row) -> bool:
        """Whether a case is for the caller to supplement or withdraw."""
        return decide(caller, Purpose.FILE_ABROAD, _of_department(row)).allowed

    def _log(self, caller: Caller, purpose: Purpose, decision: Decision, record: bytes) -> None:
        line = Access(token=caller.id, purpose=purpose, decision=decision, record=record)
        self._accesses.write(line)


def _of_department(row: store.Row) -> Record:
    return Record(department=row.department, decided=ALWAYS)


def _authority(filing: Filing, found: Abroad) -> str:
    """USCC of the determining authority. Raises InputError where nothing tells it."""
    authority = filing.authority or found.authority
    if authority is None:
        raise InputError("authority", "required", _STATE_AUTHORITY)
    return authority


def _nothing_more(_connection: sa.Connection, _statement: Statement) -> None:
    """No act: the chain has them of the owner."""


_STATE_AUTHORITY = {
    "zh": "记录由其他成员管理，无法得知其认定单位代码，请用 authority 指明",
    "en": "The record is another member's, and the code of its authority is not told; state"
    " `authority`",
}
_BY_OWNER = {
    "zh": "受理与决定由记录所属成员办理；本节点只提出、补正、撤回",
    "en": "The owner of the record accepts and decides; here it is filed, supplemented, withdrawn",
}
