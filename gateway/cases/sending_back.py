"""What whoever releases does not release: it goes back to who proposed it, with the reason.

What was proposed ends, and its documents go. The reason, and what it said, are kept sealed until
the next proposal.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from gateway.base.db import begin_read, begin_write
from gateway.base.policy import Caller, Purpose
from gateway.cases import materials as documents
from gateway.cases import store
from gateway.cases.errors import CaseRefused
from gateway.cases.interfaces import Held
from gateway.cases.looking import look
from gateway.cases.services import Cases
from gateway.cases.waiting import Waiting
from ledger.core.canonical import instant

SAID: Final = ("note", "day", "pushed", "basis", "class", "nationalNo", "toRecord", "withdraw")
"""What is kept of it, beside the reason, for whoever proposes it anew; no document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentBack:
    """Why a proposal is not released. proposal: its number, which the caller has seen."""

    proposal: int
    reason: str


class SendingBack:
    """Sends proposals back."""

    def __init__(self, cases: Cases, waiting: Waiting) -> None:
        self._cases = cases
        self._waiting = waiting

    def of_case(self, caller: Caller, case: bytes, said: SentBack) -> None:
        """End what is proposed for a case; once however often asked. Raises CaseRefused
        (`nothing-proposed`; `case-moved` where another was proposed since), NotAllowed."""
        with begin_read(self._cases.ctx.engine) as connection:
            _, held = self._cases.case(connection, case)
        self._end(caller, held, said, case=case)

    def of_record(self, caller: Caller, record: bytes, said: SentBack) -> None:
        """The same of the owner's own decision about a record."""
        with begin_read(self._cases.ctx.engine) as connection:
            held = look(connection, self._cases.vault, record)
        self._end(caller, held, said, record=held.record)

    def told(self, connection: sa.Connection, row: store.Row | None) -> dict[str, Any] | None:
        """Why the newest proposal came back; None where it did not, or its reason was erased."""
        if row is None or row.state != store.SENT_BACK or not row.content:
            return None
        value = documents.open_proposal(connection, self._cases.vault, row.materials, row.content)
        return {"proposal": row.id, **value}

    def _end(self, caller: Caller, held: Held, said: SentBack, **of: bytes) -> None:
        self._cases.admit(caller, Purpose.RELEASE, held)
        with begin_write(self._cases.ctx.engine, store.LOCK) as connection:
            found = self._waiting.newest(connection, **of)
            if found is None or found.state not in (store.PROPOSED, store.SENT_BACK):
                raise CaseRefused("nothing-proposed")
            if found.id != said.proposal:
                raise CaseRefused("case-moved")
            if found.state == store.PROPOSED:
                self._keep(connection, caller, found, said.reason)

    def _keep(self, connection: sa.Connection, caller: Caller, row: store.Row, reason: str) -> None:
        before = documents.open_proposal(connection, self._cases.vault, row.materials, row.content)
        documents.forget(connection, [row.materials])
        set_id = os.urandom(16).hex()
        box = documents.keep(connection, self._cases.vault, (), set_id)
        value = {
            "act": row.act,
            "reason": reason,
            "said": {name: before[name] for name in SAID if before.get(name)},
            "role": self._cases.role(caller),
            "at": instant(self._cases.ctx.clock.seconds()),
        }
        sealed = documents.seal_proposal(box, value)
        store.send_back(connection, row.id, materials=set_id, content=sealed)
