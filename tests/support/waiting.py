"""Waiting for what others do in their own time: a process, a block that anvil makes after it has
answered. Only what never comes is late."""

import time
from collections.abc import Callable

SECONDS = 300.0


def until(
    condition: Callable[[], object],
    what: str = "did not happen in time",
    *,
    never_yet: tuple[type[Exception], ...] = (),
) -> None:
    """Ask until it is so. never_yet: errors of a condition that is not so yet."""
    end = time.monotonic() + SECONDS
    while True:
        try:
            if condition():
                return
        except never_yet:
            pass
        assert time.monotonic() < end, what
        time.sleep(0.02)
