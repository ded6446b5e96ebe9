"""Whether more may be promised, without four questions to the database before every set."""

from __future__ import annotations

import math
import threading
import time

from gateway.base.context import Context
from gateway.intake.readiness import demand_room

SECONDS = 0.25
"""Between two looks. What others take in meanwhile, or a restored database that is put in place of
this one, is seen so much later; what this gateway takes in counts at once."""


class Room:
    """Of one gateway; safe in threads."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._lock = threading.Lock()
        self._log = b""
        self._until = -math.inf
        self._left = 0

    def demand(self, log_id: bytes, count: int) -> None:
        """Take room for so many rows. Raises NotReady as `demand_room`."""
        now = time.monotonic()
        with self._lock:
            if log_id == self._log and now < self._until and count <= self._left:
                self._left -= count
                return
        left = demand_room(self._ctx, log_id)
        with self._lock:
            self._log, self._until, self._left = log_id, now + SECONDS, left - count
