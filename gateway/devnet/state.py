"""Copies of the embedded chain's state: `state.json` and the one before, `state.1.json`.

anvil's own dump writes into the file it will read at the next start, and a kill in the middle
leaves it empty. So the guard asks for the state over RPC and puts it in place by renaming.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from gateway.devnet.files import write_atomic
from ledger.core.errors import CouldNotCheck

NAMES = ("state.json", "state.1.json")
"""Newest first."""


def decode_dump(blob: object) -> bytes:
    """The JSON in an answer of `anvil_dumpState` (hex of gzip). Raises CouldNotCheck."""
    try:
        raw = gzip.decompress(bytes.fromhex(str(blob).removeprefix("0x")))
        complete = "best_block_number" in json.loads(raw)
    except (ValueError, OSError, EOFError) as error:
        raise CouldNotCheck("rpc-nonsense", f"anvil_dumpState: {error}") from error
    if not complete:
        raise CouldNotCheck("rpc-nonsense", "anvil_dumpState: no block number")
    return raw


def store(folder: Path, raw: bytes) -> None:
    """Make `raw` the newest copy, keep the one before."""
    newest, older = (folder / name for name in NAMES)
    if newest.exists():
        write_atomic(older, newest.read_bytes())
    write_atomic(newest, raw)


def last_good(folder: Path) -> Path | None:
    """The newest copy that reads; None where nothing is left."""
    for name in NAMES:
        path = folder / name
        try:
            json.loads(path.read_bytes())["best_block_number"]
        except (OSError, ValueError, KeyError, TypeError):
            continue
        return path
    return None
