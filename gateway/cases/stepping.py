"""One step of a case: the statement and the rows in one transaction, once however often asked."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
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
from gateway.cases import store
from gateway.cases.errors import CaseRefused
from gateway.cases.interfaces import Handing, Held, Received, Wanted
from gateway.cases.materials import Material
from gateway.cases.placing import ABROAD, Placed, place
from gateway.http.problems import retry_later
from gateway.statements.errors import Overtaken
from gateway.statements.interfaces import Said
from gateway.statements.services import ATTEMPTS, Statements
from ledger.core.case import Step
from ledger.core.case_chain import Case, CaseState, Kind, may_follow
from ledger.core.ids import Digest, RecordId
from ledger.core.opening import Opening, parse_opening
from ledger.core.statement import Statement

FILINGS_A_DAY = 500
"""Of one token: documents of 64 MB each are kept for years. A busy desk files some dozens."""
DAY = 86_400
LATER = 3600
"""Seconds after which a token that filed too many may try again."""
_REQUEST = b"case-request"
_ENOUGH = {
    "zh": f"该令牌一天内最多提出 {FILINGS_A_DAY} 件，请稍后再办",
    "en": f"A token files at most {FILINGS_A_DAY} cases within a day; try again later",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStep:
    """A step to be made. state: of the case behind it. held: None where the record is another
    member's. kept: set of materials that is kept already (a released proposal's). begun: row values
    of a case that begins with it. fits: asked under the lock, unless the step is there already;
    raises CaseRefused where what else is on its way leaves it no room."""

    step: Step
    state: CaseState
    held: Held | None
    caller: Caller
    request: bytes
    docs: Sequence[Material] = ()
    kept: str | None = None
    released_by: int | None = None
    begun: dict[str, Any] | None = None
    fits: Callable[[sa.Connection], None] | None = None


Then = Callable[[sa.Connection, Statement], None]
"""What else is stored with a step: acts, a proposal that is closed."""


Told = Callable[[sa.Connection, Sequence[bytes | CaseRefused]], None]
"""What is stored with many steps, given what became of each."""


class _Sifted(Exception):
    """Some of many steps are not to be made."""


class Stepper:
    """Makes steps, and has them handed to the other party of the case."""

    def __init__(
        self,
        ctx: Context,
        statements: Statements,
        vault: Vault,
        hmac: Hmac,
        *,
        handing: Handing,
        received: Received,
    ) -> None:
        """handing: takes what goes to other members. received: what came from them."""
        self._ctx = ctx
        self._statements = statements
        self._vault = vault
        self._hmac = hmac
        self._handing = handing
        self._received = received

    @property
    def member(self) -> str:
        """Our own code."""
        return self._ctx.settings.node.code

    def request(self, *parts: Any) -> bytes:
        """The fingerprint of a request: of all that tells it from another."""
        data = orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)
        return self._hmac.fingerprint(_REQUEST, data)

    def step_request(self, caller: Caller, case: bytes, prev: bytes, wanted: Wanted) -> bytes:
        """The fingerprint of a step behind another."""
        docs = documents.digests(wanted.docs)
        return self.request("step", caller.id, case.hex(), prev.hex(), wanted.said(), docs)

    def repeated(
        self, connection: sa.Connection, caller: Caller, row: store.Row, wanted: Wanted
    ) -> bytes | None:
        """The commitment of the last step, where this is what it was asked with."""
        steps = store.steps_of(connection, row.id)
        before = steps[-2].commitment if len(steps) > 1 else b""
        request = self.step_request(caller, row.id, before, wanted)
        return bytes(row.last) if request == steps[-1].request else None

    def role(self, caller: Caller) -> str:
        """The pseudonym of whoever holds a token: nobody outside can tell who it is."""
        unit = "centre"
        if caller.department is not None:
            mark = self._hmac.fingerprint(b"case-unit", caller.department.encode())
            unit = f"unit-{mark.hex()[:8]}"
        return f"{unit}:token-{caller.id}"

    def said(self, row: store.Row, connection: sa.Connection) -> Step:
        """What a step said, by its row. Raises as `statement`."""
        return self.statement(row, connection).step()

    def statement(self, row: store.Row, connection: sa.Connection) -> Statement:
        """The statement of a step, whoever made it. Raises ContentErased, ContentLost,
        ContentKeyMissing."""
        if row.iss == self.member:
            return self._statements.open(row.commitment, connection)
        return parse_opening(self._handed(row, connection)).statement

    def opening(self, row: store.Row, connection: sa.Connection) -> bytes:
        """What a party is handed of a step of ours, as it stands now; of another member's, what it
        handed over. Raises as `statement`."""
        if row.iss == self.member:
            return self._statements.opening(row.commitment, connection).encode()
        return self._handed(row, connection)

    def _handed(self, row: store.Row, connection: sa.Connection) -> bytes:
        found = self._received.kept(row.commitment, connection)
        if found is None:
            raise CaseRefused("not-found")
        return found.opening

    def take(self, new: NewStep, then: Then) -> bytes:
        """Make a step, or find the one that this request became; its commitment. Raises
        CaseRefused `case-moved` where another came first, NotReady."""
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
                    self._demand_few(connection, new)
                    (opening,) = self._statements.keep(connection, [said], made)
                    self._put(connection, new, opening)
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
                            self._put(connection, new, opening)
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
        if new.fits is not None:
            new.fits(connection)

    def _demand_few(self, connection: sa.Connection, new: NewStep) -> None:
        """Raise Problem where a token has filed enough for today."""
        if new.begun is None or new.begun["kind"] == Kind.OWN:
            return
        since = self._ctx.clock.seconds() - DAY
        if store.filings_of(connection, new.caller.id, since) >= FILINGS_A_DAY:
            raise retry_later("too-many-requests", LATER, _ENOUGH)

    def _put(self, connection: sa.Connection, new: NewStep, opening: Opening) -> None:
        step, statement, today = new.step, opening.statement, self._ctx.clock.today().isoformat()
        kept, begun = new.kept, None
        if new.docs:
            kept = os.urandom(16).hex()
            documents.keep(connection, self._vault, new.docs, kept)
        first = step.received or step.day or today
        if new.begun is not None:
            leaf = ABROAD if new.held is None else new.held.leaf
            begun = {"leaf": leaf, "department": new.caller.department, **new.begun}
        placed = Placed(
            commitment=statement.commitment,
            iss=statement.iss,
            step=step,
            state=new.state,
            day=step.day or today,
            since=first if begun else step.pushed or step.day or today,
            begun=begun,
            request=new.request,
            token=new.caller.id,
            released_by=new.released_by,
            kept=kept,
        )
        place(connection, placed, self._ctx.clock.seconds())
        self._hand_over(connection, opening)

    def _hand_over(self, connection: sa.Connection, opening: Opening) -> None:
        """To the other party, where that is another member."""
        row = store.case_row(connection, opening.statement.step().case)
        assert row is not None  # noqa: S101 - it was just placed
        for party in {row.owner, row.filer} - {self.member}:
            self._handing.put(
                connection,
                member=party,
                commitment=opening.statement.commitment,
                opening=opening.encode(),
            )


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


def demand_content(wanted: Wanted) -> None:
    """Raise CaseRefused for a supplement that supplements nothing."""
    if wanted.act == "supplement" and not (wanted.docs or wanted.note):
        detail = {
            "zh": "请附上所要求的材料，或写明为何无法提供；空的补正不予提交",
            "en": "Attach what was asked for, or say why there is none; an empty supplement is not"
            " sent",
        }
        raise CaseRefused("document-required", detail)


def demand_follows(row: sa.Row[Any], act: str) -> CaseState:
    """The state behind an act. Raises CaseRefused `case-closed`, `cannot-follow`."""
    found = case_of(row)
    state = may_follow(found, act)
    if state is not None:
        return state
    if not found.is_open:
        raise CaseRefused("case-closed", extra={"state": row.state})
    raise CaseRefused("cannot-follow", extra={"state": row.state})


def state_behind(row: store.Row, steps: Sequence[store.Row]) -> tuple[CaseState, bool]:
    """How a case stood behind these steps of it, which are the first; and whether it was accepted
    by then."""
    case = replace(case_of(row), state=CaseState.FILED, accepted=False)
    for step in steps[1:]:
        state = may_follow(case, step.act)
        assert state is not None  # noqa: S101 - each was placed behind the one before it
        accepted = case.accepted or state is CaseState.ACCEPTED
        case = replace(case, state=state, accepted=accepted)
    return case.state, case.accepted
