"""The content keys of a member as they lie in the keys folder: `content.json` is the first,
`content-2.json` the next version. The highest wraps, all open.

Files are added while the gateway runs, and taken away once nothing is wrapped under them any more
(`gateway rewrap`). A key that was opened is kept until the process ends, whatever becomes of its
file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import structlog

from gateway.base.crypto import ContentKey
from ledger.chain.keys.keydir import first_file, next_version, versions
from ledger.chain.keys.keyfile import KeyFile, create, read_fields, salt_beside
from ledger.core.errors import ConfigError

PURPOSE = "content"

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class ContentFolder:
    """The files. Each is opened once, which takes a second. Used by one thread at a time."""

    folder: Path
    password: bytes
    _opened: dict[Path, ContentKey] = field(default_factory=dict)
    _refused: dict[Path, int] = field(default_factory=dict)

    def all(self) -> tuple[ContentKey, ...]:
        """Open every file, the oldest version first. Raises ConfigError where one cannot be opened,
        or there is none."""
        found = versions(self.folder, PURPOSE) or [(1, first_file(self.folder, PURPOSE))]
        for version, path in found:
            self._open(version, path)
        return self.held()

    def again(self) -> tuple[ContentKey, ...]:
        """Open what has come since. What cannot be opened is told of once, until its file changes:
        a stray file must not end a gateway that has a key."""
        for version, path in versions(self.folder, PURPOSE):
            if path in self._opened:
                continue
            try:
                changed = path.stat().st_mtime_ns
                if self._refused.get(path) == changed:
                    continue
                self._refused[path] = changed
                self._open(version, path)
            except (ConfigError, OSError):
                _log.warning("key.not-opened", purpose=PURPOSE, file=path.name)
                continue
            del self._refused[path]
        return self.held()

    def held(self) -> tuple[ContentKey, ...]:
        """What was opened so far, the oldest version first."""
        return tuple(sorted(self._opened.values(), key=lambda key: key.version))

    def make(self) -> Path:
        """Make the next version, and open it. Raises ConfigError."""
        version, path = next_version(self.folder, PURPOSE)
        salt = salt_beside(first_file(self.folder, PURPOSE))
        secret = create(PURPOSE, path, self.password, salt=salt).open(self.password)
        self._opened[path] = ContentKey(version=version, secret=secret)
        return path

    def _open(self, version: int, path: Path) -> None:
        if path not in self._opened:
            secret = open_secret(path, PURPOSE, self.password)
            self._opened[path] = ContentKey(version=version, secret=secret)


def open_secret(path: Path, purpose: str, password: bytes) -> bytes:
    """The 32 bytes of a key file that holds no key pair. Raises ConfigError."""
    demand_purpose(path, purpose)
    return KeyFile.load(path).open(password)


def demand_purpose(path: Path, purpose: str) -> None:
    """A key has one purpose; a file copied to the wrong name must not be used for another."""
    found = read_fields(path).get("purpose")
    if found != purpose:
        raise ConfigError(str(path), f"holds a key of purpose {found}, not {purpose}")
