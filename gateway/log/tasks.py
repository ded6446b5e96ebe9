"""The integrator: gathers entries until an anchor may be begun, then integrates and publishes them.

Integrating takes the interpreter, the disk and on SQLite the lock that promises want too; done in
every pause between two records it would stand in the way of each. What is in the tree gains nothing
before its anchor, so once for each does, and for as many entries as one batch may have.
"""

from __future__ import annotations

import threading
import time

from gateway.base.context import Context
from gateway.base.lease import WATCH, Lease
from gateway.log import store
from gateway.log.services import LogDamaged, Logs
from ledger.core.errors import EvidenceError

IDLE = 0.02
"""Seconds without a new promise after which company is not waited for any longer. Clients wait for
their receipts; a batch larger than what they keep in flight would never fill."""
COMPANY = 0.1
"""Seconds that the first entries wait for company at most, where an anchor may be begun."""
LOOK = 0.1
"""Seconds between two looks whether a batch is full: the fastest intake takes twice as long."""
LOOK_AGAIN = 0.5
"""Seconds after which the queue is looked at unasked: another process may have filled it."""
DAMAGED_ASIDE = 2.0
"""Seconds that others have to take the lease where this gateway found a log damaged."""
MOST = 1 << 20
"""Entries that are counted: more are not anchored at once."""


class Integrator:
    """One step of the thread that makes the log grow; see `gateway.base.threads`."""

    def __init__(self, ctx: Context, logs: Logs, lease: Lease) -> None:
        self._ctx = ctx
        self._logs = logs
        self._lease = lease

    def __call__(self, stop: threading.Event) -> float:
        promised = self._ctx.signals.promised
        woken = promised.wait(LOOK_AGAIN)
        if not self._lease.take():
            promised.clear()  # the gateway that holds it looks by itself
            return WATCH
        if not woken and not self._logs.unfinished():
            return 0.0
        least = 1 if self._gather(stop) else self._ctx.settings.log.batch_size
        promised.clear()
        try:
            self._drain(stop, least)
        except (LogDamaged, EvidenceError):
            # Another gateway must find it out too: it promises.
            self._lease.release(aside=DAMAGED_ASIDE)
            raise
        return 0.0

    def _gather(self, stop: threading.Event) -> bool:
        """Wait for an anchor that may be begun, for a batch that is full, or until the oldest entry
        is old enough; whether all is to be integrated, and not whole batches alone."""
        settings, promised = self._ctx.settings.log, self._ctx.signals.promised
        begun = time.monotonic()
        while not stop.is_set() and time.monotonic() - begun < settings.batch_age:
            promised.clear()
            if self._waiting(settings.batch_size) >= settings.batch_size:
                return False
            if not self._ctx.pace.wait(LOOK):
                continue
            if time.monotonic() - begun >= COMPANY or not promised.wait(IDLE):
                break
        return True

    def _drain(self, stop: threading.Event, least: int) -> None:
        """Integrate what waits now, batch after batch, until fewer than `least` are left of it."""
        left, done = self._waiting(MOST), 0
        while not stop.is_set() and self._lease.take():
            done = self._logs.step(self._lease)
            left -= done
            if not done or left < least:
                break
        if left > 0 and done:
            self._ctx.signals.promised.set()

    def _waiting(self, limit: int) -> int:
        with self._ctx.engine.connect() as connection:
            return store.waiting(connection, limit)
