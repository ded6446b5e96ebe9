"""One step of a case: the statement and the rows in one transaction, once however often asked."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from gateway.base.context import Context
from gateway.base.crash import crash_point
from gateway.base.crypto import Hmac, Vault
from gateway.base.db import begin_write
from gateway.base.errors import NotReady
from gateway.base.policy import Caller
from gateway.cases import materials as documents
from gateway.cases import stages, store
from gateway.cases.errors import CaseRefused
from gateway.cases.interfaces import Held
from gateway.cases.materials import Material
from gateway.cases.models import case_steps, cases
from gateway.statements.errors import Overtaken
from gateway.statements.interfaces import Said
from gateway.statements.services import ATTEMPTS, Statements
from ledger.core.case import Step
from ledger.core.case_chain import Case, CaseState, Kind
from ledger.core.ids import Digest, RecordId
from ledger.core.opening import Opening
from ledger.core.statement import Statement

_REQUEST = b"case-request"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStep:
    """A step to be made. state: of the case behind it. kept: set of materials that is kept already
    (a released proposal's). begun: row values of a case that begins with it."""

    step: Step
    state: CaseState
    held: Held
    caller: Caller
    request: bytes
    docs: Sequence[Material] = ()
    kept: str | None = None
    released_by: int | None = None
    begun: dict[str, Any] | None = None


Then = Callable[[sa.Connection, Statement], None]
"""What else is stored with a step: acts, a proposal that is closed."""


Told = Callable[[sa.Connection, Sequence[bytes | CaseRefused]], None]
"""What is stored with many steps, given what became of each."""


class _Sifted(Exception):
    """Some of many steps are not to be made."""


class Stepper:
    """Makes steps."""

    def __init__(self, ctx: Context, statements: Statements, vault: Vault, hmac: Hmac) -> None:
        self._ctx = ctx
        self._statements = statements
        self._vault = vault
        self._hmac = hmac

    def request(self, *parts: Any) -> bytes:
        """The fingerprint of a request: of all that tells it from another."""
        data = orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)
        return self._hmac.fingerprint(_REQUEST, data)

    def statement(self, commitment: bytes, connection: sa.Connection) -> Statement:
        """What a step said. Raises ContentErased, ContentLost, ContentKeyMissing."""
        return self._statements.open(commitment, connection)

    def opening(self, commitment: bytes, connection: sa.Connection) -> Opening:
        """What a party is handed of a step, as it stands now. Raises as `statement`."""
        return self._statements.opening(commitment, connection)

    def take(self, new: NewStep, then: Then) -> bytes:
        """Make a step, or find the one that this request became; its commitment. Raises
        CaseRefused `case-closed` where another came first, NotReady."""
        members = new.step.members()
        said = Said(sort="case", members=members)
        for _ in range(ATTEMPTS):
            made = self._statements.make([said])
            try:
                with begin_write(self._ctx.engine, store.LOCK) as connection:
                    known = store.step_of_request(connection, new.request)
                    if known is not None:
                        return bytes(known.commitment)
                    self._demand_place(connection, new)
                    (opening,) = self._statements.keep(connection, [said], made)
                    self._put(connection, new, opening.statement)
                    then(connection, opening.statement)
                    crash_point("case.stored", "before")
            except Overtaken:
                continue
            crash_point("case.stored", "after")
            self._ctx.signals.acts.set()
            return opening.statement.commitment
        raise NotReady("busy", retry_after=1)

    def take_all(self, wanted: Sequence[tuple[NewStep, Then]], told: Told) -> None:
        """Make many steps in one transaction, under one promise. told: called within it with what
        became of each, in order: its commitment, or why it was refused; refused ones hold up no
        other. At most `ledger.core.promise.MAX_LEAVES`. Raises NotReady."""
        found: dict[int, bytes | CaseRefused] = {}
        for _ in range(ATTEMPTS + len(wanted)):
            left = [at for at in range(len(wanted)) if at not in found]
            said = [Said(sort="case", members=wanted[at][0].step.members()) for at in left]
            made = self._statements.make(said) if said else None
            try:
                with begin_write(self._ctx.engine, store.LOCK) as connection:
                    self._sift(connection, wanted, left, found)
                    if made is not None:
                        kept = self._statements.keep(connection, said, made)
                        for at, opening in zip(left, kept, strict=True):
                            new, then = wanted[at]
                            self._put(connection, new, opening.statement)
                            then(connection, opening.statement)
                            found[at] = bytes(opening.statement.commitment)
                    told(connection, [found[at] for at in range(len(wanted))])
                    crash_point("case.stored", "before")
            except (Overtaken, _Sifted):
                continue
            crash_point("case.stored", "after")
            self._ctx.signals.acts.set()
            return
        raise NotReady("busy", retry_after=1)

    def _sift(
        self,
        connection: sa.Connection,
        wanted: Sequence[tuple[NewStep, Then]],
        left: Sequence[int],
        found: dict[int, bytes | CaseRefused],
    ) -> None:
        """Note those that were made before, or whose case has moved. Raises _Sifted where there
        are any: what was made for all of them is made anew for the others."""
        before = len(found)
        for at in left:
            new, _ = wanted[at]
            known = store.step_of_request(connection, new.request)
            if known is not None:
                found[at] = bytes(known.commitment)
                continue
            try:
                self._demand_place(connection, new)
            except CaseRefused as error:
                found[at] = error
        if len(found) > before:
            raise _Sifted

    def _demand_place(self, connection: sa.Connection, new: NewStep) -> None:
        row = store.case_row(connection, new.step.case)
        last = None if row is None else row.last
        if last != new.step.prev:
            raise CaseRefused(
                "case-moved",
                {
                    "zh": "案件刚有新的步骤，请重新查看后再办",
                    "en": "Another step was just made; look at the case again",
                },
            )

    def _put(self, connection: sa.Connection, new: NewStep, statement: Statement) -> None:
        step, now = new.step, self._ctx.clock
        day = step.day or now.today().isoformat()
        if new.begun is not None:
            connection.execute(sa.insert(cases).values(self._begun(new, statement)))
        else:
            self._go_on(connection, new, statement)
        kept = new.kept
        if new.docs:
            kept = os.urandom(16).hex()
            documents.keep(connection, self._vault, new.docs, kept)
        values = {
            "commitment": statement.commitment,
            "case": step.case,
            "step": step.step,
            "act": step.act,
            "iss": statement.iss,
            "day": day,
            "request": new.request,
            "token": new.caller.id,
            "released_by": new.released_by,
            "materials": kept,
        }
        connection.execute(sa.insert(case_steps).values(values))

    def _begun(self, new: NewStep, statement: Statement) -> dict[str, Any]:
        begun = dict(new.begun or {})
        kind = begun["kind"]
        stage = stages.stage_of(kind, new.state)
        since = new.step.received or new.step.day or self._ctx.clock.today().isoformat()
        return begun | {
            "id": new.step.case,
            "record": new.step.record,
            "leaf": new.held.leaf,
            "filer": statement.iss,
            "department": new.caller.department,
            "state": new.state,
            "accepted": False,
            "steps": 1,
            "last": statement.commitment,
            "opened": self._ctx.clock.seconds(),
            "stage": stage,
            "since": since if stage else None,
        }

    def _go_on(self, connection: sa.Connection, new: NewStep, statement: Statement) -> None:
        row = store.case_row(connection, new.step.case)
        assert row is not None  # noqa: S101 - `_demand_place` found it under the same lock
        stage = stages.stage_of(row.kind, new.state)
        since = row.since
        if not stages.keeps_running(row.kind, row.stage, stage) and stage is not None:
            since = new.step.pushed or new.step.day or self._ctx.clock.today().isoformat()
        values = {
            "state": new.state,
            "accepted": row.accepted or new.state is CaseState.ACCEPTED,
            "steps": new.step.step,
            "last": statement.commitment,
            "stage": stage,
            "since": since,
        }
        connection.execute(sa.update(cases).where(cases.c.id == new.step.case).values(values))


def case_of(row: sa.Row[Any]) -> Case:
    """The case of a row as `may_follow` asks for it, without its steps."""
    return Case(
        id=row.id,
        record=RecordId(row.record),
        kind=Kind(row.kind),
        owner=row.owner,
        filer=row.filer,
        state=CaseState(row.state),
        accepted=row.accepted,
        steps=(),
    )


def last_of(row: sa.Row[Any]) -> Digest:
    """`prev` of the next step."""
    return Digest(row.last)
