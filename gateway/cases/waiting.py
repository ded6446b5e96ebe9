"""Proposals that wait for their release: how long, and whose they are.

A proposal ends by itself: after a month nobody remembers on what it rested, and what whoever left
had proposed is nobody's word any more. What ended leaves no documents.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from gateway.base.context import Context
from gateway.base.crypto import Vault
from gateway.base.db import begin_read, begin_write
from gateway.base.policy import Caller
from gateway.cases import materials as documents
from gateway.cases import store
from gateway.cases.interfaces import Tokens
from gateway.cases.two_persons import TwoPersons

LAPSE: Final = 30 * 86_400
"""Seconds that a proposal waits: longer than any stage of a case may take, and as long as a message
to another member is sent again."""
_ENDED: Final = "lapsed"


class Waiting:
    """Knows which proposals still wait."""

    def __init__(self, ctx: Context, vault: Vault, tokens: Tokens) -> None:
        self._ctx = ctx
        self._vault = vault
        self._tokens = tokens
        self._two = TwoPersons(ctx, tokens)

    def newest(
        self, connection: sa.Connection, *, case: bytes | None = None, record: bytes | None = None
    ) -> store.Row | None:
        """The newest proposal of a case or of the owner's own about a record, released ones too;
        None where it has ended."""
        found = store.proposal(connection, case=case, record=record)
        return None if found is None or self.ended(connection, found) else found

    def waits(self, connection: sa.Connection, row: store.Row) -> bool:
        """Whether this one may still be released."""
        return row.state == "proposed" and not self.ended(connection, row)

    def stands(self, connection: sa.Connection, row: store.Row) -> bool:
        """The same; or whether it came back, and would still wait if it had not."""
        if row.state == store.SENT_BACK:
            return self.lapses(row) > self._ctx.clock.seconds()
        return self.waits(connection, row)

    def ended(self, connection: sa.Connection, row: store.Row) -> bool:
        """Whether it came to nothing: it waited too long, or its token was revoked."""
        if row.state != "proposed":
            return bool(row.state == _ENDED)
        if row.at + LAPSE <= self._ctx.clock.seconds():
            return True
        token = self._tokens.known(connection, row.token)
        return token is not None and token.ended

    def lapses(self, row: store.Row) -> int:
        """Unix seconds at which it ends by itself."""
        return int(row.at) + LAPSE

    def demand_other_person(self, caller: Caller, row: store.Row) -> None:
        """Raise CaseRefused where a caller may not be the second person, as `TwoPersons` has it."""
        with begin_read(self._ctx.engine) as connection:
            self._two.demand(connection, caller, row.token)

    def barred(self, connection: sa.Connection, caller: Caller, row: store.Row) -> str | None:
        """The code with which `demand_other_person` refuses; None: it does not."""
        return self._two.barred(connection, caller, row.token)

    def put(self, connection: sa.Connection, **values: Any) -> int:
        """Keep a proposal in place of the one that stood, whose documents go; its number. Under
        `store.LOCK`."""
        self._end(connection, store.standing(connection, **values), "replaced")
        return store.put_proposal(connection, **values)

    def tidy(self) -> int:
        """End what waits no longer; how many."""
        with begin_write(self._ctx.engine, store.LOCK) as connection:
            rows = [row for row in store.proposed(connection) if self.ended(connection, row)]
            self._end(connection, rows, _ENDED)
        return len(rows)

    def _end(self, connection: sa.Connection, rows: Sequence[store.Row], state: str) -> None:
        documents.forget(connection, [row.materials for row in rows])
        store.end_proposals(connection, [row.id for row in rows], state)
