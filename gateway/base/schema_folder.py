"""Schema and rules files as the package and the operator's folder have them, read again when the
folder changes: a version is added without a restart, and counts once the catalogue names it.

Every process that judges records looks for itself.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path

import structlog

from ledger.core.errors import ConfigError
from ledger.records import schema as schemas
from ledger.records.rules import Rules
from ledger.records.schema import Schema
from ledger.records.store import Library, Unreadable

LOOK_SECONDS = 1.0
"""How often at most the folder is looked at, unless a file is missing."""

_Stamp = tuple[tuple[str, int, int, int], ...]

_log = structlog.get_logger(__name__)


class SchemaFolder:
    """The files, and those of a folder. None: there is no folder."""

    def __init__(self, path: Path | None = None) -> None:
        """Read it. Raises ConfigError where the folder cannot be read."""
        self._path = path
        self._stamp = self._look()
        self._library = _load(path)
        self._looked_at = time.monotonic()
        self.problem: ConfigError | None = None
        """Why the folder as it is now was not read; what was read before stands."""

    def current(self) -> Library:
        """What is there, read again where the folder has changed."""
        if time.monotonic() - self._looked_at >= LOOK_SECONDS:
            self._refresh()
        return self._library

    def latest(self) -> Library:
        """What is there this moment, for those who seldom ask."""
        self._refresh()
        return self._library

    def rules(self, sha256: str) -> Rules | None:
        """The rules that the catalogue names. None: not to be had, not even at a look this
        moment, for a vote may follow close behind the file."""
        found = self.current().rules(sha256)
        return found or self.latest().rules(sha256)

    def schema(self, sha256: str) -> Schema | None:
        """The same for a schema that the catalogue names, where its name is that file's."""
        found = self.current().schema(sha256) or self.latest().schema(sha256)
        named = schemas.find(found.name, found.version) if found else None
        return found if found and named and named.sha256 == found.sha256 else None

    def _refresh(self) -> None:
        self._looked_at = time.monotonic()
        stamp = self._look()
        if self._path is None or stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._library, self.problem = _load(self._path), None
        except ConfigError as error:
            self.problem = error

    def _look(self) -> _Stamp | None:
        """None: there is none, or it cannot be read."""
        if self._path is None:
            return None
        try:
            files = [(path.name, path.stat()) for path in self._path.glob("*.json")]
        except OSError:
            return None
        return tuple(
            sorted((name, found.st_mtime_ns, found.st_size, found.st_ino) for name, found in files)
        )


class SchemaWatch:
    """One step of the thread that looks after the folder; see `gateway.base.threads`."""

    def __init__(self, folder: SchemaFolder) -> None:
        self._folder = folder
        self._known: Library | None = None
        self._problem: ConfigError | None = None

    def __call__(self, _stop: threading.Event) -> float:
        library, problem = self._folder.current(), self._folder.problem
        if problem is not None and problem is not self._problem:
            _log.error("schemas.refused", problem=problem.problem)
        self._problem = problem
        if library is not self._known:
            if self._known is not None:
                _log.info("schemas.read-again")
            self._known = library
            for each in library.unreadable:
                _tell(each)
            for schema in library.brought_schemas():
                if not schemas.add(schema):
                    _log.error("schemas.name-taken", type=schema.id, file=schema.sha256)
        return LOOK_SECONDS


def _load(path: Path | None) -> Library:
    """Read the folder, and make its types known by their names: entries and stored records name
    no more than that. Of two files with one name the first that was read keeps it."""
    library = Library.load(path)
    for schema in library.brought_schemas():
        schemas.add(schema)
    return library


def _tell(file: Unreadable) -> None:
    _log.error("schemas.unreadable", file=file.name, problem=file.problem)
