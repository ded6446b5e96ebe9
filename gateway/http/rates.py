"""How often somebody may ask."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass

BUCKETS = 10_000
"""Callers whose rate is remembered; the one longest unseen is forgotten first."""


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class RateLimiter:
    """Token buckets by caller: `rate` a second, up to `saved` saved up, by default two seconds'
    worth."""

    def __init__(self, rate: float, *, saved: float | None = None) -> None:
        self._rate = rate
        self._burst = max(2 * rate, 1.0) if saved is None else saved
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, caller: str, cost: float = 1.0) -> float:
        """Seconds to wait; 0 = go ahead. Costs only what it grants."""
        now = time.monotonic()
        bucket = self._refilled(caller, now)
        if bucket.tokens >= cost:
            bucket.tokens -= cost
            return 0.0
        return (cost - bucket.tokens) / self._rate

    def charge(self, caller: str, cost: float = 1.0) -> None:
        """Take without asking; the caller waits until the debt is paid."""
        self._refilled(caller, time.monotonic()).tokens -= cost

    def wait(self, caller: str) -> float:
        """Seconds until `charge` has been paid for; costs nothing."""
        return max(0.0, -self._refilled(caller, time.monotonic()).tokens / self._rate)

    def spend(self, caller: str, cost: float) -> float:
        """`take` for a request that was taken for once already, of what may be more than can be
        saved up: then all that can be must be there, and the caller waits afterwards until the rest
        is paid."""
        now = min(cost, self._burst - 1)
        wait = self.take(caller, now)
        if not wait:
            self.charge(caller, cost - now)
        return wait

    def _refilled(self, caller: str, now: float) -> _Bucket:
        bucket = self._buckets.setdefault(caller, _Bucket(self._burst, now))
        bucket.tokens = min(self._burst, bucket.tokens + (now - bucket.at) * self._rate)
        bucket.at = now
        self._buckets.move_to_end(caller)
        if len(self._buckets) > BUCKETS:
            self._buckets.popitem(last=False)
        return bucket
