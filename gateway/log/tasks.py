"""The integrator: gathers entries for a moment, then integrates and publishes them."""

from __future__ import annotations

import threading
import time
from functools import partial

from gateway.base.threads import Step
from gateway.log import store
from gateway.log.services import LogDamaged, step, unfinished
from gateway.node import Node
from ledger.core.errors import EvidenceError

IDLE = 0.02
"""Seconds without a new promise after which a batch is not waited for any longer. Clients wait
for their receipts; a batch larger than what they keep in flight would never fill."""
LOOK_AGAIN = 0.25
"""Seconds after which the queue is looked at unasked: another process may have filled it."""


def integrator(node: Node) -> Step:
    """One step of the thread that makes the log grow."""
    return partial(_once, node)


def _once(node: Node, stop: threading.Event) -> float:
    woken = node.wake.wait(LOOK_AGAIN)
    if not node.lease.take():
        node.wake.clear()  # the gateway that holds it looks by itself
        stop.wait(LOOK_AGAIN)
        return 0.0
    if not woken and not unfinished(node):
        return 0.0
    _gather(node, stop)
    node.wake.clear()
    try:
        while step(node) and not stop.is_set() and node.lease.take():
            pass
    except (LogDamaged, EvidenceError):
        node.faults.add("log-damaged")
        node.lease.release()  # another gateway must find it out too: it promises
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
