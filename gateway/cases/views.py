"""Cases as they are shown."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa

from gateway.base.db import begin_read
from gateway.base.policy import Caller, Purpose, decide
from gateway.cases import materials as documents
from gateway.cases import stages, store
from gateway.cases.errors import CaseRefused
from gateway.cases.interfaces import Answer, Held
from gateway.cases.looking import known, look
from gateway.cases.registry import Registry
from gateway.cases.sending import Sending
from gateway.cases.services import Cases
from gateway.chain.view import ChainView
from gateway.intake.calendar_file import CalendarFile
from ledger.core.canonical import hex0x
from ledger.core.errors import CouldNotCheck
from ledger.core.status import SHOWN, Action, Flag
from ledger.records.publicity import rules_id as packaged_id


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
    ) -> None:
        self._cases = cases
        self.registry = registry
        self._sending = sending
        self._chain = chain
        self._calendar = calendar

    def show(self, caller: Caller, case: bytes) -> Answer:
        """A case with its steps, its acts and the status of its record. Raises CaseRefused,
        NotAllowed; a status that cannot be read now is null."""
        with begin_read(self._cases.ctx.engine) as connection:
            row, held = self._cases.case(connection, case)
            self._cases.admit(caller, Purpose.SEE_CASE, held, row)
            steps = store.steps_of(connection, case)
            acts = store.acts_of(connection, case)
            last = store.proposal(connection, case=case)
            proposed = self._proposed(connection, last, caller, held, row)
        return {
            **self._head(row),
            "proposed": proposed,
            "steps": [_step(step) for step in steps],
            "acts": [self._act(act) for act in acts],
            "status": self._status(held),
            "acknowledged": [],
        }

    def of_record(self, caller: Caller, record: bytes) -> Answer:
        """What is proposed and done about a record by the owner's own decision."""
        with begin_read(self._cases.ctx.engine) as connection:
            held = look(connection, self._cases.vault, record)
            self._cases.admit(caller, Purpose.SEE_CASE, held)
            proposed = store.proposal(connection, record=held.record)
            acts = store.acts_of(connection, proposed.case) if proposed else ()
            told = self._proposed(connection, proposed, caller, held)
        return {
            "record": held.record.hex(),
            "proposed": told,
            "case": proposed.case.hex() if proposed and proposed.step else None,
            "acts": [self._act(act) for act in acts],
            "status": self._status(held),
        }

    def list(self, caller: Caller, state: str | None, *, overdue: bool) -> Answer:
        """The cases that the caller may see, the newest first; at most a thousand."""
        found: list[dict[str, Any]] = []
        with begin_read(self._cases.ctx.engine) as connection:
            for row in store.listed(connection, state, running=overdue):
                record = known(connection, row.leaf)
                if record is None or not self._cases.may_see(caller, record, row):
                    continue
                head = self._head(row)
                if not overdue or head["stage"]["overdue"]:
                    found.append(head)
        return {"cases": found}

    def head(self, case: bytes) -> dict[str, Any]:
        """A case without its steps, for whoever just filed it."""
        with begin_read(self._cases.ctx.engine) as connection:
            row, _ = self._cases.case(connection, case)
        return self._head(row)

    def done(self, commitment: bytes) -> Answer:
        """A step that was just made, and what goes to the chain with its case."""
        with begin_read(self._cases.ctx.engine) as connection:
            step = store.step_row(connection, commitment)
            row, _ = self._cases.case(connection, step.case)
            acts = store.acts_of(connection, step.case)
        return {
            "case": step.case.hex(),
            "step": step.step,
            "commitment": commitment.hex(),
            "state": row.state,
            "deadline": self.stage(row).as_dict()["deadline"],
            "acts": [self._act(act) for act in acts],
        }

    def _head(self, row: store.Row) -> dict[str, Any]:
        return {
            "case": row.id.hex(),
            "record": row.record.hex(),
            "kind": row.kind,
            "state": row.state,
            "stage": self.stage(row).as_dict(),
        }

    def stage(self, row: store.Row) -> stages.StageNow:
        """The stage of a case today, by the rules in force and the operator's calendar."""
        if row.stage is None:
            return stages.NO_STAGE
        ctx = self._cases.ctx
        facts = self._chain.known
        item = facts and facts.rules_item("publicity", ctx.clock.seconds())
        wanted = item.content_hash if item else packaged_id().rpartition(":")[2]
        return stages.stage_now(
            ctx.schemas.rules(wanted),
            self._calendar.current(),
            name=row.stage,
            since=date.fromisoformat(row.since),
            authority_kind=row.authority_kind,
            region=facts.region if facts else "",
            today=ctx.clock.today(),
        )

    def step(self, caller: Caller, case: bytes, number: int) -> bytes:
        """The opening of a step, as it is handed to the other party. Raises CaseRefused."""
        with begin_read(self._cases.ctx.engine) as connection:
            step = self._demand_step(connection, caller, case, number)
            return self._cases.stepper.opening(step.commitment, connection).encode()

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

    def _demand_step(
        self, connection: sa.Connection, caller: Caller, case: bytes, number: int
    ) -> store.Row:
        row, held = self._cases.case(connection, case)
        self._cases.admit(caller, Purpose.READ_CASE, held, row)
        found = {step.step: step for step in store.steps_of(connection, case)}.get(number)
        if found is None:
            raise CaseRefused("not-found")
        return found

    def _proposed(
        self,
        connection: sa.Connection,
        row: store.Row | None,
        caller: Caller,
        held: Held,
        case: store.Row | None = None,
    ) -> dict[str, Any] | None:
        """What waits for its release, all of it to whoever may release it, since they answer for
        it. Of a closed record others are told no more than what it would do."""
        if row is None or row.state != "proposed":
            return None
        releases = decide(caller, Purpose.RELEASE, held.known).allowed
        if not releases and not self._cases.may_read(caller, held, case):
            return {"proposal": row.id, "act": row.act}
        vault = self._cases.vault
        value = documents.open_proposal(connection, vault, row.materials, row.content)
        docs = [{name: doc[name] for name in ("name", "size", "sha256")} for doc in value["docs"]]
        return {"proposal": row.id, **value, "docs": docs}

    def _act(self, row: store.Row) -> dict[str, Any]:
        told: dict[str, Any] = {
            "act": row.id,
            "action": Action(row.action).name.lower(),
            "state": row.state,
            "code": row.code,
            "block": row.block,
        }
        try:
            digest = self._sending.to_sign(row)
        except CouldNotCheck:
            digest = None
        if digest is not None:
            told["toSign"] = hex0x(digest)
        return told

    def _status(self, held: Held) -> dict[str, Any] | None:
        try:
            word = self.registry.now().state(held.record).word
        except CouldNotCheck:
            return None
        flags = [flag.name.lower() for flag in Flag if flag & word.flags & SHOWN and flag.name]
        return {"flags": flags, "outcome": word.outcome.name.lower(), "version": word.version}


def _step(row: store.Row) -> dict[str, Any]:
    return {
        "step": row.step,
        "act": row.act,
        "iss": row.iss,
        "day": row.day,
        "commitment": row.commitment.hex(),
    }
