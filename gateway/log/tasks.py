"""The integrator: gathers entries for a moment, then integrates and publishes them."""

from __future__ import annotations

import threading
import time

from gateway.base.context import Context
from gateway.base.lease import Lease
from gateway.log import store
from gateway.log.services import LogDamaged, Logs
from ledger.core.errors import EvidenceError

IDLE = 0.02
"""Seconds without a new promise after which a batch is not waited for any longer. Clients wait
for their receipts; a batch larger than what they keep in flight would never fill."""
LOOK_AGAIN = 0.5
"""Seconds after which the queue is looked at unasked: another process may have filled it."""


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
            stop.wait(LOOK_AGAIN)
            return 0.0
        if not woken and not self._logs.unfinished():
            return 0.0
        self._gather(stop)
        promised.clear()
        try:
            while self._logs.step() and not stop.is_set() and self._lease.take():
                pass
        except (LogDamaged, EvidenceError):
            self._lease.release()  # another gateway must find it out too: it promises
            raise
        return 0.0

    def _gather(self, stop: threading.Event) -> None:
        """Return when the queue is idle, the oldest entry old enough, or a batch full."""
        settings, promised = self._ctx.settings.log, self._ctx.signals.promised
        end = time.monotonic() + settings.batch_age
        while promised.is_set() and not stop.is_set() and time.monotonic() < end:
            promised.clear()
            with self._ctx.engine.connect() as connection:
                if store.waiting(connection, settings.batch_size) >= settings.batch_size:
                    return
            promised.wait(min(IDLE, settings.batch_age))
