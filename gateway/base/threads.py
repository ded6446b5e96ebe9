"""Threads that repeat one step for as long as the gateway runs, whatever goes wrong."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

import structlog

from gateway.base.metrics import WORKER_FAILURES

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 15.0
"""Seconds after the first failure and after many; doubled in between, with jitter so that the
gateways of one chain do not all come back in the same second."""

_log = structlog.get_logger(__name__)

Step = Callable[[threading.Event], float]
"""One step; returns how many seconds to wait before the next. Takes the event that ends it."""


def pause_after(failures: int, longest: float = LONGEST_PAUSE) -> float:
    """Seconds to wait after so many failures in a row (1 …)."""
    longest = min(longest, FIRST_PAUSE * 2.0 ** min(failures - 1, 16))
    return longest * random.uniform(0.5, 1)  # noqa: S311 - spreads load, guards nothing


def repeat(name: str, step: Step, stop: threading.Event, longest: float = LONGEST_PAUSE) -> None:
    """Run `step` until `stop` is set. A failure is logged (`gateway.base.logging_setup` drops its
    text, which may quote what must not be logged) and followed by a pause of `longest` seconds at
    most."""
    failures = 0
    while not stop.is_set():
        try:
            pause = step(stop)
        except Exception as error:
            failures += 1
            WORKER_FAILURES.labels(name).inc()
            pause = pause_after(failures, longest)
            _log.error(
                "worker.failed",
                worker=name,
                code=getattr(error, "code", None),
                failures=failures,
                pause=round(pause, 1),
                exc_info=True,
            )
        else:
            failures = 0
        stop.wait(pause)


def start(
    name: str, step: Step, stop: threading.Event, *, longest: float = LONGEST_PAUSE
) -> threading.Thread:
    """`repeat` in a thread of its own."""
    WORKER_FAILURES.labels(name)  # shown as 0 from the start
    thread = threading.Thread(
        target=repeat, args=(name, step, stop, longest), name=name, daemon=True
    )
    thread.start()
    return thread
