"""Asking again: what a node refuses for the moment is asked for again, within bounds.

How long depends on what the question is asked for: a thread that asks says so with `patient`, and
whatever it asks through `insist` is asked again for so long. Where others have answered meanwhile
(`hurry`), a node gets a few tries more and no more.
"""

import contextlib
import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from ledger.chain.errors import BlockGone, RpcFailure
from ledger.chain.nodes.deadlines import until

T = TypeVar("T")

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0
"""Seconds before the second try and before late ones; doubled in between, with jitter so that the
clients of one node do not all come back at once."""
QUICK_TRIES = 3
"""Tries of a node where the others have answered."""
QUICK_PAUSE = 1.0
"""Seconds; no longer pause is made then."""
CALL_SECONDS = 30.0
"""For so long one call is asked again."""


@dataclass(frozen=True, slots=True)
class Patience:
    """end: by `time.monotonic()`, for everything together. seconds: for one call and its repeats.
    hurry: set once nobody needs the answer."""

    end: float
    seconds: float
    hurry: threading.Event

    def pause(self, failure: RpcFailure | BlockGone, attempt: int, end: float) -> float | None:
        """Seconds to wait after this many tries; None: give up."""
        pause = pause_before(failure, attempt + 1)
        if pause is None or time.monotonic() + pause >= end:
            return None
        if self.hurry.is_set() and (attempt >= QUICK_TRIES or pause > QUICK_PAUSE):
            return None
        return pause


_local = threading.local()


@contextlib.contextmanager
def patient(patience: Patience) -> Iterator[None]:
    """What this thread asks is asked again with this patience."""
    before = getattr(_local, "patience", None)
    _local.patience = patience
    try:
        with until(patience.end):
            yield
    finally:
        _local.patience = before


def insist(call: Callable[[], T], *, tries: int = 0) -> T:
    """What `call` gives, tried again where it fails for the moment: `tries` times at most, 0: as
    often as the thread's patience allows. Without one it is tried once."""
    patience: Patience | None = getattr(_local, "patience", None)
    if patience is None:
        return call()
    end = min(patience.end, time.monotonic() + patience.seconds)
    for attempt in itertools.count(1):
        try:
            return call()
        except (RpcFailure, BlockGone) as failure:
            pause = None if attempt == tries else patience.pause(failure, attempt, end)
            if pause is None:
                raise
            woken = patience.hurry.is_set() or patience.hurry.wait(pause)
            if woken and failure.retry_after:  # it asked for a pause that nobody has time for now
                raise
            if woken:
                time.sleep(min(pause, FIRST_PAUSE))
    raise AssertionError("unreachable")


def pause_before(failure: RpcFailure | BlockGone, attempt: int) -> float | None:
    """Seconds to wait before try number `attempt` (2 …); None: it will not help."""
    if not failure.transient or 0 < failure.tries < attempt:
        return None
    longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(attempt - 2, 16))
    pause = longest * random.uniform(0.5, 1)  # noqa: S311 - spreads load, guards nothing
    return max(pause, failure.retry_after or 0.0)
