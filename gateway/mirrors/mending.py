"""Pieces that the disk has lost or changed: each is fetched anew, proven, and put back.

Nothing else of the copy is touched, and nothing is dropped before there is something in its place:
whoever has found the damage may be anybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from threading import Lock

import sqlalchemy as sa

from gateway.base.db import begin_read, begin_write
from gateway.mirrors import store
from gateway.mirrors.store import Mirror, MirrorTiles
from ledger.audit.proven import Proven
from ledger.audit.tiles import Fetch
from ledger.core.errors import LedgerError
from ledger.core.tiles import WIDTH, edge, tile_width

Place = tuple[int | None, int]
"""Level and number of a tile; level None: a bundle."""
NOTED = 4096
"""Pieces that are remembered; what is beyond them is found again."""
AT_ONCE = 64
"""Pieces of one turn."""


class Damage:
    """What is to be mended, by log. Callable from every thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._places: dict[tuple[bytes, Place], None] = {}

    def note(self, log_id: bytes, level: int | None, n: int) -> None:
        """Remember a piece."""
        with self._lock:
            if len(self._places) < NOTED:
                self._places[log_id, (level, n)] = None

    @property
    def some(self) -> bool:
        """Whether there is anything."""
        return bool(self._places)

    def of(self, log_id: bytes) -> list[Place]:
        """Some of what is to be mended of a log."""
        with self._lock:
            return [place for log, place in self._places if log == log_id][:AT_ONCE]

    def mended(self, log_id: bytes, place: Place) -> None:
        """Forget a piece that is whole again."""
        with self._lock:
            self._places.pop((log_id, place), None)


def mend(
    engine: sa.Engine, lock: str, mirror: Mirror, places: Sequence[Place], sources: Sequence[Fetch]
) -> Iterator[Place]:
    """Fetch these pieces, each from the first source that has what the root proves, and put each in
    its place; yields those that are whole again. sources: the owner first.

    Raises LedgerError of the last source where none had a piece."""
    proven = [Proven(fetch, mirror.anchored, mirror.anchored_root) for fetch in sources]
    for level, n in places:
        if not tile_width(mirror.anchored, level or 0, n):
            yield level, n  # there is no such piece
            continue
        data = _first(proven, level, n)
        with begin_write(engine, lock) as connection:
            if not store.is_still(connection, mirror):
                return
            store.put_piece(connection, mirror, level, n, data)
        yield level, n


def _first(proven: Sequence[Proven], level: int | None, n: int) -> bytes:
    """What the first source has that does. Raises as the last one."""
    *some, last = proven
    for one in some:
        with suppress(LedgerError):
            return _piece(one, level, n)
    return _piece(last, level, n)


def _piece(proven: Proven, level: int | None, n: int) -> bytes:
    return proven.entries(n) if level is None else proven.tile(level, n)


def damaged(engine: sa.Engine, mirror: Mirror) -> list[Place]:
    """What of a copy is missing, and what its root is made of, where that did not come to it."""
    size = mirror.size
    wanted = -(-size // WIDTH)
    with begin_read(engine) as connection:
        kept = MirrorTiles(connection, mirror.id)
        tiles, bundles = kept.numbers()
    found: list[Place] = [(0, n) for n in range(wanted) if n not in tiles]
    found += [(None, n) for n in range(wanted) if n not in bundles]
    return found[:NOTED] or [(address.level or 0, address.n) for address in edge(size)]
