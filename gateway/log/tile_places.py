"""Where full tiles and entry bundles are kept beside the database: a folder. Another place is a
bucket (`tile_bucket`)."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple, Protocol

import structlog

STATE: Final = "state.json"
LOCK: Final = ".lock"

_log = structlog.get_logger(__name__)


class Piece(NamedTuple):
    """A file. name: its path below that of its log."""

    name: str
    data: bytes


class Place(Protocol):
    """Keeps files by log and name. Each call raises OSError, or CouldNotCheck, where it cannot."""

    def take(self) -> bool:
        """Whether this process is the one that writes there now."""

    def leave(self) -> None:
        """Let another one."""

    def state(self, log_id: bytes) -> bytes | None:
        """The file `STATE`; None: there is none."""

    def write(self, log_id: bytes, pieces: Sequence[Piece]) -> None:
        """Files that are there whole or not at all, also after the machine went down."""

    def empty(self, log_id: bytes) -> None:
        """Keep nothing of a log; `STATE` goes last."""


class Folder:
    """A folder on this machine, written by the one process that holds its lock."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock: int | None = None

    def take(self) -> bool:
        """Whether this process is the one that writes there now."""
        if self._lock is None:
            self._path.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._path / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(handle)
                return False
            self._lock = handle
        return True

    def leave(self) -> None:
        """Let another one."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def read(self, log_id: bytes, name: str) -> bytes | None:
        """A file; None: somebody took it away."""
        try:
            with open(f"{self._path}/{log_id.hex()}/{name}", "rb", buffering=0) as file:
                return file.readall()
        except OSError as error:
            _log.warning("tiles.file-lost", name=name, error=error.strerror)
            return None

    def state(self, log_id: bytes) -> bytes | None:
        """The file `STATE`; None: there is none."""
        try:
            return (self._of(log_id) / STATE).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, log_id: bytes, pieces: Sequence[Piece]) -> None:
        """Files that are there whole or not at all, also after the machine went down."""
        _write(self._of(log_id), pieces)

    def empty(self, log_id: bytes) -> None:
        """Keep nothing of a log: out of the way at once, then away."""
        folder, aside = self._of(log_id), self._path / f".{log_id.hex()}"
        if aside.exists():
            shutil.rmtree(aside)
        if folder.exists():
            folder.replace(aside)
            shutil.rmtree(aside)

    def _of(self, log_id: bytes) -> Path:
        return self._path / log_id.hex()


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
