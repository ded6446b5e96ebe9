"""Decisions: proposed by one token holder, released by another, and only then a step with its act.

What is proposed is checked when it is proposed, and again when it is released. Both pseudonyms are
kept with the step; the statement names who proposed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from gateway.base.clock import CHINA
from gateway.base.db import begin_read, begin_write
from gateway.base.policy import Caller, Purpose
from gateway.cases import materials as documents
from gateway.cases import store
from gateway.cases.deciding import ENDS_OBJECTION, OF_CASES, OWN, action_of
from gateway.cases.errors import CaseRefused
from gateway.cases.interfaces import Held, Wanted
from gateway.cases.judging import Judging
from gateway.cases.looking import look
from gateway.cases.marking import plain_act, settle, settle_left
from gateway.cases.sending import Sending
from gateway.cases.services import Cases
from gateway.cases.stepping import NewStep
from gateway.cases.waiting import Waiting
from ledger.core.canonical import b64u_decode, unhex32
from ledger.core.case import Step
from ledger.core.case_chain import CaseState, Kind
from ledger.core.docs import Doc
from ledger.core.ids import Digest, RecordId
from ledger.core.statement import Statement
from ledger.core.status import Action, Basis

_OF_OBJECTIONS = (*OF_CASES, "decline")
_SETTLE_BASIS = {
    "uphold": Basis.OBJECTION_UPHELD,
    "dismiss": Basis.ISSUER_CHECK,
    "unconfirmed": Basis.ISSUER_CHECK,
    "decline": Basis.ISSUER_CHECK,
}
_CASE = 32
_ENDED = ("replaced", store.SENT_BACK)
"""States of a last proposal that came to nothing: with what was erased, and sent back."""


class Decisions:
    """Proposals and their release."""

    def __init__(self, cases: Cases, judging: Judging, sending: Sending, waiting: Waiting) -> None:
        self._cases = cases
        self._sending = sending
        self._judging = judging
        self._waiting = waiting
        self._engine = cases.ctx.engine

    # ---- proposing

    def propose(self, caller: Caller, case: bytes, wanted: Wanted) -> int:
        """Propose how a case that was filed ends; the number of the proposal. The same one asked
        for again is that one. Raises CaseRefused, InputError, NotAllowed, CouldNotCheck."""
        self._demand_act(wanted.act, _OF_OBJECTIONS)
        documents.demand_documents(wanted.docs)
        with begin_read(self._engine) as connection:
            row, held = self._cases.case(connection, case)
            self._cases.admit(caller, Purpose.DECIDE, held)
            before = self._before(connection, case=case)
        wanted = self._judging.whole(held, wanted, row)
        request, known = self._request(caller, row.last, wanted, before)
        if known is not None:
            return known
        self._cases.demand_follows(row, wanted.act)
        self._judging.grounds(caller, held, wanted, own=False)
        self._judging.lawful(held, wanted, row)
        return self._put(caller, held, wanted, request, case=case, own=False)

    def propose_own(self, caller: Caller, record: bytes, wanted: Wanted) -> int:
        """Propose the owner's own decision about a record. Raises as `propose`."""
        self._demand_act(wanted.act, OWN)
        documents.demand_documents(wanted.docs)
        with begin_read(self._engine) as connection:
            held = look(connection, self._cases.vault, record)
            self._cases.admit(caller, Purpose.DECIDE, held)
            before = self._before(connection, record=held.record)
        wanted = self._judging.whole(held, wanted, None)
        request, known = self._request(caller, held.record, wanted, before)
        if known is not None:
            return known
        self._judging.grounds(caller, held, wanted, own=True)
        self._judging.lawful(held, wanted, None)
        return self._put(caller, held, wanted, request, case=os.urandom(_CASE), own=True)

    def _before(self, connection: sa.Connection, **of: bytes) -> tuple[Sequence[store.Row], bool]:
        """The newest proposals, and whether the last of them waits."""
        found = store.last_proposals(connection, **of)
        return found, bool(found) and self._waiting.waits(connection, found[0])

    def _request(
        self,
        caller: Caller,
        of: bytes,
        wanted: Wanted,
        told: tuple[Sequence[store.Row], bool],
    ) -> tuple[bytes, int | None]:
        """The fingerprint of a proposal behind those before, and the number of the one that waits
        where it is this one."""
        before, waits = told
        said = (caller.id, of.hex(), *_of(wanted))
        request = self._cases.stepper.request
        if waits:
            second = before[1].id if len(before) > 1 else 0
            found = request("propose", *said, second)
            if found == before[0].request:
                return found, int(before[0].id)
        return request("propose", *said, before[0].id if before else 0), None

    def _demand_act(self, act: str, known: tuple[str, ...]) -> None:
        if act not in known:
            raise CaseRefused("cannot-follow", extra={"act": act})

    def _put(
        self,
        caller: Caller,
        held: Held,
        wanted: Wanted,
        request: bytes,
        *,
        case: bytes,
        own: bool,
    ) -> int:
        docs = documents.describe(wanted.docs)
        set_id = os.urandom(16).hex()
        value = wanted.said() | {
            "docs": [one.to_json() for one in docs],
            "role": self._cases.role(caller),
            "authority": self._cases.authority(held, None, caller),
        }
        with begin_write(self._engine, store.LOCK) as connection:
            if (known := store.proposal_of_request(connection, request)) is not None:
                return int(known.id)
            box = documents.keep(connection, self._cases.vault, wanted.docs, set_id)
            return self._waiting.put(
                connection,
                case=case,
                record=held.record,
                own=own,
                act=wanted.act,
                token=caller.id,
                at=self._cases.ctx.clock.seconds(),
                request=request,
                materials=set_id,
                content=documents.seal_proposal(box, value),
            )

    # ---- releasing

    def release(self, caller: Caller, case: bytes, proposal: int | None = None) -> bytes:
        """Release what is proposed for a case; the commitment of its step. Released again it is
        that step. proposal: its number, which the caller has seen; None: whatever is proposed.
        Raises CaseRefused (`same-person`, `nothing-proposed`, `case-moved` where another one was
        proposed since, and as `propose`)."""
        with begin_read(self._engine) as connection:
            row, held = self._cases.case(connection, case)
            self._cases.admit(caller, Purpose.RELEASE, held)
            found = self._waiting.newest(connection, case=case)
        _demand_seen(found, proposal)
        return self._release(caller, held, found, row)

    def release_own(self, caller: Caller, record: bytes, proposal: int | None = None) -> bytes:
        """The same for the owner's own decision about a record."""
        with begin_read(self._engine) as connection:
            held = look(connection, self._cases.vault, record)
            self._cases.admit(caller, Purpose.RELEASE, held)
            found = self._waiting.newest(connection, record=held.record)
        _demand_seen(found, proposal)
        return self._release(caller, held, found, None)

    def sign(self, caller: Caller, case: bytes, number: int, signature: bytes) -> None:
        """Take the signature of an act of a case that was made elsewhere. Raises CaseRefused,
        NotAllowed."""
        with begin_read(self._engine) as connection:
            _, held = self._cases.case(connection, case)
            self._cases.admit(caller, Purpose.RELEASE, held)
            if number not in {act.id for act in store.acts_of(connection, case)}:
                raise CaseRefused("nothing-to-sign")
        self._sending.take_signature(number, signature)

    def _release(
        self, caller: Caller, held: Held, found: store.Row | None, row: store.Row | None
    ) -> bytes:
        if found is None or found.state in _ENDED:
            raise CaseRefused("nothing-proposed")
        self._waiting.demand_other_person(caller, found)
        if found.state == "released":
            return bytes(found.step)
        try:
            return self._take(caller, held, found, row)
        except CaseRefused:
            # Released at the same moment by somebody else, it refuses what we were about to check.
            with begin_read(self._engine) as connection:
                now = store.proposal_of_request(connection, found.request)
            if now is not None and now.state == "released":
                return bytes(now.step)
            raise

    def _take(self, caller: Caller, held: Held, found: store.Row, row: store.Row | None) -> bytes:
        with begin_read(self._engine) as connection:
            value = documents.open_proposal(
                connection, self._cases.vault, found.materials, found.content
            )
        wanted = _wanted(value)
        state = CaseState.DECIDED
        if row is not None:
            state = self._cases.demand_follows(row, wanted.act)
        judged = self._judging.lawful(held, replace(wanted, version=None), row)
        new = NewStep(
            step=self._step(held, wanted, value, found, row),
            state=state,
            held=held,
            caller=replace(caller, id=found.token),
            request=self._cases.stepper.request("release", found.id),
            kept=found.materials if value["docs"] else None,
            released_by=caller.id,
            begun=None if row is not None else self._own(),
        )

        def then(connection: sa.Connection, statement: Statement) -> None:
            newest = (
                self._waiting.newest(connection, record=held.record)
                if row is None
                else self._waiting.newest(connection, case=row.id)
            )
            if newest is None or (newest.id, newest.state) != (found.id, found.state):
                raise CaseRefused("case-moved")
            self._judging.free(connection, held, wanted, judged, row)
            self._send(connection, statement, wanted, row, held=held, other=judged.other)
            store.close_proposal(connection, found.id, statement.commitment)

        return self._cases.stepper.take(new, then)

    def _own(self) -> dict[str, Any]:
        return {
            "kind": Kind.OWN,
            "owner": self._cases.ctx.settings.node.code,
            "authority_kind": None,
        }

    def _step(
        self,
        held: Held,
        wanted: Wanted,
        value: Mapping[str, Any],
        found: store.Row,
        row: store.Row | None,
    ) -> Step:
        day = wanted.day or datetime.fromtimestamp(found.at, CHINA).date().isoformat()
        return Step(
            act=wanted.act,
            authority=value["authority"],
            case=found.case,
            channel=_channel(wanted, own=row is None),
            record=held.record if row is None else RecordId(row.record),
            role=value["role"],
            step=1 if row is None else row.steps + 1,
            prev=None if row is None else Digest(row.last),
            basis=wanted.basis,
            class_=wanted.class_,
            national_no=wanted.national_no,
            day=day,
            pushed=wanted.pushed,
            note=wanted.note,
            docs=tuple(_doc(one) for one in value["docs"]),
        )

    def _send(
        self,
        connection: sa.Connection,
        statement: Statement,
        wanted: Wanted,
        row: store.Row | None,
        *,
        held: Held,
        other: Held | None,
    ) -> None:
        action, number = action_of(wanted), None
        case = statement.step().case
        if action is not None:
            act = plain_act(held, Action(action), statement, wanted.basis or 0, other)
            number = store.put_act(connection, case, act)
        if row is not None and row.kind == Kind.OBJECTION and wanted.act in ENDS_OBJECTION:
            basis = _SETTLE_BASIS[wanted.act]
            settle(connection, row, held, statement, basis=basis, after=number)
        if row is None and number is not None:
            settle_left(connection, case, held, statement, after=number)


def _channel(wanted: Wanted, *, own: bool) -> str:
    """How a decision came: as a result of the national platform, or otherwise."""
    if wanted.national_no is not None:
        return "national"
    return "own" if own else "desk"


def _of(wanted: Wanted) -> tuple[Any, ...]:
    return wanted.said(), documents.digests(wanted.docs)


def _wanted(value: Mapping[str, Any]) -> Wanted:
    other = value["toRecord"]
    return Wanted(
        act=value["act"],
        note=value["note"],
        day=value["day"],
        pushed=value["pushed"],
        basis=value["basis"],
        class_=value["class"],
        national_no=value.get("nationalNo"),
        to_record=None if other is None else bytes.fromhex(other),
        withdraw=value["withdraw"],
    )


def _doc(value: Mapping[str, Any]) -> Doc:
    return Doc(
        name=value["name"],
        salt=b64u_decode(value["salt"]),
        sha256=unhex32(value["sha256"]),
        size=value["size"],
    )


def _demand_seen(found: store.Row | None, proposal: int | None) -> None:
    """Nobody answers for what was proposed after they looked. Raises CaseRefused."""
    waits = found is not None and found.state == "proposed"
    if found is not None and waits and proposal is not None and found.id != proposal:
        raise CaseRefused("case-moved", _UNSEEN)


_UNSEEN = {
    "zh": "请先查看拟议事项，并以其编号（proposal）放行",
    "en": "Look at what is proposed first, and release it by its number (`proposal`)",
}
