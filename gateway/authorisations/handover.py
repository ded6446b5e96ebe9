"""Openings that grantees are handed again: once what they hold has a receipt, which counts where
the promise is overdue, and where the statement was made again for another log."""

from __future__ import annotations

import structlog

from gateway.authorisations import store
from gateway.authorisations.interfaces import Handing
from gateway.base.context import Context
from gateway.base.crash import crash_point
from gateway.base.crypto import ContentKeyMissing, ContentLost
from gateway.base.db import begin_read, begin_write
from gateway.records.errors import ContentErased
from gateway.statements.services import Statements

_log = structlog.get_logger(__name__)


class Handover:
    """Hands them over. Belongs to one thread."""

    def __init__(self, ctx: Context, *, statements: Statements, handing: Handing) -> None:
        self._ctx = ctx
        self._statements = statements
        self._handing = handing

    def step(self) -> int:
        """Have all sent that is newer than what their grantees were handed; how many."""
        handed, last = 0, 0
        while True:
            with begin_read(self._ctx.engine) as connection:
                rows = store.to_hand_over(connection, last)
            if not rows:
                return handed
            last = rows[-1].id
            handed += sum(self._hand_over(row) for row in rows)

    def _hand_over(self, row: store.Row) -> bool:
        try:
            opening = self._statements.opening(row.commitment)
        except (ContentErased, ContentLost, ContentKeyMissing) as error:
            _log.warning("authorisation.not-handed", authorisation=row.id, reason=str(error))
            return False
        commitment, proven = opening.statement.commitment, opening.receipt is not None
        if commitment == row.handed and not proven:  # in the log, and not anchored yet
            return False
        with begin_write(self._ctx.engine, store.LOCK) as connection:
            self._handing.put(
                connection,
                member=row.grantee,
                commitment=commitment,
                opening=opening.encode(),
            )
            store.change(connection, row.id, handed=commitment, proven=proven)
            crash_point("authorisation.handed", "before")
        crash_point("authorisation.handed", "after")
        return True
