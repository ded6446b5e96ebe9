"""The cases of a caller: what is overdue, what waits for a release, what is its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import sqlalchemy as sa

from gateway.base.db import begin_read
from gateway.base.policy import Caller, Record, determined_by
from gateway.cases import store
from gateway.cases.errors import CaseRefused
from gateway.cases.interfaces import Answer
from gateway.cases.looking import known, look
from gateway.cases.placing import ABROAD
from gateway.cases.services import Cases
from gateway.cases.stages import NO_STAGE
from gateway.cases.views import Views
from gateway.cases.waiting import Waiting
from ledger.core.case_chain import OPEN, Kind

MOST: Final = 1000
"""Cases of one answer."""
LOOKED_AT: Final = 50_000
"""Cases that are looked at for one answer, of which most may be others'."""


class Listing:
    """Lists cases."""

    def __init__(self, cases: Cases, views: Views, waiting: Waiting) -> None:
        self._cases = cases
        self._views = views
        self._waiting = waiting

    def cases(
        self, caller: Caller, state: str | None, *, overdue: bool, mine: bool = False
    ) -> Answer:
        """The cases that the caller may see, the newest first, behind the decisions of the owner's
        own that wait for their release; whether there are more of them."""
        found: list[dict[str, Any]] = []
        more = False
        with begin_read(self._cases.ctx.engine) as connection:
            if state in (None, store.PROPOSED, store.SENT_BACK):
                found += self._own(connection, caller, state, overdue=overdue, mine=mine)
            for row, act, back in self._filed(connection, state, running=overdue):
                if not self._is_for(connection, caller, row, mine=mine):
                    continue
                told = self._views.summary(row) | {"proposed": act, "sentBack": back}
                if overdue and not told["stage"]["overdue"]:
                    continue
                if more := len(found) >= MOST:
                    break
                found.append(told)
        return {"cases": found[:MOST], "more": more or len(found) > MOST}

    def _is_for(
        self, connection: sa.Connection, caller: Caller, row: store.Row, *, mine: bool
    ) -> bool:
        if row.leaf == ABROAD:
            seen = self._cases.filer.may_see(caller, row)
            return seen and (not mine or row.department == caller.department)
        record = known(connection, row.leaf)
        if record is None or not self._cases.may_see(caller, record, row):
            return False
        return not mine or _is_mine(caller, record, row.department)

    def _filed(
        self, connection: sa.Connection, state: str | None, *, running: bool
    ) -> Iterator[tuple[store.Row, str | None, bool]]:
        """Cases that were filed or decided, each with the act that is proposed for it, and whether
        what was proposed last came back."""
        for skip in range(0, LOOKED_AT, store.PAGE):
            rows = store.listed(connection, state, running=running, skip=skip)
            ids = [row.id for row in rows]
            waits = {
                one.case: one.act
                for one in store.proposed_of(connection, ids)
                if self._waiting.waits(connection, one)
            }
            back = {one.case for one in store.sent_back(connection, ids=ids)}
            for row in rows:
                if state != store.PROPOSED or row.id in waits:
                    yield row, waits.get(row.id), row.id in back and row.state in OPEN
            if len(rows) < store.PAGE:
                return

    def _own(
        self,
        connection: sa.Connection,
        caller: Caller,
        state: str | None,
        *,
        overdue: bool,
        mine: bool,
    ) -> list[dict[str, Any]]:
        """What waits of the owner's own decisions, and what came back, each the oldest first; what
        came back for as long as it would have waited."""
        found: list[dict[str, Any]] = []
        waits = () if state == store.SENT_BACK else store.proposed(connection, own=True)
        back = () if state == store.PROPOSED else store.sent_back(connection, own=True)
        for row in (*waits, *back):
            record = known(connection, row.record)
            if record is None or not self._cases.may_see(caller, record, None):
                continue
            if mine and not _is_mine(caller, record, None):
                continue
            if not self._waiting.stands(connection, row):
                continue
            told = self._told(connection, row)
            if told is not None and (told["stage"]["overdue"] or not overdue):
                found.append(told)
        return found

    def _told(self, connection: sa.Connection, row: store.Row) -> dict[str, Any] | None:
        try:
            held = look(connection, self._cases.vault, row.record)
        except CaseRefused:  # of a log that was closed before it: it is logged again elsewhere
            return None
        back = row.state == store.SENT_BACK
        stage = NO_STAGE
        if not back:  # of what came back there is no more than the reason
            value = self._views.opened(connection, row)
            stage = self._views.stage_of_proposal(row, value, self._cases.kind(held))
        return {
            "case": row.case.hex(),
            "record": row.record.hex(),
            "kind": Kind.OWN,
            "state": row.state,
            "stage": stage.as_dict(),
            "proposed": None if back else row.act,
            "sentBack": back,
        }


def _is_mine(caller: Caller, record: Record, department: str | None) -> bool:
    """Whether a case is for the caller to do something about: its desk filed it, or it is of the
    authority that decides. The centre's are those that its own desk filed."""
    return department == caller.department or determined_by(caller, record)
