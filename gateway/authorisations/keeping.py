"""Revocations that were recorded stay so: what a chain has lost is sent again, as a chain may be
lost and rebuilt, or set back behind what it called final."""

from __future__ import annotations

import time
from typing import Final

import structlog

from gateway.authorisations import store
from gateway.authorisations.sending import ChainNow, Sending
from gateway.base.context import Context
from gateway.base.db import begin_read, begin_write

CHECK_SECONDS: Final = 60.0
"""Between two looks at what was recorded."""
LATE_SECONDS: Final = 30.0
"""For so long a head below the newest of them may be that of nodes which lag; then the chain was
set back."""

_log = structlog.get_logger(__name__)


class Keeping:
    """Looks whether the chain still has what it recorded. Belongs to the thread that sends."""

    def __init__(self, ctx: Context, sending: Sending) -> None:
        self._ctx = ctx
        self._sending = sending
        self._checked: float | None = None
        self._late_since: float | None = None

    def step(self) -> int:
        """Look where that is due; how many are to be sent again. Raises CouldNotCheck."""
        at = time.monotonic()
        if self._checked is not None and at - self._checked < CHECK_SECONDS:
            return 0
        lost = self.look()
        self._checked = at
        return lost

    def look(self) -> int:
        """The same at once."""
        with begin_read(self._ctx.engine) as connection:
            newest = store.newest_recorded(connection)
        if newest is None:
            return 0
        now = self._sending.now()
        if now.number < newest.block:
            self._late_since = self._late_since or time.monotonic()
            if time.monotonic() - self._late_since < LATE_SECONDS:
                return 0
        self._late_since = None
        if now.hash_at(newest.block) == newest.block_hash:
            return 0
        return self._compare(now)

    def _compare(self, now: ChainNow) -> int:
        """Every one against the contracts: what is there still was seen at another head."""
        lost, last = 0, 0
        while True:
            with begin_read(self._ctx.engine) as connection:
                rows = store.recorded(connection, last)
            if not rows:
                break
            last = rows[-1].id
            since = self._sending.times(now, [row.commitment for row in rows])
            gone = [row.id for row, at in zip(rows, since, strict=True) if at is None]
            there = [row.id for row, at in zip(rows, since, strict=True) if at is not None]
            with begin_write(self._ctx.engine, store.LOCK) as connection:
                if gone:
                    lost += store.send_again(connection, gone)
                if now.final >= 0:
                    at_final = {"block": now.final, "block_hash": now.hash_at(now.final)}
                    for number in there:
                        store.change_revocation(connection, number, **at_final)
        if lost:
            _log.warning("revocations.lost", revocations=lost)
        return lost
