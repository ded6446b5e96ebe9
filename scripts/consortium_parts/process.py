"""Processes that are killed, paused and started again, as an init system would do it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

STOP_SECONDS = 60.0
TAIL = 1500
"""Characters of a log that are told where something ended that should not have."""


class Process:
    """One program with its arguments; its words go to a file. In a session of its own, so that an
    interrupt of the terminal is ours to hear, and what runs ends in our order."""

    def __init__(
        self, command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self._command = list(command)
        self._environment = {**os.environ, **(environment or {})}
        self._running: subprocess.Popen[bytes] | None = None
        self.log = log

    @property
    def runs(self) -> bool:
        """Whether it was started and has not ended."""
        return self._running is not None and self._running.poll() is None

    def start(self) -> None:
        """Start it where it does not run."""
        if self.runs:
            return
        with self.log.open("ab") as log:
            self._running = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=self._environment,
            )

    def children(self) -> list[psutil.Process]:
        """Those that it started itself: none may outlive it."""
        with suppress(psutil.NoSuchProcess):
            if self._running is not None and self.runs:
                return psutil.Process(self._running.pid).children(recursive=True)
        return []

    def kill(self) -> None:
        """SIGKILL: it can do nothing about it."""
        if self._running is not None:
            self._running.kill()
            self._running.wait()

    def signal(self, number: signal.Signals) -> None:
        """To it and what it started."""
        for one in self.children():
            with suppress(psutil.NoSuchProcess):
                one.send_signal(number)
        if self._running is not None and self.runs:
            self._running.send_signal(number)

    def stop(self) -> None:
        """Ask it to end, and kill it where it does not. What stands still goes on first."""
        if self._running is None or not self.runs:
            return
        self.signal(signal.SIGCONT)
        self._running.terminate()
        try:
            self._running.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def tail(self) -> str:
        """The end of what it said."""
        with suppress(OSError):
            return self.log.read_text("utf-8", "replace")[-TAIL:]
        return ""
