"""A log read from whoever has it: what does not hash to its anchored root is not let through.

The root proves the tiles at the right edge, each of these the full tiles below it, those of the
lowest level the entries. So every piece is proven when it comes, in any order, however little is
held of the rest; a mirror can keep it at once, and a replay need not trust the mirror.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from ledger.audit.tiles import Fetch, entries, tile
from ledger.core.canonical import DIGEST_SIZE
from ledger.core.errors import ProofMismatch
from ledger.core.ids import sha256
from ledger.core.merkle import leaf_hash, root
from ledger.core.tiles import WIDTH, edge, parse_bundle, root_at, tile_width

Kept = Callable[[int, int], bytes | None]
"""Level and number of a full tile: its 8,192 bytes as they were kept before; None: not kept."""

_HELD = 256  # full tiles of the upper levels in memory, 8 KiB each; each proves 65,536 entries


class Proven:
    """The first `size` (1 …) entries of a log. Safe to share between threads.

    root: of that size, as anchored. kept: asked for full tiles before they are fetched; a copy
    that is not what the root proves is fetched again.
    """

    def __init__(
        self, fetch: Fetch, size: int, root: bytes, kept: Kept = lambda level, n: None
    ) -> None:
        self._fetch = fetch
        self._size = size
        self._root = root
        self._kept = kept
        self._edges: dict[int, bytes] | None = None
        self._full: dict[tuple[int, int], bytes] = {}
        self._lock = threading.Lock()

    def tile(self, level: int, n: int) -> bytes:
        """Tile (level, n) at its width in this log, which must be above 0. Raises Missing, and
        ProofMismatch where another one was served."""
        width = tile_width(self._size, level, n)
        if width < WIDTH:
            return self._edge()[level]
        if (held := self._full.get((level, n))) is not None:
            return held
        expected = self.root_of(level, n)
        data = self._kept(level, n)
        if data is None or _root_of(data) != expected:
            data = tile(self._fetch, level, n, WIDTH)
            _demand(f"tile {level}/{n}", expected, _root_of(data))
        if level:
            if len(self._full) >= _HELD:
                self._full.clear()
            self._full[level, n] = data
        return data

    def root_of(self, level: int, n: int) -> bytes:
        """The root of a full tile, as the one above it has it. Raises as `tile`."""
        above, at = self.tile(level + 1, n // WIDTH), n % WIDTH * DIGEST_SIZE
        return above[at : at + DIGEST_SIZE]

    def entries(self, n: int) -> bytes:
        """Entry bundle n at its width in this log, C2SP framing. Raises Missing, Malformed, and
        ProofMismatch where it holds another entry."""
        width = tile_width(self._size, 0, n)
        data = entries(self._fetch, n, width)
        leaves = b"".join(leaf_hash(entry) for entry in parse_bundle(data, width))
        _demand(f"bundle {n}", self.tile(0, n), leaves)
        return data

    def root_at(self, size: int) -> bytes:
        """The root of the first `size` entries, at most those of this log."""
        return root_at(_Source(self), size)

    def _edge(self) -> dict[int, bytes]:
        """The partial tiles, by level: together they make the root."""
        with self._lock:
            if self._edges is None:
                found = {
                    address.level or 0: tile(
                        self._fetch, address.level or 0, address.n, address.width
                    )
                    for address in edge(self._size)
                }
                _demand("root", self._root, root_at(_Held(found), self._size))
                self._edges = found
            return self._edges


class _Source:
    def __init__(self, proven: Proven) -> None:
        self._proven = proven

    def tile(self, level: int, n: int, width: int) -> bytes:
        return self._proven.tile(level, n)[: width * DIGEST_SIZE]


class _Held:
    """The partial tiles alone: the root of their own size needs no others."""

    def __init__(self, tiles: dict[int, bytes]) -> None:
        self._tiles = tiles

    def tile(self, level: int, n: int, width: int) -> bytes:
        return self._tiles[level]


def _root_of(data: bytes) -> bytes:
    """Of a full tile; what is none has no root."""
    if len(data) != WIDTH * DIGEST_SIZE:
        return b""
    return root([data[at : at + DIGEST_SIZE] for at in range(0, len(data), DIGEST_SIZE)])


def _demand(what: str, expected: bytes, actual: bytes) -> None:
    if expected != actual:
        raise ProofMismatch(what, expected=sha256(expected), actual=sha256(actual))
