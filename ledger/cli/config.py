"""What acting commands take from a `gateway.toml`: who the member is, and where its keys lie.

The gateway reads the same file through `gateway.base.settings`, which this package does not depend
on; the environment stands before the file there and here.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.core.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeConfig:
    """code: of the member. password_file: opens its keys; None where the file names none."""

    path: Path
    code: str
    network: Path
    rpc: tuple[str, ...]
    keys: Path
    password_file: Path | None


def read_config(path: Path) -> NodeConfig:
    """Read a `gateway.toml`. Raises ConfigError naming the setting."""
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(str(path), str(error)) from error
    node, folder = values.get("node"), path.resolve().parent
    code = os.environ.get("CREDIT_LEDGER_NODE__CODE") or (
        node.get("code") if isinstance(node, dict) else None
    )
    network = _path(folder, values, "network")
    if not code or network is None:
        missing = "network" if code else "node.code"
        raise ConfigError(missing, f"is missing in {path}")
    return NodeConfig(
        path=path,
        code=str(code),
        network=network,
        rpc=tuple(str(url) for url in values.get("rpc", ())),
        keys=_path(folder, values, "keys") or folder / "keys",
        password_file=_path(folder, values, "key_password_file"),
    )


def _path(folder: Path, values: Mapping[str, Any], name: str) -> Path | None:
    """The environment's, else the file's, which is relative to its own folder."""
    if given := os.environ.get(f"CREDIT_LEDGER_{name.upper()}"):
        return Path(given)
    return folder / str(values[name]) if name in values else None
