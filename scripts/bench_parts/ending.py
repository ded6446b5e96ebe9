"""An end from outside: servers that a measurement started end with it."""

from __future__ import annotations

import signal
from types import FrameType


def heed() -> None:
    """Let SIGTERM end this process as Ctrl-C does, so that what is open is closed on the way."""
    signal.signal(signal.SIGTERM, _interrupt)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt(signal.Signals(number).name)
