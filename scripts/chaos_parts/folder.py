"""The folder of a run: nothing in it is deleted that no run has made."""

from __future__ import annotations

import shutil
from pathlib import Path

from scripts.chaos_parts.outcome import JOURNAL

NETWORK = "network"
"""All that runs, beside the journal."""


def refusal(folder: Path) -> str:
    """Why a run may not have this folder; empty where it may: it is not there, empty, or what
    another run left."""
    if not folder.exists():
        return ""
    if not folder.is_dir():
        return f"{folder} is no folder"
    found = {path.name for path in folder.iterdir()}
    if found and (JOURNAL not in found or found - {JOURNAL, NETWORK}):
        return f"{folder} is there, and no run of this has made it: name another with --folder"
    return ""


def clear(folder: Path) -> None:
    """Delete what a run has made; the folder itself where nothing else is in it."""
    shutil.rmtree(folder / NETWORK)
    (folder / JOURNAL).unlink()
    if not any(folder.iterdir()):
        folder.rmdir()
