"""The thread that asks about followed subjects."""

from __future__ import annotations

import threading
from typing import Final

from gateway.base.lease import Lease
from gateway.base.threads import Step
from gateway.watching.asking import Asking

LOOK_SECONDS: Final = 20.0
"""Between two looks for whom to ask about; a new one waits so long at most."""
TURN_SECONDS: Final = 1.0
"""Between two looks whether it is our turn."""


def asker(asking: Asking, lease: Lease) -> Step:
    """One step of the thread: where this gateway holds the lease it asks about all that are due."""

    def step(stop: threading.Event) -> float:
        if not lease.take():
            return TURN_SECONDS
        asking.step(stop)
        return LOOK_SECONDS

    return step
