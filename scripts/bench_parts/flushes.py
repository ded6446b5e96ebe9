"""How long a flush to this disk takes by itself: a promise is durable, so it waits for one.

Measured where the database lies, right before and right after what it stands beside, while nothing
else of ours writes.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

BLOCK = bytes(4096)
EVERY = 0.01
"""Seconds between the beginnings of two flushes: a gateway with 200 single records a second makes
about as many."""


def flush_times(folder: Path, seconds: float) -> list[float]:
    """The seconds that each flush (fdatasync) of 4 KiB took that were appended to a file there."""
    taken: list[float] = []
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        end = time.monotonic() + seconds
        while (begun := time.monotonic()) < end:
            file.write(BLOCK)
            os.fdatasync(file.fileno())
            taken.append(time.monotonic() - begun)
            time.sleep(max(0.0, EVERY - taken[-1]))
    return taken
