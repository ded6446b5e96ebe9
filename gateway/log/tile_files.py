"""Full tiles and entry bundles as files, under the names that C2SP gives them.

They are answered from there without the database, and a server of files may serve them. What is
written is public already and never changes: entries are commitments, and nothing that a record
says, or that is erased of it, is in them.

A place belongs to one tree. Before anything is written, `state.json` says of which (a size and its
root); where the database has another tree, or less of it, as after a restore from an older backup,
the place is emptied. Only what was written and brought to the disk whole is answered.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson
import sqlalchemy as sa
import structlog

from gateway.base.db import begin_read
from gateway.log import store
from gateway.log.store import LogState, TileStore
from gateway.log.tile_places import STATE, Folder, Piece, Place
from ledger.core.canonical import unhex32
from ledger.core.errors import Malformed, ProofMismatch
from ledger.core.ids import Digest
from ledger.core.merkle import leaf_hash
from ledger.core.tiles import (
    HEIGHT,
    WIDTH,
    TileAddress,
    append,
    bundle_entries,
    entries_path,
    root_at,
    tile_path,
)

LOOK_AGAIN: Final = 1.0
"""Seconds between two looks at how far the logs have grown."""
PORTION: Final = 64
"""Bundles that are written together, some 5 MB: what is brought to the disk at once costs one
commit of its journal."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What the folder of a log holds. claimed, root: of the tree that it belongs to. done: size up
    to which all is there."""

    claimed: int
    root: bytes
    done: int

    def encode(self) -> bytes:
        """The file."""
        return orjson.dumps({"claimed": self.claimed, "done": self.done, "root": self.root.hex()})

    @classmethod
    def decode(cls, data: bytes) -> Held:
        """Read it. Raises Malformed."""
        try:
            value = orjson.loads(data)
            return cls(
                claimed=int(value["claimed"]),
                root=unhex32(value["root"]),
                done=int(value["done"]),
            )
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            raise Malformed("state of tile files", "not as it was written") from error


class TileFiles:
    """One step of the thread that writes them to a place; see `gateway.base.threads`."""

    def __init__(self, engine: sa.Engine, place: Place) -> None:
        self._engine = engine
        self._place = place
        self._done: dict[bytes, int] = {}

    def __call__(self, stop: threading.Event) -> float:
        if not self._place.take():
            self._done.clear()  # another process goes on from where it was
            return LOOK_AGAIN
        with self._engine.connect() as connection:
            found = store.states(connection)
        for log in found:
            if log.log_id not in self._done:
                self._take_up(log)
            while not stop.is_set() and self._go_on(log):
                pass
        return LOOK_AGAIN

    def leave(self) -> None:
        """Let another process write there."""
        self._done.clear()
        self._place.leave()

    def name_of(self, log_id: bytes, address: TileAddress) -> str | None:
        """Under which name a piece is there; None: it is not, or it is not full."""
        level = address.level or 0
        if address.width != WIDTH or _end(level, address.n) > self._done.get(log_id, 0):
            return None
        return entries_path(address.n) if address.level is None else tile_path(level, address.n)

    def _take_up(self, log: LogState) -> None:
        """Believe what is there, where it is of the tree that the database has."""
        held = _read(self._place.state(log.log_id))
        if held is not None and not self._is_of(log, held):
            _log.warning("tiles.other-tree", log=log.log_id.hex(), size=held.claimed)
            held = None
        if held is None:
            self._place.empty(log.log_id)
        self._done[log.log_id] = 0 if held is None else held.done

    def _is_of(self, log: LogState, held: Held) -> bool:
        if not held.done <= held.claimed <= (log.published or 0):
            return False
        with begin_read(self._engine) as connection:
            return root_at(TileStore(connection, log.id), held.claimed) == held.root

    def _go_on(self, log: LogState) -> bool:
        """Write the next portion; False: there is nothing more. Raises EvidenceError where the
        database does not have what was published any more; what its place raises."""
        done, target = self._done[log.log_id], (log.published or 0) // WIDTH * WIDTH
        if done >= target:
            return False
        end = min(target, done + PORTION * WIDTH)
        with begin_read(self._engine) as connection:
            root, found = _grown(TileStore(connection, log.id), done, end)
        for pieces in (
            [Piece(STATE, Held(claimed=end, root=root, done=done).encode())],
            found,
            [Piece(STATE, Held(claimed=end, root=root, done=end).encode())],
        ):
            self._place.write(log.log_id, pieces)
        self._done[log.log_id] = end
        return end < target


class TilesInFolder(TileFiles):
    """The same in a folder, from which they are answered by any thread."""

    def __init__(self, engine: sa.Engine, path: Path) -> None:
        self._folder = Folder(path)
        super().__init__(engine, self._folder)

    def read(self, log_id: bytes, address: TileAddress) -> bytes | None:
        """A full tile or bundle; None: it is not there, or not full."""
        name = self.name_of(log_id, address)
        return None if name is None else self._folder.read(log_id, name)


def _read(state: bytes | None) -> Held | None:
    try:
        return None if state is None else Held.decode(state)
    except Malformed:
        return None


def _end(level: int, n: int) -> int:
    """The size from which on a tile is full."""
    return (n + 1) << HEIGHT * (level + 1)


def _grown(source: TileStore, done: int, end: int) -> tuple[Digest, list[Piece]]:
    """The root at size `end`, and all that is full there and was not at `done`: made from the
    entries alone, and compared with what is stored. Raises Malformed, ProofMismatch."""
    found: list[Piece] = []
    leaves: list[bytes] = []
    for n in range(done // WIDTH, end // WIDTH):
        data = source.bundle(n)
        entries = bundle_entries(data)
        if len(entries) != WIDTH:
            raise Malformed("entry bundle", f"bundle {n} is not full")
        leaves += map(leaf_hash, entries)
        found.append(Piece(entries_path(n), data))
    grown, stored = append(source, done, leaves), root_at(source, end)
    if grown.root != stored:
        raise ProofMismatch("root of the entries", expected=stored.hex(), actual=grown.root.hex())
    full = (tile for tile in grown.tiles if tile.width == WIDTH)
    return grown.root, [*found, *(Piece(tile_path(one.level, one.n), one.data) for one in full)]
