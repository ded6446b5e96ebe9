"""The follower: looks at the chain, obeys its acts, and acknowledges them.

Only the gateway that holds the lease does; all gateways on its database obey what it writes there.
"""

from __future__ import annotations

import threading
import time

from gateway.base.lease import Lease
from gateway.statuses.acknowledging import Acknowledger
from gateway.statuses.following import Follower

STEP_SECONDS = 1.5
"""Between two looks. Within ten seconds of finality disclosure has stopped, so there is time for
five that fail, and for another gateway to take the lease."""
LONGEST_PAUSE = 3.0
"""After many failures."""
TURN_SECONDS = 0.25
"""Between two looks whether it is our turn."""
LEARN_SECONDS = 15.0
"""Between two looks at how far the others are."""


class StatusFollower:
    """One step of the thread at each call; see `gateway.base.threads`."""

    def __init__(self, follower: Follower, acknowledger: Acknowledger, lease: Lease) -> None:
        self._follower = follower
        self._acknowledger = acknowledger
        self._lease = lease
        self._learned_at = float("-inf")

    def __call__(self, stop: threading.Event) -> float:
        if not self._lease.take():
            return TURN_SECONDS
        chain = self._follower.look()
        if chain is None or not self._follower.follow(chain, stop):
            return STEP_SECONDS
        if time.monotonic() - self._learned_at >= LEARN_SECONDS:
            self._acknowledger.learn(chain)
            self._learned_at = time.monotonic()
        self._acknowledger.step(chain)
        return STEP_SECONDS
