"""The threads that send acts, and end proposals that wait no longer."""

from __future__ import annotations

import threading

from gateway.base.context import Context
from gateway.base.lease import Lease
from gateway.base.threads import Step
from gateway.cases.drafts import Drafts
from gateway.cases.sending import Sending
from gateway.cases.waiting import Waiting

IDLE_SECONDS = 5.0
"""Between two looks where nothing is on its way and nobody calls."""
TIDY_SECONDS = 600.0
"""Between two looks for proposals that have ended. Nobody releases one meanwhile: whether it has is
asked each time."""
TURN_SECONDS = 0.5
"""Between two looks whether it is our turn."""


def sender(ctx: Context, sending: Sending, lease: Lease) -> Step:
    """One step of the thread: where this gateway holds the lease it sends what is to be sent."""

    def step(_stop: threading.Event) -> float:
        if not lease.take():
            return TURN_SECONDS
        ctx.signals.acts.clear()
        sending.keeping.step()
        sending.step()
        if sending.waiting():
            return ctx.settings.log.chain_poll
        ctx.signals.acts.wait(IDLE_SECONDS)
        return 0.0

    return step


def proposal_tidier(waiting: Waiting, drafts: Drafts) -> Step:
    """One step of the thread that removes what proposals leave that came to nothing, and drafts
    that nobody came back for. Several gateways on one database may do it: it is done under a lock,
    and once."""

    def step(_stop: threading.Event) -> float:
        waiting.tidy()
        drafts.tidy()
        return TIDY_SECONDS

    return step
