"""Files that nobody but their owner may read: keys, their passwords, tokens of signers."""

import stat
from pathlib import Path

from ledger.core.errors import ConfigError

OTHERS = 0o077
"""Every permission of group and others."""


def demand_private(path: Path) -> None:
    """Require that nobody but its owner may do anything with a file. Raises ConfigError with the
    remedy. A pipe or socket has no readers but those it was handed to."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise ConfigError(str(path), error.strerror or "cannot be read") from error
    if stat.S_ISREG(mode) and mode & OTHERS:
        raise ConfigError(
            str(path), f"others can read it (mode {stat.S_IMODE(mode):04o}); run: chmod 600 {path}"
        )
