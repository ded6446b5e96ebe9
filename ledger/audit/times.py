"""Times of blocks."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from ledger.audit.state import Anchor
from ledger.chain.nodes.quorum import View

_AHEAD = 4  # blocks on their way at once


class BlockTimes:
    """Times of blocks. They never fall, so a boundary among many is found by few questions."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._known: dict[int, int] = {}

    def at(self, block: int) -> int:
        """Unix seconds."""
        if block not in self._known:
            self._known[block] = self._view.block_at(block).time
        return self._known[block]

    def fetch(self, blocks: Iterable[int]) -> None:
        """Read the times of many blocks, several at once. Raises CouldNotCheck."""
        wanted = sorted(set(blocks) - self._known.keys())
        pool = ThreadPoolExecutor(_AHEAD, thread_name_prefix="blocks")
        try:
            found = pool.map(lambda block: self._view.block_at(block).time, wanted)
            self._known.update(zip(wanted, found, strict=True))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def from_on(self, anchors: list[Anchor], time: int) -> int:
        """How many anchors, which are in their order, lie before `time`."""
        low, high = 0, len(anchors)
        while low < high:
            middle = (low + high) // 2
            if self.at(anchors[middle].place[0]) < time:
                low = middle + 1
            else:
                high = middle
        return low
