"""A lock that a process holds for as long as it lives: `flock` on a file that stays empty.

It is known by its name: the file as this running system knows it. Whoever has a lock of the same
name as another process had knows that the other one has let go; files of one path that took the
place of each other have different names, and so have those of two machines.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
from functools import cache
from pathlib import Path
from typing import IO

from ledger.core.errors import ConfigError

PRIVATE = 0o600

_UNKNOWN_HERE = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)
"""What file systems without `flock` say."""
_BOOT = Path("/proc/sys/kernel/random/boot_id")


class HolderLock:
    """The lock of one path; several of them in one process keep each other out as well."""

    def __init__(self, path: Path, like: Path) -> None:
        """like: the file whose owner is to own it."""
        self._path = path
        self._like = like
        self._file: IO[bytes] | None = None
        self.name = ""
        """Empty while it is not held."""
        self.refused = False
        """Whether somebody else had it when it was tried last; where the file system does not know
        `flock`, nobody can tell."""

    def take(self) -> bool:
        """Whether it is held now; nobody is waited for. A lock on a file that is gone from its path
        is given up for one on what lies there. Raises ConfigError."""
        if self._file is not None and id_of(self._path) != id_of(self._file.fileno()):
            self.leave()
        if self._file is None:
            self._try()
        return self._file is not None

    def leave(self) -> None:
        """Let go; harmless where it is not held."""
        if self._file is not None:
            self._file.close()
        self._file, self.name = None, ""

    @property
    def works(self) -> bool:
        """Whether the file system knows `flock`, where the file is there already."""
        try:
            with self._path.open("r+b", buffering=0) as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError as error:
            return error.errno not in _UNKNOWN_HERE
        return True

    def demand_usable(self) -> None:
        """Raise ConfigError where the file cannot be made. One without `flock` will do."""
        self._open().close()

    def _try(self) -> None:
        self.refused, file = False, self._open()
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.refused = True
            file.close()
            return
        except OSError as error:
            file.close()
            if error.errno in _UNKNOWN_HERE:
                return
            raise
        found = id_of(file.fileno())
        if found is None or found != id_of(self._path):  # removed meanwhile
            file.close()
            return
        self._file, self.name = file, f"{system()}:{found[0]}:{found[1]}"

    def _open(self) -> IO[bytes]:
        try:
            make_private(self._path, self._like)
            return self._path.open("r+b", buffering=0)
        except OSError as error:
            problem = f"the lease cannot be kept here: {error.strerror}"
            raise ConfigError(str(self._path), problem) from error


def make_private(path: Path, like: Path) -> None:
    """Make the file where there is none, for its owner alone: where root makes it, for that of the
    file `like`, or the gateway would be locked out. Raises OSError."""
    try:
        made = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, PRIVATE)
    except FileExistsError:
        return
    try:
        if os.geteuid() == 0:
            found = like.stat()
            os.fchown(made, found.st_uid, found.st_gid)
    finally:
        os.close(made)


@cache
def system() -> str:
    """The id of this running system: of one machine since its start, containers included; its name
    where it has no such id."""
    try:
        return _BOOT.read_text("ascii").strip()
    except OSError:
        return socket.gethostname()


def id_of(file: Path | int) -> tuple[int, int] | None:
    """The device and number of what lies there, which another file has not; None: nothing."""
    try:
        found = os.stat(file)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino
