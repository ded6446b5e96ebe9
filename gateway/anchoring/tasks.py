"""The anchorer: looks at the chain, files what was published, follows it until it is final.

Where another gateway holds the lease it only looks: what intake needs of the chain, and whether the
chain has this log as we do.
"""

from __future__ import annotations

import math
import threading
import time

from gateway.anchoring.services import Anchoring, Progress
from gateway.base.context import Context
from gateway.base.lease import Lease
from ledger.core.errors import CouldNotCheck, LedgerError

LOOK_AGAIN_SECONDS = 5.0
"""Seconds between two looks after many failures: so soon anchors go on after an outage. A look that
fails is one question to every node."""
IDLE_SECONDS = 3.0
"""With nothing to file the chain is looked at so often, so that a lost one is noticed."""
TURN_SECONDS = 0.25
"""Between two looks whether it is our turn."""
ALONE_SECONDS = 10.0
"""For so long the chain may be out of our reach before another gateway is given its turn."""
ASIDE_SECONDS = 3.0
"""That it has to take it; meanwhile nothing is integrated where there is none."""


class Anchorer:
    """One step of the thread at each call; see `gateway.base.threads`."""

    def __init__(self, ctx: Context, anchoring: Anchoring, lease: Lease) -> None:
        self._ctx = ctx
        self._anchoring = anchoring
        self._lease = lease
        self._signed_at = float("-inf")
        self._looked_at = float("-inf")
        self._read_at = time.monotonic()

    def __call__(self, stop: threading.Event) -> float:
        settings = self._ctx.settings.log
        if not self._lease.take():
            self._ctx.pace.begin_from(-math.inf)  # nothing of it is known to us
            if time.monotonic() - self._looked_at >= IDLE_SECONDS:
                self._try(may_work=False)
            return TURN_SECONDS
        self._ctx.signals.published.clear()
        did = self._try(may_work=True)
        if did.signed:
            self._signed_at = time.monotonic()
        if did.sent:
            self._ctx.pace.begin_from(math.inf)
            return settings.chain_poll
        self._ctx.pace.begin_from(self._signed_at + settings.anchor_interval)
        # What the integrator now publishes is to be anchored at once.
        self._ctx.signals.published.wait(settings.chain_poll if did.waiting else IDLE_SECONDS)
        return 0.0

    def _try(self, *, may_work: bool) -> Progress:
        since = time.monotonic() - self._signed_at
        self._looked_at = time.monotonic()
        interval = self._ctx.settings.log.anchor_interval
        if may_work:
            self._ctx.pace.begin_from(math.inf)  # until it is known, which a failure leaves so
        try:
            if may_work:
                did = self._anchoring.step(may_sign=since >= interval)
            else:
                did = self._anchoring.look()
        except CouldNotCheck as error:
            self._ctx.health.chain_error = error.code
            if may_work and time.monotonic() - self._read_at > ALONE_SECONDS:
                self._lease.release(aside=ASIDE_SECONDS)
            raise
        except LedgerError:  # the chain answered; what it said is the fault
            self._ctx.signals.looked.set()
            raise
        self._ctx.signals.looked.set()
        self._ctx.health.chain_error = None
        self._read_at = time.monotonic()
        return did
