"""Which of two is what was anchored, where something that is served is not like something else.

What is served of a log says everything twice: entries and hash tiles, tiles and those above them,
the owner's and the copies of other provinces. The anchored root proves one of two, and where they
differ first.
"""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

from ledger.audit.proven import Proven
from ledger.audit.tiles import MAX_BUNDLE, Fetch, tile
from ledger.core.canonical import DIGEST_SIZE
from ledger.core.errors import LedgerError
from ledger.core.merkle import MAX_SIZE, root
from ledger.core.tiles import HEIGHT, WIDTH, entries_path, parse_bundle, tile_path, tile_width

__all__ = ["Arbiter", "Unlike", "first_unlike", "first_unlike_leaf", "unlike_places"]

_TILE = WIDTH * DIGEST_SIZE
_LEVELS = -(-MAX_SIZE.bit_length() // HEIGHT)  # of tiles in the largest log


class Unlike(NamedTuple):
    """Where two rows of hashes differ first. at: place; expected, found: hex, "" where a row is too
    short to have one."""

    at: int
    expected: str
    found: str


def unlike_places(expected: bytes, found: bytes) -> list[int]:
    """The places at which two rows of hashes differ."""
    count = -(-max(len(expected), len(found)) // DIGEST_SIZE)
    return [at for at in range(count) if _hash(expected, at) != _hash(found, at)]


def first_unlike(expected: bytes, found: bytes) -> Unlike:
    """The first of them; there must be one."""
    at = unlike_places(expected, found)[0]
    return Unlike(at, _hash(expected, at).hex(), _hash(found, at).hex())


def _hash(row: bytes, at: int) -> bytes:
    return row[at * DIGEST_SIZE : (at + 1) * DIGEST_SIZE]


class Arbiter:
    """Asks the anchored root. copies: what others keep of the log, let through only as the root
    proves it (`mirrored`); None: nobody keeps any."""

    def __init__(self, fetch: Fetch, copies: Fetch | None, size: int, root: bytes) -> None:
        """size, root: as anchored last."""
        self._proven = Proven(fetch, size, root)
        self._copies = copies
        self._size = size

    def hashes(self, n: int, *shown: bytes) -> bytes | None:
        """The leaf hashes of bundle n, of those that somebody shows or those of a copy; None:
        nothing proves any."""
        with suppress(LedgerError):  # the tiles above are missing, or not what the root proves
            if tile_width(self._size, 0, n) < WIDTH:
                return self._proven.tile(0, n)
            wanted = self._proven.root_of(0, n)
            for row in shown:
                if len(row) == _TILE and root(_hashes(row)) == wanted:
                    return row
        return self._copy(tile_path(0, n), _TILE)

    def entries(self, n: int) -> list[bytes] | None:
        """The entries of bundle n as a copy has them; None: none does."""
        data = self._copy(entries_path(n), MAX_BUNDLE)
        return None if data is None else parse_bundle(data, tile_width(self._size, 0, n))

    def _copy(self, path: str, most: int) -> bytes | None:
        if self._copies is None:
            return None
        try:
            return self._copies(path, most)
        except LedgerError:
            return None


def first_unlike_leaf(
    shown: Fetch, copies: Fetch, size: int, within: int | None = None
) -> Unlike | None:
    """The first leaf at which the tiles that somebody serves are not those of the copies, by a
    handful of tiles; None: it cannot be told. within: the bundle in which it must be."""
    with suppress(LedgerError):
        if within is not None:
            return _under(shown, copies, size, 0, within)
        for level in range(_LEVELS - 1, -1, -1):
            # All full tiles of this level were compared by the hashes above them.
            n = (size >> HEIGHT * level) // WIDTH
            if tile_width(size, level, n) and (found := _under(shown, copies, size, level, n)):
                return found
    return None


def _under(shown: Fetch, copies: Fetch, size: int, level: int, n: int) -> Unlike | None:
    """The first leaf below a tile."""
    found = _compare(shown, copies, size, level, n)
    if found is None:
        return None
    at = n * WIDTH + found.at
    return found._replace(at=at) if not level else _under(shown, copies, size, level - 1, at)


def _compare(shown: Fetch, copies: Fetch, size: int, level: int, n: int) -> Unlike | None:
    width = tile_width(size, level, n)
    theirs = copies(tile_path(level, n), _TILE)
    ours = tile(shown, level, n, width)
    return None if ours == theirs else first_unlike(theirs, ours)


def _hashes(row: bytes) -> list[bytes]:
    return [row[at : at + DIGEST_SIZE] for at in range(0, len(row), DIGEST_SIZE)]
