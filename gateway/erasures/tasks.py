"""The thread that erases."""

from __future__ import annotations

import threading

from gateway.base.lease import Lease
from gateway.base.threads import Step
from gateway.erasures.services import Erasures

PAUSE_SECONDS = 2.0
"""Between two looks; what waits for its last reader is looked at as often."""


def eraser(erasures: Erasures, lease: Lease) -> Step:
    """One step of the thread: where this gateway holds the lease it carries out what is ordered."""

    def step(_stop: threading.Event) -> float:
        if lease.take():
            erasures.step()
        return PAUSE_SECONDS

    return step
