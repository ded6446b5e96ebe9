"""Processes that may end, or have ended and not been buried yet, while they are looked at."""

from contextlib import suppress

import psutil


def runs(pid: int) -> bool:
    """Whether it does: a zombie has ended, and who should bury it may take its time."""
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def command_line(process: psutil.Process) -> list[str]:
    """Its arguments; none of one that has ended."""
    with suppress(psutil.NoSuchProcess):  # ZombieProcess is one of these
        return process.cmdline()
    return []
