"""A growing tree of which only the peaks are kept, and the tile hashes that it gives birth to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ledger.core.ids import Digest
from ledger.core.merkle import EMPTY_ROOT, node_hash, root
from ledger.core.tiles import HEIGHT, WIDTH


class Tree:
    """RFC 9162 over leaf hashes, appended in sets; memory grows with the logarithm of its size."""

    def __init__(self, peaks: Iterable[tuple[int, bytes]] = ()) -> None:
        """peaks: of a tree that grows on, as `peaks` gave them."""
        self._peaks = list(peaks)
        self.size = sum(1 << height for height, _ in self._peaks)
        self._born: dict[int, list[bytes]] = {}

    @property
    def peaks(self) -> Sequence[tuple[int, bytes]]:
        """Height and hash of its complete subtrees, the largest first."""
        return tuple(self._peaks)

    def append(self, leaves: Sequence[bytes]) -> None:
        """Leaf hashes, in the largest complete subtrees (of a tile at most) that fit at the end."""
        at = 0
        while at < len(leaves):
            width = min(WIDTH, 1 << ((len(leaves) - at).bit_length() - 1))
            if self.size:
                width = min(width, self.size & -self.size)
            self._push(width.bit_length() - 1, root(leaves[at : at + width]))
            self.size += width
            at += width

    def root(self) -> Digest:
        """Of the tree as it is."""
        if not self._peaks:
            return EMPTY_ROOT
        folded = self._peaks[-1][1]
        for _, peak in self._peaks[-2::-1]:
            folded = node_hash(peak, folded)
        return Digest(folded)

    def born(self) -> dict[int, list[bytes]]:
        """Hashes of tiles of level 1 and up that became complete since this was asked last, by
        level, in their order."""
        born, self._born = self._born, {}
        return born

    def _push(self, height: int, node: bytes) -> None:
        while True:
            if height and height % HEIGHT == 0:
                self._born.setdefault(height // HEIGHT, []).append(node)
            if not self._peaks or self._peaks[-1][0] != height:
                break
            _, left = self._peaks.pop()
            node = node_hash(left, node)
            height += 1
        self._peaks.append((height, node))
