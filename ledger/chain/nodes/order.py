"""Who of several nodes is asked first: those that answer, and that are where the others are.

A node that keeps silent is asked last for a while; meanwhile it is probed, and asked as before as
soon as it answers. One that answers but stands still (cut off from its peers, or stuck) is asked
last for as long as it is behind. Otherwise the order is that of the network file, so that everybody
comes back to the node named first once that is well.
"""

import contextlib
import threading
import time
from collections.abc import Sequence

from ledger.chain.errors import RpcFailure
from ledger.chain.nodes.blocks import Reader, quantity
from ledger.chain.nodes.parallel import Terms, ask_all

HURRY_SECONDS = 1.0
"""Seconds that a node may take longer than the others; then they are asked without it."""
LOOK_SECONDS = 1.0
"""For so long what a node said of its height is good enough: blocks come no faster where nodes of
several owners must agree, and a step asks several things."""
PROBE_SECONDS = 5.0
"""So often a node that rests is asked whether it answers again."""


class NodeOrder:
    """The nodes of a chain in the order in which they are to be asked. Safe to share between
    threads."""

    def __init__(self, nodes: Sequence[Reader], quorum: int) -> None:
        """`quorum`: so many nodes must have reached a height for it to count."""
        self._nodes = list(nodes)
        self._quorum = quorum
        # Where a quorum outvotes the others, one block late does no harm, and the more are asked
        # the less a liar counts. Below that a single late node would decide.
        self._late = 1 if 2 * quorum > len(self._nodes) else 0
        self._heights: dict[Reader, int] = {}
        self._looked = float("-inf")
        self._probed: dict[Reader, float] = {}
        self._lock = threading.Lock()

    def answering(self) -> tuple[list[Reader], list[Reader]]:
        """Who answers, and who kept silent lately; nobody rests where the others are too few."""
        now = time.monotonic()
        resting = [node for node in self._nodes if node.rests_until > now]
        self._probe(resting, now)
        if len(self._nodes) - len(resting) < self._quorum:
            return self._nodes, []
        return [node for node in self._nodes if node not in resting], resting

    def order(self) -> tuple[list[Reader], list[Reader]]:
        """Who is asked, at least a quorum, and who only where those do not decide it: silent ones
        and those behind the height that a quorum has reached."""
        first, rest = self.answering()
        if len(first) <= self._quorum:
            return first, rest  # all are needed, wherever they are
        self._look(first)
        heights = {node: self._heights[node] for node in first if node in self._heights}
        if len(heights) < self._quorum:
            return first, rest
        reached = sorted(heights.values(), reverse=True)[self._quorum - 1]
        there = [n for n in first if heights.get(n, -1) >= reached - self._late]
        return there, [node for node in first if node not in there] + rest

    def _look(self, nodes: Sequence[Reader]) -> None:
        """Ask for their heights, unless that was just done. Says nothing where none answers."""
        now = time.monotonic()
        with self._lock:
            if now - self._looked < LOOK_SECONDS:
                return
            self._looked = now
        terms = Terms(enough=self._quorum, grace=HURRY_SECONDS, patience=0.0)
        self._heights = ask_all(nodes, _height, terms).values

    def _probe(self, resting: Sequence[Reader], now: float) -> None:
        """Ask those whose time has come whether they answer; nobody waits for it."""
        with self._lock:
            due = [n for n in resting if now - self._probed.get(n, now) >= PROBE_SECONDS]
            for node in resting:
                self._probed.setdefault(node, now)
            self._probed |= dict.fromkeys(due, now)
            for node in [node for node in self._probed if node not in resting]:
                del self._probed[node]
        for node in due:
            threading.Thread(target=_wake, args=(node,), daemon=True).start()


def _height(node: Reader) -> int:
    return quantity(node.name, node.ask("eth_blockNumber"))


def _wake(node: Reader) -> None:
    """It need not rest any more, if it answers as fast as it should."""
    start = time.monotonic()
    with contextlib.suppress(RpcFailure):
        _height(node)
        if time.monotonic() - start <= HURRY_SECONDS:
            node.rests_until = 0.0
