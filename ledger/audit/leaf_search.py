"""Leaves looked for in the hash tiles of a log, every tile proven by an anchored root: what is
found there stands there, and what is not found does not."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from ledger.audit.proven import Proven
from ledger.audit.tiles import Fetch, Missing, Unreachable
from ledger.core.canonical import DIGEST_SIZE
from ledger.core.errors import EvidenceError, LedgerError
from ledger.core.ids import Digest
from ledger.core.tiles import WIDTH

__all__ = ["SECONDS", "NotRead", "Tree", "find"]

SECONDS: Final = 3600.0
"""For reading one log at one place: a million entries take 4,000 tiles of 8 KiB. A server that
drips must not hold an auditor for a day."""
_AHEAD: Final = 4  # tiles on their way at once


class NotRead(LedgerError):
    """The tiles could not be had, or are not those that were anchored. code: `tiles-missing`,
    `tiles-unreachable`, `root-mismatch`."""

    def __init__(self, code: str, where: str) -> None:
        super().__init__(f"{code}: {where}")
        self.code = code
        self.where = where


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A log at its newest final anchor. roots: what the chain has at smaller sizes that matter."""

    size: int
    root: Digest
    roots: Mapping[int, Digest] = field(default_factory=dict)


def find(fetch: Fetch, tree: Tree, leaves: Sequence[Digest], *, split: int) -> dict[Digest, int]:
    """Where each leaf stands; those that are not there are left out. split: a size before which
    they should: of one that stands there as well as later, it is told where it stands before.
    Raises NotRead."""
    if not tree.size:
        return {}
    search = _Search(Proven(fetch, tree.size, tree.root), tree.size)
    try:
        for size, expected in tree.roots.items():
            if search.proven.root_at(size) != expected:
                raise NotRead("root-mismatch", f"anchor/{size}")
        return search.run(set(leaves), split)
    except Unreachable as gone:
        raise NotRead("tiles-unreachable", gone.path) from gone
    except Missing as gone:
        raise NotRead("tiles-missing", gone.path) from gone
    except EvidenceError as error:
        raise NotRead("root-mismatch", str(error)) from error


class _Search:
    def __init__(self, proven: Proven, size: int) -> None:
        self.proven = proven
        self._size = size
        self._end = time.monotonic() + SECONDS

    def run(self, wanted: set[Digest], split: int) -> dict[Digest, int]:
        """Below `split` from its end, all of it unless everything is found; then what is above."""
        found: dict[Digest, int] = {}
        for index, leaf in self._leaves(reversed(range(-(-split // WIDTH)))):
            if leaf in wanted and index < split:
                found[leaf] = min(index, found.get(leaf, index))
                if len(found) == len(wanted):
                    return found
        for index, leaf in self._leaves(iter(range(split // WIDTH, -(-self._size // WIDTH)))):
            if leaf in wanted and index >= split and leaf not in found:
                found[leaf] = index
                if len(found) == len(wanted):
                    break
        return found

    def _leaves(self, numbers: Iterator[int]) -> Iterator[tuple[int, Digest]]:
        """Leaves of these tiles, each with its index."""
        for first, data in self._tiles(numbers):
            for at in range(len(data) // DIGEST_SIZE):
                yield first + at, Digest(data[at * DIGEST_SIZE : (at + 1) * DIGEST_SIZE])

    def _tiles(self, numbers: Iterator[int]) -> Iterator[tuple[int, bytes]]:
        """Index of the first leaf of each tile, and its hashes; read ahead."""
        waiting: deque[tuple[int, Future[bytes]]] = deque()
        pool = ThreadPoolExecutor(_AHEAD, thread_name_prefix="leaves")
        try:
            while True:
                while len(waiting) < _AHEAD and (n := next(numbers, None)) is not None:
                    waiting.append((n, pool.submit(self.proven.tile, 0, n)))
                if not waiting:
                    return
                if time.monotonic() > self._end:
                    raise Unreachable("tile/0")
                n, tile = waiting.popleft()
                yield n * WIDTH, tile.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
