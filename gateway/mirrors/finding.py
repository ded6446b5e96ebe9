"""Whose a record is, by the copies of the logs of others: nobody learns that it was asked for."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Final, NamedTuple

import sqlalchemy as sa

from gateway.base.db import begin_read
from gateway.base.errors import NotReady
from gateway.mirrors.store import Mirror, MirrorTiles, all_mirrors
from ledger.core.canonical import DIGEST_SIZE
from ledger.core.errors import Malformed
from ledger.core.ids import RecordId, record_id
from ledger.core.tiles import WIDTH, parse_bundle

SOME: Final = 64
"""Bundles that are read in one transaction: a long one would hold the log of the database."""
LONGEST: Final = 20.0
"""Seconds after which a search gives up; for half a million records it takes a few."""
_COMMITMENT = re.compile(rb'"commitment":"([0-9a-f]{64})"')


class Held(NamedTuple):
    """A record that a copy holds. member: whose log it is in."""

    member: str
    record: RecordId


class MirroredRecords:
    """Looks through the copies, the newest entries first."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def find(self, name: bytes, member: str | None = None) -> Held | None:
        """The record by its id or leaf, in the logs of a member or of all; None: no copy has it.
        Raises NotReady (`busy`) where that takes too long."""
        end = time.monotonic() + LONGEST
        with begin_read(self._engine) as connection:
            mirrors = [one for one in all_mirrors(connection) if member in (None, one.member)]
        for mirror in mirrors:
            for last in range(-(-mirror.size // WIDTH), 0, -SOME):
                if time.monotonic() > end:
                    raise NotReady("busy", retry_after=60)
                found = self._look(mirror, range(max(0, last - SOME), last), name)
                if found is not None:
                    return Held(mirror.member, found)
        return None

    def _look(self, mirror: Mirror, bundles: range, name: bytes) -> RecordId | None:
        with begin_read(self._engine) as connection:
            tiles = MirrorTiles(connection, mirror.id)
            for n in bundles:
                width = min(WIDTH, mirror.size - n * WIDTH)
                try:
                    for found, leaf in _entries(tiles, n, width, mirror.log_id):
                        if name in (found, leaf):
                            return found
                except Malformed:  # damaged; who serves it finds out, and has it read again
                    continue
        return None


def _entries(
    tiles: MirrorTiles, n: int, width: int, log: bytes
) -> Iterator[tuple[RecordId, bytes]]:
    """Record ids and leaves of a bundle, as far as it is held."""
    data, hashes = tiles.bundle(n), tiles.tile(0, n, width)
    entries = parse_bundle(data, width) if data else []
    for at, entry in enumerate(entries):
        found = _COMMITMENT.search(entry)
        if found is not None:
            commitment = bytes.fromhex(found[1].decode())
            leaf = hashes[at * DIGEST_SIZE : (at + 1) * DIGEST_SIZE]
            yield record_id(log, commitment), leaf
