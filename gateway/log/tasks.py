"""The integrator: gathers entries for a moment, then integrates and publishes them."""

from __future__ import annotations

import threading
import time
from functools import partial

from gateway.log import store
from gateway.log.services import LogDamaged, step
from gateway.node import Node
from gateway.worker import Step
from ledger.core.errors import EvidenceError

IDLE = 0.02
"""Seconds without a new promise after which a batch is not waited for any longer. Clients wait
for their receipts; a batch larger than what they keep in flight would never fill."""
LOOK_AGAIN = 1.0
"""Seconds after which the queue is looked at unasked: another process may have filled it."""


def integrator(node: Node) -> Step:
    """One step of the thread that makes the log grow."""
    return partial(_once, node)


def _once(node: Node, stop: threading.Event) -> float:
    node.wake.wait(LOOK_AGAIN)
    _gather(node, stop)
    node.wake.clear()
    try:
        while step(node) and not stop.is_set():
            pass
    except (LogDamaged, EvidenceError):
        node.faults.add("log-damaged")
        raise
    return 0.0


def _gather(node: Node, stop: threading.Event) -> None:
    """Return when the queue is idle, the oldest entry old enough, or a batch full."""
    settings = node.settings.log
    end = time.monotonic() + settings.batch_age
    while node.wake.is_set() and not stop.is_set() and time.monotonic() < end:
        node.wake.clear()
        with node.engine.connect() as connection:
            if store.waiting(connection, settings.batch_size) >= settings.batch_size:
                return
        node.wake.wait(min(IDLE, settings.batch_age))
