"""For how long servers are waited for that may be slow on purpose.

Each answer has its deadline (`tiles`, `ahead`); a server that keeps every one of them by a second
could still hold a replay for days. So the time that is spent waiting for one server of one log is
bounded, and that of a whole replay; whatever sizes are anchored, for an owner may anchor any. What
we compute ourselves in between counts for nothing: a slow machine of an auditor must not accuse a
member.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from ledger.core.tiles import WIDTH

__all__ = ["ALL_FIRST", "ALL_MOST", "EACH", "FIRST", "MOST", "Patience", "of_all", "of_log"]

FIRST = 120.0
"""Seconds that every server gets: three tries of one piece fit (`tiles`)."""
EACH = 0.5
"""Seconds more for each bundle and its hash tile, 75 kB together: 1.2 Mbit/s are enough."""
ALL_FIRST = 4 * 3600.0
"""Seconds that all servers of a replay get together, besides `EACH`."""
MOST = 3 * 86_400.0
"""Seconds of one server at most: 500 million entries, 150 GB, take so long at 5 Mbit/s."""
ALL_MOST = 7 * 86_400.0
"""Seconds of all servers together at most."""


class Patience:
    """Seconds that are left. Safe to share between threads: what several wait for at once is spent
    once."""

    def __init__(
        self,
        seconds: float,
        whole: Patience | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """whole: of what this is a part; what is waited for here is spent there, too."""
        self._seconds = seconds
        self._whole = whole
        self._clock = clock
        self._lock = threading.Lock()
        self._spent = 0.0
        self._under_way = 0
        self._since = 0.0

    @property
    def left(self) -> float:
        """Above 0: there is some."""
        with self._lock:
            now = self._clock() - self._since if self._under_way else 0.0
            left = self._seconds - self._spent - now
        return left if self._whole is None else min(left, self._whole.left)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Spend what the block takes."""
        with ExitStack() as stack:
            if self._whole is not None:
                stack.enter_context(self._whole.waiting())
            with self._lock:
                if not self._under_way:
                    self._since = self._clock()
                self._under_way += 1
            stack.callback(self._done)
            yield

    def _done(self) -> None:
        with self._lock:
            self._under_way -= 1
            if not self._under_way:
                self._spent += self._clock() - self._since


def of_log(size: int, whole: Patience | None = None) -> Patience:
    """What one server of a log of so many entries gets."""
    return Patience(min(MOST, FIRST + EACH * -(-size // WIDTH)), whole)


def of_all(sizes: Iterator[int]) -> Patience:
    """What all servers of logs of these sizes get."""
    return Patience(min(ALL_MOST, ALL_FIRST + EACH * sum(-(-size // WIDTH) for size in sizes)))
