"""Full tiles and entry bundles as files, under the names that C2SP gives them.

They are answered from there without the database, and a server of files may serve the folder. What
is written is public already and never changes: entries are commitments, and nothing that a record
says, or that is erased of it, is in them.

A folder belongs to one tree. Before anything is written, `state.json` says of which (a size and its
root); where the database has another tree, or less of it, as after a restore from an older backup,
the folder is emptied. Only what was written and brought to the disk whole is answered.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import orjson
import sqlalchemy as sa
import structlog

from gateway.base.db import begin_read
from gateway.log import store
from gateway.log.store import LogState, TileStore
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
STATE: Final = "state.json"
LOCK: Final = ".lock"
"""Held by the one process that writes; another one of this folder answers from its database."""

_log = structlog.get_logger(__name__)


class Piece(NamedTuple):
    """A file. name: its path below the folder of the log."""

    name: str
    data: bytes


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
    """One step of the thread that writes them, and the reading of them by any other; see
    `gateway.base.threads`."""

    def __init__(self, engine: sa.Engine, folder: Path) -> None:
        self._engine = engine
        self._folder = folder
        self._done: dict[bytes, int] = {}
        self._lock: int | None = None

    def read(self, log_id: bytes, address: TileAddress) -> bytes | None:
        """A full tile or bundle; None: it is not there, or not full."""
        level = address.level or 0
        if address.width != WIDTH or _end(level, address.n) > self._done.get(log_id, 0):
            return None
        name = entries_path(address.n) if address.level is None else tile_path(level, address.n)
        try:
            with open(f"{self._folder}/{log_id.hex()}/{name}", "rb", buffering=0) as file:
                return file.readall()
        except OSError as error:  # somebody took it away; the database has it
            _log.warning("tiles.file-lost", name=name, error=error.strerror)
            return None

    def __call__(self, stop: threading.Event) -> float:
        if not self._take_lock():
            return LOOK_AGAIN
        with self._engine.connect() as connection:
            found = store.states(connection)
        for log in found:
            if log.log_id not in self._done:
                self._take_up(log)
            while not stop.is_set() and self._go_on(log):
                pass
        return LOOK_AGAIN

    def close(self) -> None:
        """Leave the folder to another process."""
        self._done.clear()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _take_lock(self) -> bool:
        if self._lock is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(handle)
                return False
            self._lock = handle
        return True

    def _take_up(self, log: LogState) -> None:
        """Believe what the folder holds, where it is of the tree that the database has."""
        folder = self._of(log)
        held = _state_of(folder)
        if held is not None and not self._is_of(log, held):
            _log.warning("tiles.other-tree", log=log.log_id.hex(), size=held.claimed)
            held = None
        if held is None:
            if folder.exists():
                shutil.rmtree(folder)
            folder.mkdir()
        self._done[log.log_id] = 0 if held is None else held.done

    def _is_of(self, log: LogState, held: Held) -> bool:
        if not held.done <= held.claimed <= (log.published or 0):
            return False
        with begin_read(self._engine) as connection:
            return root_at(TileStore(connection, log.id), held.claimed) == held.root

    def _go_on(self, log: LogState) -> bool:
        """Write the next portion; False: there is nothing more. Raises EvidenceError where the
        database does not have what was published any more; OSError."""
        done, target = self._done[log.log_id], (log.published or 0) // WIDTH * WIDTH
        if done >= target:
            return False
        end = min(target, done + PORTION * WIDTH)
        with begin_read(self._engine) as connection:
            root, found = _grown(TileStore(connection, log.id), done, end)
        folder = self._of(log)
        _write(folder, [Piece(STATE, Held(claimed=end, root=root, done=done).encode())])
        _write(folder, found)
        _write(folder, [Piece(STATE, Held(claimed=end, root=root, done=end).encode())])
        self._done[log.log_id] = end
        return end < target

    def _of(self, log: LogState) -> Path:
        return self._folder / log.log_id.hex()


def _state_of(folder: Path) -> Held | None:
    try:
        return Held.decode((folder / STATE).read_bytes())
    except (FileNotFoundError, Malformed):
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


def _write(folder: Path, pieces: Sequence[Piece]) -> None:
    """Files that are there whole or not at all, also after the machine went down."""
    beside = [(folder / piece.name).with_name(f".{Path(piece.name).name}") for piece in pieces]
    folders = {path.parent for path in beside}
    for one in folders:
        one.mkdir(parents=True, exist_ok=True)
    handles: list[int] = []
    try:
        for path, piece in zip(beside, pieces, strict=True):
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
            handles.append(handle)
            with open(handle, "wb", closefd=False) as file:
                file.write(piece.data)
        for handle in handles:  # all are written: the first sync takes the others along
            os.fsync(handle)
    finally:
        for handle in handles:
            os.close(handle)
    for path, piece in zip(beside, pieces, strict=True):
        path.replace(folder / piece.name)
    for one in folders:
        handle = os.open(one, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
