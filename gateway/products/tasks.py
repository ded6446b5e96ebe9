"""The threads of the products."""

from __future__ import annotations

import threading

from gateway.base.context import Context
from gateway.base.lease import Lease
from gateway.base.threads import Step
from gateway.products.noticing import Noticing
from gateway.products.sending import Sending

IDLE_SECONDS = 5.0
"""Between two looks where nothing is on its way and nobody calls."""
NOTICE_SECONDS = 2.0
"""Between two looks for changes of statuses that concern a product."""
TURN_SECONDS = 0.5
"""Between two looks whether it is our turn."""


def sender(ctx: Context, sending: Sending, lease: Lease) -> Step:
    """One step of the thread that sends: where this gateway holds the lease, it sends what is to be
    sent."""

    def step(_stop: threading.Event) -> float:
        if not lease.take():
            return TURN_SECONDS
        ctx.signals.products.clear()
        sending.keep()
        sending.step()
        if sending.waiting():
            return ctx.settings.log.chain_poll
        ctx.signals.products.wait(IDLE_SECONDS)
        return 0.0

    return step


def noticer(noticing: Noticing, lease: Lease) -> Step:
    """One step of the thread that tells users of products what changed."""

    def step(_stop: threading.Event) -> float:
        if not lease.take():
            return TURN_SECONDS
        return 0.0 if noticing.step() else NOTICE_SECONDS

    return step
