"""Steps of a check: named commands, timed, output shown when they fail."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from gateway.devnet.tools import find_tool

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PYTHON = sys.executable
BYTECODE = ROOT / "build" / "bytecode"


@dataclass(frozen=True)
class Step:
    """One command; `live` lets it write through."""

    name: str
    command: Sequence[str]
    live: bool = False


def forge() -> str:
    """The forge to use: the user's where it is the pinned version, else that of npm."""
    return str(find_tool("forge", root=ROOT))


def environment() -> dict[str, str]:
    """That of this process, with the tools of the environment first; and what Python compiles is
    kept beside them whatever the machine says: the tests start hundreds of processes, each of
    which would compile the whole product again."""
    there = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    path = os.pathsep.join([str(BIN), there.get("PATH", "")])
    return {**there, "PATH": path, "PYTHONPYCACHEPREFIX": str(BYTECODE)}


def run_step(step: Step) -> bool:
    """Run one step and say how it went."""
    started = time.monotonic()
    pipe = None if step.live else subprocess.PIPE
    done = subprocess.run(
        list(step.command),
        cwd=ROOT,
        stdout=pipe,
        stderr=None if step.live else subprocess.STDOUT,
        text=True,
        check=False,
        env=environment(),
    )
    word = "ok" if done.returncode == 0 else f"FAILED ({done.returncode})"
    told = f"[{time.monotonic() - started:6.1f} s] {step.name}: {word}\n"
    if done.returncode and not step.live:
        told = f"{done.stdout}\n{told}"
    print(told, end="", flush=True)  # one write: steps may end at once
    return done.returncode == 0


def run_steps(steps: Sequence[Step], left_out: Sequence[str] = ()) -> int:
    """Run all steps, whatever fails; the exit code of the whole. left_out: what cannot be run on
    this machine, and why; it is said at the end, where nobody overlooks it."""
    return run_lanes([steps], left_out)


def run_lanes(lanes: Sequence[Sequence[Step]], left_out: Sequence[str] = ()) -> int:
    """The same for several rows of steps, which run beside each other: many a step has work for
    one processor alone, or waits."""
    ended = Event()
    failed: list[str] = []

    def run(steps: Sequence[Step]) -> None:
        for step in steps:
            if not ended.is_set() and not run_step(step):
                failed.append(step.name)

    with ThreadPoolExecutor(len(lanes)) as pool:
        try:
            list(pool.map(run, lanes))
        finally:
            ended.set()  # after Ctrl-C nothing more begins
    for what in left_out:
        print(f"LEFT OUT: {what}")
    if failed:
        print("failed: " + ", ".join(failed))
    return 1 if failed else 0
