"""The threads that send revocations, and hand openings over again."""

from __future__ import annotations

import threading
from typing import Final

from gateway.authorisations.handover import Handover
from gateway.authorisations.keeping import Keeping
from gateway.authorisations.sending import Sending
from gateway.base.context import Context
from gateway.base.lease import Lease
from gateway.base.threads import Step

IDLE_SECONDS: Final = 5.0
"""Between two looks where nothing is on its way and nobody calls."""
TURN_SECONDS: Final = 0.5
"""Between two looks whether it is our turn."""
HANDOVER_SECONDS: Final = 60.0
"""Between two looks for openings that have got their receipt, which happens once a day."""


def revoker(ctx: Context, sending: Sending, keeping: Keeping, lease: Lease) -> Step:
    """One step of the thread: where this gateway holds the lease it sends what is to be sent."""

    def step(_stop: threading.Event) -> float:
        if not lease.take():
            return TURN_SECONDS
        ctx.signals.taken_back.clear()
        keeping.step()
        sending.step()
        if sending.waiting():
            return ctx.settings.log.chain_poll
        ctx.signals.taken_back.wait(IDLE_SECONDS)
        return 0.0

    return step


def handing_over(handover: Handover, lease: Lease) -> Step:
    """One step of the thread that hands openings over again."""

    def step(_stop: threading.Event) -> float:
        if lease.take():
            handover.step()
        return HANDOVER_SECONDS

    return step
