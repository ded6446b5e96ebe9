"""The follower: looks at the chain, obeys its acts, and acknowledges them.

Only the gateway that holds the lease does; all gateways on its database obey what it writes there.
"""

from __future__ import annotations

import threading
import time
from typing import NamedTuple

from gateway.base.lease import Lease
from gateway.statuses.acknowledging import Acknowledger
from gateway.statuses.following import Follower
from gateway.statuses.store import Position

STEP_SECONDS = 1.5
"""Between two looks. Within ten seconds of finality disclosure has stopped, so there is time for
five that fail, and for another gateway to take the lease."""
LONGEST_PAUSE = 3.0
"""After many failures."""
TURN_SECONDS = 0.25
"""Between two looks whether it is our turn."""
QUIET_SECONDS = 10.0
"""For so long nothing more is read of a head from which all was taken up and acknowledged, so that
a block that becomes final under the same head is seen then."""
LEARN_SECONDS = 15.0
"""Between two looks at how far the others are."""


class _Done(NamedTuple):
    """The hash of a head from which all was taken up, the position then, and when."""

    head: str
    position: Position
    at: float


class StatusFollower:
    """One step of the thread at each call; see `gateway.base.threads`."""

    def __init__(self, follower: Follower, acknowledger: Acknowledger, lease: Lease) -> None:
        self._follower = follower
        self._acknowledger = acknowledger
        self._lease = lease
        self._learned_at = float("-inf")
        self._done: _Done | None = None

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
        if self._acknowledger.step(chain):
            self._done = _Done(view.block.hash, self._follower.position(), time.monotonic())
        return STEP_SECONDS

    def _is_quiet(self, head: str) -> bool:
        done = self._done
        return (
            done is not None
            and done.head == head
            and time.monotonic() - done.at < QUIET_SECONDS
            and done.position == self._follower.position()  # no other process has gone on or back
        )
