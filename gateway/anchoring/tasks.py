"""The anchorer: looks at the chain, files what was published, follows it until it is final."""

from __future__ import annotations

import threading
import time

from gateway.anchoring.services import step
from gateway.node import Node
from ledger.core.errors import CouldNotCheck

IDLE_SECONDS = 3.0
"""With nothing to file the chain is looked at so often, so that a lost one is noticed."""


class Anchorer:
    """One step of the thread at each call; see `gateway.worker`."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._signed_at = float("-inf")

    def __call__(self, stop: threading.Event) -> float:
        node, settings = self._node, self._node.settings.log
        node.published.clear()
        since = time.monotonic() - self._signed_at
        try:
            did = step(node, may_sign=since >= settings.anchor_interval)
        except CouldNotCheck as error:
            node.chain_error = error.code
            raise
        finally:
            node.looked.set()
        node.chain_error = None
        if did.signed:
            self._signed_at = time.monotonic()
        if did.waiting:
            return settings.chain_poll
        node.published.wait(IDLE_SECONDS)
        return 0.0
