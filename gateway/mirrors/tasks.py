"""The thread that follows the logs of others and takes up what they cosigned of ours."""

from __future__ import annotations

import threading

from gateway.base.lease import Lease
from gateway.mirrors.services import Mirrors
from gateway.mirrors.witnesses import Witnesses

EVERY = 3.0
"""Seconds between two looks for work where there was none."""


class MirrorFollower:
    """One step of the thread at each call; see `gateway.base.threads`. Of several gateways on one
    database the one that anchors does it, but what one of them found damaged it mends itself."""

    def __init__(self, mirrors: Mirrors, witnesses: Witnesses, lease: Lease) -> None:
        self._mirrors = mirrors
        self._witnesses = witnesses
        self._lease = lease

    def __call__(self, stop: threading.Event) -> float:
        if not self._lease.held:
            if self._mirrors.is_damaged:
                self._mirrors.step(stop, mending=True)
            return EVERY
        more = self._mirrors.step(stop)
        if not stop.is_set():
            self._witnesses.step(self._mirrors.peers, stop)
        return 0.0 if more else EVERY
