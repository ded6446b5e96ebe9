"""Revocations that were recorded stay so: what a chain has lost is sent again, as a chain may be
lost and rebuilt, or set back behind what it called final."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
import structlog

from gateway.authorisations import store
from gateway.authorisations.sending import ChainNow, Sending
from gateway.base.context import Context
from gateway.base.db import begin_read, begin_write
from gateway.chain import keeping

_log = structlog.get_logger(__name__)


class Keeping(keeping.Keeping[ChainNow]):
    """Looks whether the contract still has our revocations."""

    def __init__(self, ctx: Context, sending: Sending) -> None:
        super().__init__(ctx)
        self._sending = sending

    def newest(self, connection: sa.Connection) -> sa.Row[Any] | None:
        """The revocation that was recorded last."""
        return store.newest_recorded(connection)

    def now(self) -> ChainNow:
        """The contract at its head."""
        return self._sending.now()

    def compare(self, now: ChainNow) -> int:
        """Every one against the contracts: what is there still was seen at another head."""
        lost, last = 0, 0
        while True:
            with begin_read(self.ctx.engine) as connection:
                rows = store.recorded(connection, last)
            if not rows:
                break
            last = rows[-1].id
            since = self._sending.times(now, [row.commitment for row in rows])
            gone = [row.id for row, at in zip(rows, since, strict=True) if at is None]
            there = [row.id for row, at in zip(rows, since, strict=True) if at is not None]
            with begin_write(self.ctx.engine, store.LOCK) as connection:
                if gone:
                    lost += store.send_again(connection, gone)
                if now.final >= 0:
                    at_final = {"block": now.final, "block_hash": now.hash_at(now.final)}
                    for number in there:
                        store.change_revocation(connection, number, **at_final)
        if lost:
            _log.warning("revocations.lost", revocations=lost)
        return lost
