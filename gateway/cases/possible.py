"""What whoever looks may do now with a case, or about a record: what is offered, and nothing else.

Each act asks again when it is done; here nothing is logged, and nobody is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from gateway.base.policy import Caller, Purpose, decide
from gateway.cases import store
from gateway.cases.deciding import OF_CASES
from gateway.cases.interfaces import Held
from gateway.cases.services import Cases
from gateway.cases.stepping import case_of
from gateway.cases.waiting import Waiting
from ledger.core.case import ACTS_OF_FILER
from ledger.core.case_chain import Kind, may_follow

STEPS: Final = {
    "accept": "accept",
    "ask-supplement": "ask-supplement",
    "decline": "decline",
    "supplement": "supplement",
    "national-result": "national-result",
    "withdraw": "withdraw-filing",
}
"""Steps that one person makes, as the routes call them, with their acts."""


class Possible:
    """Tells it."""

    def __init__(self, cases: Cases, waiting: Waiting) -> None:
        self._cases = cases
        self._waiting = waiting

    def of_case(
        self,
        connection: sa.Connection,
        caller: Caller,
        row: store.Row,
        held: Held | None,
        proposal: store.Row | None,
    ) -> dict[str, Any]:
        """`steps` and `decide`: acts that may be made and proposed; `release` and `sendBack`: what
        may be done with what waits. held: None of another member's record. proposal: the newest."""
        return {
            "steps": [name for name in STEPS if self._may_step(caller, row, held, STEPS[name])],
            "decide": self._decisions(caller, row, held),
            **self._released(connection, caller, held, proposal),
        }

    def of_record(
        self,
        connection: sa.Connection,
        caller: Caller,
        held: Held,
        proposal: store.Row | None,
        follow: Sequence[str] | None,
    ) -> dict[str, Any]:
        """The same of the owner's own decisions. follow: what the status of the record allows."""
        may = decide(caller, Purpose.DECIDE, held.known).allowed
        decisions = list(follow or ()) if may else []
        released = self._released(connection, caller, held, proposal)
        return {"steps": [], "decide": decisions, **released}

    def _may_step(self, caller: Caller, row: store.Row, held: Held | None, act: str) -> bool:
        if may_follow(case_of(row), act) is None:
            return False
        if held is None:
            return act in ACTS_OF_FILER and self._cases.filer.may_go_on(caller, row)
        if act in ACTS_OF_FILER:
            return self._cases.is_of_filer(caller, row) and self._cases.may(
                caller, Purpose.FILE_CASE, held, row
            )
        by_decision = act == "decline" and row.kind == Kind.OBJECTION
        return not by_decision and self._cases.may(caller, Purpose.HANDLE_CASE, held, row)

    def _decisions(self, caller: Caller, row: store.Row, held: Held | None) -> list[str]:
        if held is None or not decide(caller, Purpose.DECIDE, held.known).allowed:
            return []
        acts = (*OF_CASES, "decline") if row.kind == Kind.OBJECTION else OF_CASES
        return [act for act in acts if may_follow(case_of(row), act) is not None]

    def _released(
        self,
        connection: sa.Connection,
        caller: Caller,
        held: Held | None,
        proposal: store.Row | None,
    ) -> dict[str, bool]:
        if held is None or proposal is None or proposal.state != store.PROPOSED:
            return {"release": False, "sendBack": False}
        may = decide(caller, Purpose.RELEASE, held.known).allowed
        other = self._waiting.barred(connection, caller, proposal) is None
        return {"release": may and other, "sendBack": may}
