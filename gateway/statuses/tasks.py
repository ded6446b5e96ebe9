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
QUIET_SECONDS = 10.0
"""For so long nothing more is read of a head from which all was taken up: what does not hang on the
chain alone, as an acknowledgement that could not be sent, is tried again then."""
LEARN_SECONDS = 15.0
"""Between two looks at how far the others are."""


class StatusFollower:
    """One step of the thread at each call; see `gateway.base.threads`."""

    def __init__(self, follower: Follower, acknowledger: Acknowledger, lease: Lease) -> None:
        self._follower = follower
        self._acknowledger = acknowledger
        self._lease = lease
        self._learned_at = float("-inf")
        self._done: tuple[str, float] | None = None  # hash of the head, and when

    def __call__(self, stop: threading.Event) -> float:
        if not self._lease.take():
            self._done = None
            return TURN_SECONDS
        view = self._follower.head()
        if self._is_quiet(view.block.hash):
            return STEP_SECONDS
        self._done = None
        chain = self._follower.look(view)
        if chain is None or not self._follower.follow(chain, stop):
            return STEP_SECONDS
        if time.monotonic() - self._learned_at >= LEARN_SECONDS:
            self._acknowledger.learn(chain)
            self._learned_at = time.monotonic()
        self._acknowledger.step(chain)
        self._done = view.block.hash, time.monotonic()
        return STEP_SECONDS

    def _is_quiet(self, head: str) -> bool:
        if self._done is None:
            return False
        seen, at = self._done
        return seen == head and time.monotonic() - at < QUIET_SECONDS
