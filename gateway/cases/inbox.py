"""Steps of other members: a filing about a record of ours, or what an owner does with one of ours.

What comes is judged by the same order as our own steps: who may make it, behind which, and in which
state of the case. Of two with one `prev` the owner's counts. What comes too early is kept and taken
once the step before it is there.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final, Protocol

import sqlalchemy as sa

from gateway.base.clock import CHINA
from gateway.base.context import Context
from gateway.base.crash import crash_point
from gateway.base.crypto import Vault
from gateway.base.db import begin_read, begin_write
from gateway.base.errors import NotReady
from gateway.cases import store
from gateway.cases.errors import CaseRefused
from gateway.cases.interfaces import Held
from gateway.cases.looking import look, look_case
from gateway.cases.marking import Marking, mark, settle
from gateway.cases.placing import Placed, place
from gateway.cases.stepping import Stepper, demand_follows, state_behind
from gateway.peers.errors import Refused
from gateway.peers.interfaces import Message
from ledger.chain.contracts.structs import Member
from ledger.core.case import ACTS_OF_FILER, Step
from ledger.core.case_chain import CaseState, Kind, first_of
from ledger.core.keys import Role
from ledger.core.opening import Opening, parse_opening
from ledger.core.statement import Statement
from ledger.core.status import Basis

_FILINGS: Final = {"file-repair": Kind.REPAIR, "file-objection": Kind.OBJECTION}
_AGAIN: Final = 60
"""Seconds after which a step that came too early is handed on again."""


class Members(Protocol):
    """The members, as the chain says."""

    def member(self, code: str) -> Member | None:
        """One of them. Raises NotReady."""


class Kinds(Protocol):
    """Tells the kind of authorities."""

    def kind(self, held: Held) -> str | None:
        """Of the determining authority of a record; None: of none with rules of its own."""


class CaseInbox:
    """`gateway.peers.interfaces.Inbox` for the sort `case`. Safe to share between threads."""

    def __init__(
        self, ctx: Context, *, vault: Vault, members: Members, stepper: Stepper, kinds: Kinds
    ) -> None:
        self._ctx = ctx
        self._vault = vault
        self._members = members
        self._stepper = stepper
        self._marking = Marking(ctx.clock, stepper)
        self._kinds = kinds

    def take(self, message: Message) -> None:
        """Take a step. Raises Refused: `not-the-owner`, `not-granted` (who may not file it),
        `not-a-party`, `cannot-follow`, `case-closed`, `case-moved` (another step came first, `last`
        names it); NotReady `step-too-early`, or where the chain does not say who sends it."""
        opening = parse_opening(message.opening)
        statement = opening.statement
        step = statement.step()
        sender = None
        if step.step == 1:
            sender = self._members.member(message.member)
        else:
            self._demand_begun(step)
        with begin_write(self._ctx.engine, store.LOCK) as connection:
            if store.has_step(connection, statement.commitment):
                return
            try:
                if self._again(connection, opening):
                    return
                self._take(connection, message, statement, step, sender)
            except CaseRefused as error:
                raise Refused(error.code, extra=error.extra) from error
            crash_point("case.stored", "before")
        crash_point("case.stored", "after")
        self._ctx.signals.acts.set()

    def _demand_begun(self, step: Step) -> None:
        """Raise NotReady where the case is not here yet, before anybody is made to wait for it."""
        with begin_read(self._ctx.engine) as connection:
            if store.case_row(connection, step.case) is None:
                raise NotReady("step-too-early", retry_after=_AGAIN)

    def _again(self, connection: sa.Connection, opening: Opening) -> bool:
        """Whether it is a step that is here, logged again after its log was closed: the next one
        names the commitment that it had first."""
        statement = opening.statement
        for row in store.steps_of(connection, statement.step().case):
            if row.iss == statement.iss and row.step == statement.step().step:
                old = self._stepper.statement(row, connection)
                first = first_of(opening.entry, [old.commitment], [old.log])
                return first is not None and old.members == statement.members
        return False

    def _take(
        self,
        connection: sa.Connection,
        message: Message,
        statement: Statement,
        step: Step,
        sender: Member | None,
    ) -> None:
        row = store.case_row(connection, step.case)
        if row is not None:
            self._go_on(connection, message, statement, row)
        elif sender is not None:
            self._begin(connection, message, statement, sender)
        else:
            raise NotReady("step-too-early", retry_after=_AGAIN)

    # ---- a filing

    def _begin(
        self, connection: sa.Connection, message: Message, statement: Statement, sender: Member
    ) -> None:
        step = statement.step()
        kind = _FILINGS.get(step.act)
        if kind is None:
            raise CaseRefused("cannot-follow")
        held = self._held(connection, step)
        _demand_filer(sender, kind, held)
        day = _received(message)
        marks = kind is Kind.OBJECTION and self._marking.marks(
            connection, held, message.member, step.docs
        )
        begun = {
            "kind": kind,
            "owner": self._ctx.settings.node.code,
            "leaf": held.leaf,
            "department": None,
            "authority_kind": self._kinds.kind(held),
        }
        self._place(connection, statement, CaseState.FILED, day, begun=begun)
        if marks:
            mark(connection, step.case, held, statement, day=day)

    def _held(self, connection: sa.Connection, step: Step) -> Held:
        try:
            held = look(connection, self._vault, step.record)
        except CaseRefused as error:
            if error.code == "not-anchored":
                raise NotReady("step-too-early", retry_after=_AGAIN) from error
            raise CaseRefused("not-the-owner") from error
        if held.record != step.record:  # its leaf, which is no id
            raise CaseRefused("not-the-owner")
        return held

    # ---- a further step

    def _go_on(
        self, connection: sa.Connection, message: Message, statement: Statement, row: store.Row
    ) -> None:
        step, own = statement.step(), self._ctx.settings.node.code
        author = row.filer if step.act in ACTS_OF_FILER else row.owner
        if statement.iss != author or author == own or step.record != row.record:
            raise CaseRefused("not-a-party")
        if step.prev != row.last:
            self._make_room(connection, row, step)
            row = store.demand_case(connection, row.id)
        if step.step != row.steps + 1:
            raise CaseRefused("cannot-follow", extra={"state": row.state})
        state = demand_follows(row, step.act)
        day = _received(message)
        self._place(connection, statement, state, day)
        ends = row.kind == Kind.OBJECTION and step.act == "withdraw-filing"
        if ends and row.owner == own:
            held = look_case(connection, self._vault, row)
            settle(connection, row, held, statement, basis=Basis.SUBJECT_REQUEST, day=day)

    def _make_room(self, connection: sa.Connection, row: store.Row, step: Step) -> None:
        """Take back steps of ours that came behind the one that this step of the owner's follows.
        Raises CaseRefused `case-moved` where it is we whose step counts, NotReady where the step
        before this one is not here yet."""
        steps = store.steps_of(connection, row.id)
        before = next((one for one in steps if one.commitment == step.prev), None)
        if before is None or step.step != before.step + 1:
            if step.step <= row.steps:
                raise CaseRefused("case-moved", extra={"last": row.last.hex()})
            raise NotReady("step-too-early", retry_after=_AGAIN)
        own = self._ctx.settings.node.code
        later = [one for one in steps if one.step > before.step]
        if row.owner == own or any(one.iss != own for one in later):
            raise CaseRefused("case-moved", extra={"last": row.last.hex()})
        state, accepted = state_behind(row, steps[: before.step])
        store.displace(connection, row.id, before, state=state, accepted=accepted)

    def _place(
        self,
        connection: sa.Connection,
        statement: Statement,
        state: CaseState,
        day: date,
        *,
        begun: dict[str, Any] | None = None,
    ) -> None:
        step = statement.step()
        of_owner = step.act not in ACTS_OF_FILER
        placed = Placed(
            commitment=statement.commitment,
            iss=statement.iss,
            step=step,
            state=state,
            day=step.day or day.isoformat(),
            # Our clock runs from when we received it; of the owner's what it says itself.
            since=(step.pushed or step.day if of_owner else None) or day.isoformat(),
            begun=begun,
        )
        place(connection, placed, self._ctx.clock.seconds())


def _received(message: Message) -> date:
    return datetime.fromtimestamp(message.received_at, CHINA).date()


def _demand_filer(sender: Member, kind: Kind, held: Held) -> None:
    """Raise CaseRefused `not-granted` unless a member may file this. A repair: any province. An
    objection: the home province of its subject. (Who has the subject's authorisation may too: it
    is asked here, once there are any.)"""
    province = bool(sender.roles & Role.PROVINCE)
    if not province or (kind is Kind.OBJECTION and not is_home(sender.region, held)):
        raise CaseRefused("not-granted")


_REGION: Final = slice(2, 4)
"""Where a USCC has the two digits of its province."""


def is_home(region: str, held: Held) -> bool:
    """Whether the subject of a record is registered in a province. Where its code does not say, or
    the content is gone, nobody's desk is its home but the owner's own."""
    code = held.subject
    return code is not None and bool(region) and region[:2] == code[_REGION]
