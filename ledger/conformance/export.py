"""The suite as files in a folder of somebody else's."""

from __future__ import annotations

from pathlib import Path

from ledger.conformance.suite import Suite
from ledger.core.errors import ConfigError

__all__ = ["export"]


def export(suite: Suite, folder: Path) -> int:
    """Write every file of the suite, byte for byte, into a folder that is new or empty; how many.
    Raises ConfigError."""
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise ConfigError("DIR", f"{folder}: there is something already")
        count = 0
        for path in suite.files():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((suite.folder / path).read_bytes())
            count += 1
    except OSError as error:
        raise ConfigError("DIR", f"{error.filename or folder}: {error.strerror}") from error
    return count
