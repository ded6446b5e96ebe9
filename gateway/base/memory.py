"""How the garbage collector is set in processes that make many records."""

from __future__ import annotations

import gc

GARBAGE_AFTER = 50_000
"""New containers between two looks for cycles among the youngest."""


def tune_memory() -> None:
    """For a process that has imported and opened all it needs. A set of rows is a hundred thousand
    small objects without a cycle, which the collector would walk through again and again."""
    gc.freeze()
    gc.set_threshold(GARBAGE_AFTER, 20, 20)
