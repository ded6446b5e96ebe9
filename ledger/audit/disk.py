"""What is written to a folder that outlives the process: each step by itself, so that tests can end
a replay before, within and after every one."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

__all__ = ["cut", "lock", "replace", "sync", "sync_folder", "write"]


def lock(handle: int) -> None:
    """Until it is closed nobody else gets it. Raises BlockingIOError where somebody has it."""
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def write(handle: int, data: bytes) -> None:
    """All of it, at the end of what is there."""
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


def sync(handle: int) -> None:
    """What was written is there after a loss of power, too."""
    os.fsync(handle)


def cut(handle: int, size: int) -> None:
    """Only the first `size` bytes stay."""
    os.ftruncate(handle, size)


def replace(part: Path, whole: Path) -> None:
    """A file that was written whole gets its name."""
    part.replace(whole)


def sync_folder(folder: Path) -> None:
    """Names in it are there after a loss of power, too."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
