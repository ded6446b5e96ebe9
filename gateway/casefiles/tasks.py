"""The thread that looks rows up and carries out what was released."""

from __future__ import annotations

import threading

from gateway.base.context import Context
from gateway.base.lease import Lease
from gateway.base.threads import Step
from gateway.casefiles.deciding import Deciding
from gateway.casefiles.judging import Judging

IDLE_SECONDS = 5.0
"""Between two looks where nothing is to be done and nobody calls: rows may wait for an anchor."""
TURN_SECONDS = 0.5
"""Between two looks whether it is our turn."""


def worker(ctx: Context, judging: Judging, deciding: Deciding, lease: Lease) -> Step:
    """One step of the thread: where this gateway holds the lease, a page of every file."""

    def step(_stop: threading.Event) -> float:
        if not lease.take():
            return TURN_SECONDS
        ctx.signals.ruled.clear()
        looked = judging.step()
        if deciding.step() or looked:
            return 0.0
        ctx.signals.ruled.wait(IDLE_SECONDS)
        return 0.0

    return step
