"""Files that nobody but their owner may read: keys, their passwords, tokens of signers."""

import stat
from pathlib import Path

from ledger.core.errors import ConfigError

OTHERS = 0o077
"""Every permission of group and others."""


def readable_by_others(path: Path) -> int | None:
    """The mode of a file that others may do something with; None where nobody else may. A pipe or
    socket has no readers but those it was handed to. Raises OSError."""
    mode = path.stat().st_mode
    return stat.S_IMODE(mode) if stat.S_ISREG(mode) and mode & OTHERS else None


def demand_private(path: Path) -> None:
    """Require that nobody but its owner may do anything with a file. Raises ConfigError with the
    remedy."""
    try:
        mode = readable_by_others(path)
    except OSError as error:
        raise ConfigError(str(path), error.strerror or "cannot be read") from error
    if mode is not None:
        raise ConfigError(str(path), f"others can read it (mode {mode:04o}); run: chmod 600 {path}")
