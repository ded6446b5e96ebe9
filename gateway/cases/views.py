"""Cases as they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from gateway.base.clock import CHINA
from gateway.base.db import begin_read
from gateway.base.policy import Caller, Purpose, decide
from gateway.cases import materials as documents
from gateway.cases import stages, store
from gateway.cases.deciding import OWN, may_follow
from gateway.cases.errors import CaseRefused
from gateway.cases.fates import remedy_of
from gateway.cases.interfaces import Answer, Held
from gateway.cases.looking import look, look_case
from gateway.cases.placing import ABROAD
from gateway.cases.possible import Possible
from gateway.cases.reach import Reach
from gateway.cases.registry import Registry
from gateway.cases.sending import Sending
from gateway.cases.sending_back import SendingBack
from gateway.cases.services import Cases
from gateway.cases.waiting import Waiting
from gateway.chain.view import ChainView
from gateway.intake.calendar_file import CalendarFile
from gateway.peers.outbox import Outgoing, sent_of
from gateway.statuses.store import is_closed
from ledger.core.canonical import hex0x, instant
from ledger.core.errors import CouldNotCheck
from ledger.core.status import SHOWN, Action, Basis, Flag
from ledger.records.publicity import rules_id as packaged_id
from ledger.records.rule_tables import StageName


class Views:
    """Shows cases."""

    def __init__(
        self,
        cases: Cases,
        registry: Registry,
        sending: Sending,
        *,
        chain: ChainView,
        calendar: CalendarFile,
        waiting: Waiting,
        reach: Reach,
        possible: Possible,
        sending_back: SendingBack,
    ) -> None:
        self._cases = cases
        self.registry = registry
        self._sending = sending
        self._chain = chain
        self._calendar = calendar
        self._waiting = waiting
        self._reach = reach
        self._possible = possible
        self._sending_back = sending_back

    def show(self, caller: Caller, case: bytes) -> Answer:
        """A case with its steps, its acts and the status of its record. Raises CaseRefused,
        NotAllowed; a status that cannot be read now is null."""
        with begin_read(self._cases.ctx.engine) as connection:
            row, held = self.seen(connection, caller, case)
            acted = bytes(row.record) if held is None else held.acted
            steps = store.steps_of(connection, case)
            displaced = store.displaced_of(connection, case)
            sent = sent_of(connection, [step.commitment for step in (*steps, *displaced)])
            acts = store.acts_of(connection, case)
            waits = None if held is None else self._waiting.newest(connection, case=case)
            proposed = self._proposed(connection, waits, caller, held, row)
            sent_back = self._sent_back(connection, waits, caller, held, row)
            may = self._possible.of_case(connection, caller, row, held, waits)
        return {
            **self.summary(row),
            "proposed": proposed,
            "sentBack": sent_back,
            "may": may,
            "steps": [_step(step) | _sent(sent.get(step.commitment)) for step in steps],
            "displaced": [_step(step) for step in displaced],
            "acts": [self._act(act) for act in acts],
            "actsOn": acted.hex(),
            "status": self._status(acted),
            **self._reach.told(acts),
        }

    def of_record(self, caller: Caller, record: bytes) -> Answer:
        """What is proposed and done about a record by the owner's own decision."""
        with begin_read(self._cases.ctx.engine) as connection:
            held = look(connection, self._cases.vault, record, archived=True)
            self._cases.admit(caller, Purpose.SEE_CASE, held)
            proposed = self._waiting.newest(connection, record=held.record)
            released = store.last_released(connection, held.record)
            acts = store.acts_of(connection, released.case) if released else ()
            told = self._proposed(connection, proposed, caller, held)
            sent_back = self._sent_back(connection, proposed, caller, held)
            follow = self._may_follow(held)
            may = self._possible.of_record(connection, caller, held, proposed, follow)
        return {
            "record": held.record.hex(),
            "proposed": told,
            "sentBack": sent_back,
            "may": may,
            "case": released.case.hex() if released else None,
            "acts": [self._act(act) for act in acts],
            "actsOn": held.acted.hex(),
            "status": self._status(held.acted),
            "mayFollow": follow,
        }

    def seen(
        self, connection: sa.Connection, caller: Caller, case: bytes
    ) -> tuple[store.Row, Held | None]:
        """A case that the caller may see, and its record where that is ours. Raises CaseRefused,
        NotAllowed."""
        row = self._cases.row(connection, case)
        if row.leaf == ABROAD:
            self._cases.filer.admit(caller, Purpose.SEE_ABROAD, row)
            return row, None
        held = look_case(connection, self._cases.vault, row, archived=True)
        self._cases.admit(caller, Purpose.SEE_CASE, held, row)
        return row, held

    def head(self, case: bytes) -> dict[str, Any]:
        """A case without its steps, for whoever just filed it."""
        with begin_read(self._cases.ctx.engine) as connection:
            row = self._cases.row(connection, case)
        return self.summary(row)

    def done(self, commitment: bytes) -> Answer:
        """A step that was just made, and what goes to the chain with its case."""
        with begin_read(self._cases.ctx.engine) as connection:
            step = store.step_row(connection, commitment)
            row = self._cases.row(connection, step.case)
            acts = store.acts_of(connection, step.case)
        return {
            "case": step.case.hex(),
            "step": step.step,
            "commitment": commitment.hex(),
            "state": row.state,
            "deadline": self.stage(row).as_dict()["deadline"],
            "acts": [self._act(act) for act in acts],
        }

    def summary(self, row: store.Row) -> dict[str, Any]:
        """What lists tell of a case."""
        return {
            "case": row.id.hex(),
            "record": row.record.hex(),
            "kind": row.kind,
            "owner": row.owner,
            "filer": row.filer,
            "state": row.state,
            "stage": self.stage(row).as_dict(),
        }

    def stage(self, row: store.Row) -> stages.StageNow:
        """The stage of a case today, by the rules in force and the operator's calendar."""
        return self._clock(row.stage, row.since, row.authority_kind)

    def stage_of_proposal(
        self, row: store.Row, value: Mapping[str, Any], kind: str | None
    ) -> stages.StageNow:
        """The stage that what is proposed ends: where the decision behind a record was changed or
        annulled, from the day on which that was known; that of its case otherwise. kind: of the
        authority."""
        if value["basis"] != Basis.DECISION_CHANGED:
            return stages.NO_STAGE
        since = value["pushed"] or datetime.fromtimestamp(row.at, CHINA).date().isoformat()
        return self._clock("correction", since, kind)

    def _clock(
        self, name: StageName | None, since: str | None, kind: str | None
    ) -> stages.StageNow:
        if name is None or since is None:
            return stages.NO_STAGE
        ctx = self._cases.ctx
        facts = self._chain.known
        item = facts and facts.rules_item("publicity", ctx.clock.seconds())
        wanted = item.content_hash if item else packaged_id().rpartition(":")[2]
        return stages.stage_now(
            ctx.schemas.rules(wanted),
            self._calendar.current(),
            name=name,
            since=date.fromisoformat(since),
            authority_kind=kind,
            region=facts.region if facts else "",
            today=ctx.clock.today(),
        )

    def step(self, caller: Caller, case: bytes, number: int) -> bytes:
        """The opening of a step, as it is handed to the other party. Raises CaseRefused."""
        with begin_read(self._cases.ctx.engine) as connection:
            step = self._demand_step(connection, caller, case, number)
            return self._cases.stepper.opening(step, connection)

    def document(self, caller: Caller, case: bytes, number: int, n: int) -> bytes:
        """A document of a step, from 0. Raises CaseRefused."""
        with begin_read(self._cases.ctx.engine) as connection:
            step = self._demand_step(connection, caller, case, number)
            data = None
            if step.materials is not None:
                data = documents.read(connection, self._cases.vault, step.materials, n)
        if data is None:
            raise CaseRefused("not-found")
        return data

    def proposed_document(self, caller: Caller, case: bytes, proposal: int, n: int) -> bytes:
        """A document of what is proposed for a case, from 0, for whoever may release it. Raises
        CaseRefused, NotAllowed."""
        with begin_read(self._cases.ctx.engine) as connection:
            _, held = self._cases.case(connection, case)
            self._cases.admit(caller, Purpose.RELEASE, held)
            found = self._waiting.newest(connection, case=case)
            return self._of_proposal(connection, found, proposal, n)

    def own_document(self, caller: Caller, record: bytes, proposal: int, n: int) -> bytes:
        """The same of the owner's own decision about a record."""
        with begin_read(self._cases.ctx.engine) as connection:
            held = look(connection, self._cases.vault, record)
            self._cases.admit(caller, Purpose.RELEASE, held)
            found = self._waiting.newest(connection, record=held.record)
            return self._of_proposal(connection, found, proposal, n)

    def _of_proposal(
        self, connection: sa.Connection, row: store.Row | None, proposal: int, n: int
    ) -> bytes:
        # What was released is a step: its documents are for whoever may read that.
        if row is None or row.id != proposal or row.state != store.PROPOSED:
            raise CaseRefused("case-moved")
        data = documents.read(connection, self._cases.vault, row.materials, n)
        if data is None:
            raise CaseRefused("not-found")
        return data

    def _demand_step(
        self, connection: sa.Connection, caller: Caller, case: bytes, number: int
    ) -> store.Row:
        row, held = self.seen(connection, caller, case)
        if held is not None:
            self._cases.admit(caller, Purpose.READ_CASE, held, row)
        elif caller.department != row.department and is_closed(connection, row.record):
            # Whoever filed it acts for the subject; to all others it is closed, as at its owner.
            raise CaseRefused("content-closed")
        found = {step.step: step for step in store.steps_of(connection, case)}.get(number)
        if found is None:
            raise CaseRefused("not-found")
        return found

    def _proposed(
        self,
        connection: sa.Connection,
        row: store.Row | None,
        caller: Caller,
        held: Held | None,
        case: store.Row | None = None,
    ) -> dict[str, Any] | None:
        """What waits for its release, all of it to whoever may release it, since they answer for
        it. Of a closed record others are told no more than what it would do."""
        if row is None or held is None or row.state != store.PROPOSED:
            return None
        releases = decide(caller, Purpose.RELEASE, held.known).allowed
        if not releases and not self._cases.may_read(caller, held, case):
            return {"proposal": row.id, "act": row.act}
        value = self.opened(connection, row)
        docs = [{name: doc[name] for name in ("name", "size", "sha256")} for doc in value["docs"]]
        stage = self.stage_of_proposal(row, value, self._cases.kind(held))
        barred = self._waiting.barred(connection, caller, row)
        return {
            "proposal": row.id,
            **value,
            "docs": docs,
            "yours": barred == "same-person",
            "barred": barred,
            "at": instant(row.at),
            "lapses": instant(self._waiting.lapses(row)),
            "stage": stage.as_dict(),
        }

    def _sent_back(
        self,
        connection: sa.Connection,
        row: store.Row | None,
        caller: Caller,
        held: Held | None,
        case: store.Row | None = None,
    ) -> dict[str, Any] | None:
        """Why the last proposal was not released, to whoever may read the case."""
        if held is None or not self._cases.may_read(caller, held, case):
            return None
        return self._sending_back.told(connection, row)

    def opened(self, connection: sa.Connection, row: store.Row) -> dict[str, Any]:
        """What a proposal says."""
        vault = self._cases.vault
        return documents.open_proposal(connection, vault, row.materials, row.content)

    def _act(self, row: store.Row) -> dict[str, Any]:
        told: dict[str, Any] = {
            "act": row.id,
            "action": Action(row.action).name.lower(),
            "state": row.state,
            "code": row.code,
            "block": row.block,
            "recordedAt": row.recorded_at,
            "refiledFrom": row.refiled_from or None,
        }
        if (remedy := remedy_of(row.state, row.code)) is not None:
            told["remedy"] = dict(remedy)
        if (typed := self._sending.to_sign(row)) is not None:
            told["toSign"], told["typedData"] = hex0x(typed.digest), typed.as_dict()
        return told

    def _may_follow(self, held: Held) -> list[str] | None:
        """What the owner may decide as the record stands; None where that cannot be read now."""
        try:
            state = self.registry.now().state(held.acted)
        except CouldNotCheck:
            return None
        return [act for act in OWN if may_follow(act, held, state)]

    def _status(self, record: bytes) -> dict[str, Any] | None:
        try:
            word = self.registry.now().state(record).word
        except CouldNotCheck:
            return None
        flags = [flag.name.lower() for flag in Flag if flag & word.flags & SHOWN and flag.name]
        return {"flags": flags, "outcome": word.outcome.name.lower(), "version": word.version}


def _sent(message: Outgoing | None) -> dict[str, Any]:
    """How a step of ours is on its way to the other party; nothing of those that go to nobody."""
    if message is None:
        return {}
    received = None if message.received_at is None else instant(message.received_at)
    return {
        "sent": {
            "to": message.member,
            "state": message.state,
            "code": message.code,
            "receivedAt": received,
        }
    }


def _step(row: store.Row) -> dict[str, Any]:
    return {
        "step": row.step,
        "act": row.act,
        "iss": row.iss,
        "day": row.day,
        "commitment": row.commitment.hex(),
    }
