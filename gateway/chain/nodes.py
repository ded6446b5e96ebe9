"""Watching each node of the chain: whoever operates them shall know of one that is away or behind
while the others still carry the network."""

from __future__ import annotations

import threading

from gateway.base.context import Context
from ledger.chain.nodes import heights

LOOK_SECONDS = 15.0
"""Between two looks, as often as figures are scraped."""


class NodeWatch:
    """One step of the thread at each call; see `gateway.base.threads`. Every gateway looks itself:
    what one of them cannot reach another may."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    def __call__(self, stop: threading.Event) -> float:
        self._ctx.health.nodes = tuple(heights.look(self._ctx.network))
        return LOOK_SECONDS
