"""When the next anchor may be begun: what waits is integrated once for each, just before."""

from __future__ import annotations

import math
import threading
import time


class Pace:
    """Told by who anchors, asked by who integrates; safe in threads. At first nothing is known to
    be on its way."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._from = -math.inf

    def begin_from(self, at: float) -> None:
        """One may be begun from that instant on, by `time.monotonic()`; `math.inf`: not before this
        is told again."""
        with self._changed:
            self._from = at
            self._changed.notify_all()

    def wait(self, seconds: float) -> bool:
        """Whether one may be begun now; waits for that so long at most."""
        end = time.monotonic() + seconds
        with self._changed:
            while (now := time.monotonic()) < self._from:
                if now >= end:
                    return False
                self._changed.wait(min(self._from, end) - now)
            return True
