"""Detached processes known by a file that holds their id."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
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


class PortsTaken(NotStarted):
    """Other programs listen where processes of ours should. ports: by the name of the process."""

    def __init__(self, ports: Mapping[str, int]) -> None:
        taken = ", ".join(f"{port} ({name})" for name, port in ports.items())
        problem = (
            f"ports taken by another program: {taken}; stop it, or make the network elsewhere"
            " with --base-port N (0: any free ports) and --dir"
        )
        super().__init__(next(iter(ports)), problem)
        self.ports = dict(ports)


class NotStopped(LedgerError):
    """A process goes on although it was killed: the system holds it."""

    def __init__(self, name: str, pid: int) -> None:
        super().__init__(f"{name}: process {pid} does not end")


def ended(process: psutil.Process, seconds: float) -> bool:
    """Whether it ends within so many seconds. A zombie has: who should bury it may never do so, as
    the first process of many containers."""
    deadline = time.monotonic() + seconds
    with suppress(psutil.NoSuchProcess):
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
    for ours in _STARTED:
        ours.poll()
    return True


def _until_named(process: subprocess.Popen[bytes]) -> None:
    """Wait until its arguments can be read, by which `find` knows it, or until it has ended: exec
    lets the parent go on earlier, on a busy machine by long enough to be seen."""
    with suppress(psutil.NoSuchProcess):  # a zombie is one of these
        while process.poll() is None and not psutil.Process(process.pid).cmdline():
            time.sleep(0.005)


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

    def environment(self) -> dict[str, str]:
        """What it was started with; empty where it does not run."""
        process = self.find()
        try:
            return {} if process is None else process.environ()
        except psutil.Error:
            return {}

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
        _until_named(process)
        write_atomic(self.pid_file, str(process.pid).encode())

    def stop(self) -> bool:
        """End it: first asked, then killed. False where it was not running."""
        process = self.find()
        if process is None:
            self.pid_file.unlink(missing_ok=True)
            return False
        with suppress(psutil.NoSuchProcess):
            process.terminate()
            if not ended(process, STOP_SECONDS):
                process.kill()
                if not ended(process, STOP_SECONDS):
                    raise NotStopped(self.name, process.pid)
        self.pid_file.unlink(missing_ok=True)
        return True

    def tail(self, lines: int = 15) -> str:
        """The end of its log."""
        try:
            return "\n".join(self.log_file.read_text("utf-8", "replace").splitlines()[-lines:])
        except OSError:
            return ""


def wait_until(
    ready: Callable[[Detached], bool], seconds: float, processes: Sequence[Detached]
) -> None:
    """Wait until all of them are ready; NotStarted names one that ended or kept us waiting."""
    deadline = time.monotonic() + seconds
    waiting = list(processes)
    while waiting := [process for process in waiting if not ready(process)]:
        for process in waiting:
            if process.find() is None:
                raise NotStarted(process.name, "ended right away", process.tail())
        if time.monotonic() > deadline:
            first = waiting[0]
            raise NotStarted(first.name, f"not ready after {seconds:.0f} s", first.tail())
        time.sleep(0.1)
