"""Where the tools of Foundry are: the user's own where the version fits, else those of npm."""

import platform
import re
import shutil
import subprocess
from pathlib import Path

from ledger.core.errors import ConfigError

VERSION = "1.7"
"""Series of Foundry that the product is tested with; npm pins 1.7.1."""

PROJECT = Path(__file__).resolve().parent.parent.parent
_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def _version_fits(path: str) -> bool:
    """Whether the tool at `path` says that it is of our series."""
    try:
        done = subprocess.run(  # noqa: S603 - a tool found on PATH, fixed argument
            [path, "--version"], capture_output=True, text=True, timeout=120, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return re.search(rf"\b{re.escape(VERSION)}\.\d+", done.stdout) is not None


def find_tool(name: str, *, root: Path = PROJECT) -> Path:
    """The path of `anvil` or `forge`.

    Raises ConfigError where neither PATH nor `root`/node_modules has one that fits.
    """
    own = shutil.which(name)
    if own and _version_fits(own):
        return Path(own)
    machine = _MACHINES.get(platform.machine().lower(), platform.machine().lower())
    package = f"{name}-{platform.system().lower()}-{machine}"
    path = root / "node_modules" / "@foundry-rs" / package / "bin" / name
    if not path.exists():
        raise ConfigError(name, f"no {VERSION}.x found: run `make setup`, or put it on the PATH")
    return path
