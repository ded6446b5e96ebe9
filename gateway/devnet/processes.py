"""Detached processes known by a file that holds their id."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from gateway.devnet.files import write_atomic
from ledger.core.errors import LedgerError

STOP_SECONDS = 90.0
"""The guard gives anvil a minute of these."""
_STARTED: list[subprocess.Popen[bytes]] = []
"""Held, or they would be reported as forgotten: they outlive this command on purpose."""


class NotStarted(LedgerError):
    """A process ended or did not become ready. tail: the last lines of its log."""

    def __init__(self, name: str, problem: str, tail: str = "") -> None:
        super().__init__(f"{name}: {problem}" + (f"\n{tail}" if tail else ""))
        self.name = name
        self.tail = tail


@dataclass(frozen=True, slots=True, kw_only=True)
class Detached:
    """A process of ours: its name, id file, log file, and the arguments after `python -m`.

    The arguments name this network's folder, which tells our process from a stranger's that was
    given the same id later.
    """

    name: str
    pid_file: Path
    log_file: Path
    arguments: Sequence[str]

    def find(self) -> psutil.Process | None:
        """The running process, or None."""
        try:
            process = psutil.Process(int(self.pid_file.read_text("ascii")))
            ours = process.cmdline()[-len(self.arguments) :] == list(self.arguments)
            alive = process.is_running() and process.status() != psutil.STATUS_ZOMBIE
        except (OSError, ValueError, psutil.Error):
            return None
        return process if ours and alive else None

    def start(self, environment: dict[str, str]) -> None:
        """Start it in a session of its own, so that it outlives this command and its terminal."""
        with self.log_file.open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - our own module, arguments from the layout
                [sys.executable, "-m", *self.arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=self.pid_file.parent,
                env={**os.environ, **environment},
            )
        _STARTED.append(process)
        write_atomic(self.pid_file, str(process.pid).encode())

    def stop(self) -> bool:
        """End it: first asked, then killed. False where it was not running."""
        process = self.find()
        if process is None:
            self.pid_file.unlink(missing_ok=True)
            return False
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(STOP_SECONDS)
        self.pid_file.unlink(missing_ok=True)
        return True

    def tail(self, lines: int = 15) -> str:
        """The end of its log."""
        try:
            return "\n".join(self.log_file.read_text("utf-8", "replace").splitlines()[-lines:])
        except OSError:
            return ""


def wait_until(
    condition: Callable[[], bool], seconds: float, processes: Sequence[Detached]
) -> None:
    """Wait for `condition()`; raises NotStarted when a process ended or time ran out."""
    deadline = time.monotonic() + seconds
    while not condition():
        for process in processes:
            if process.find() is None:
                raise NotStarted(process.name, "ended right away", process.tail())
        if time.monotonic() > deadline:
            first = processes[0]
            raise NotStarted(first.name, f"not ready after {seconds:.0f} s", first.tail())
        time.sleep(0.1)
