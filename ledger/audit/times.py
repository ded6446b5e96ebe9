"""Times of blocks."""

from __future__ import annotations

from ledger.audit.state import Anchor
from ledger.chain.nodes.quorum import View


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
