"""Files that the operator changes while the gateway runs: read again, and told of.

Every process that uses them looks for itself; the gateway's own says what it found.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

import structlog

from ledger.core.errors import ConfigError

LOOK_SECONDS = 1.0
"""How often at most the files are looked at."""

T = TypeVar("T")
_Stamp = tuple[int, int, int]

_log = structlog.get_logger(__name__)


class Reread(Generic[T]):
    """What `read` makes of some files, as they are now."""

    def __init__(self, paths: Sequence[Path | None], read: Callable[[], T]) -> None:
        """Read them. Raises ConfigError where they cannot be used, as `read` does then."""
        self._paths = tuple(path for path in paths if path is not None)
        self._read = read
        self._stamps = self._look()
        self._value = read()
        self._looked_at = time.monotonic()
        self.problem: ConfigError | None = None
        """Why the files as they are now were not taken; what was read before stands."""

    def current(self) -> T:
        """What they say, read again where one has changed."""
        now = time.monotonic()
        if not self._paths or now - self._looked_at < LOOK_SECONDS:
            return self._value
        self._looked_at = now
        stamps = self._look()
        if stamps != self._stamps:
            self._stamps = stamps
            self._read_again()
        return self._value

    def _read_again(self) -> None:
        try:
            self._value, self.problem = self._read(), None
        except ConfigError as error:
            self.problem = error

    def _look(self) -> tuple[_Stamp | None, ...]:
        return tuple(map(_stamp, self._paths))


class Telling(Generic[T]):
    """Says in the log, once each, that files were read again or cannot be."""

    def __init__(self, what: str, files: Reread[T]) -> None:
        """what: the first word of the events."""
        self._what = what
        self._files = files
        self._told: ConfigError | None = None
        self._known: T | None = None

    def tell(self) -> bool:
        """Whether the files say something else than at the last call; True at the first."""
        value, problem = self._files.current(), self._files.problem
        if problem is not None and problem is not self._told:
            _log.error(f"{self._what}.refused", problem=problem.problem)
        self._told = problem
        if value is self._known:
            return False
        if self._known is not None:
            _log.info(f"{self._what}.read-again")
        self._known = value
        return True


def _stamp(path: Path) -> _Stamp | None:
    """None: there is no file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
