"""What is killed, paused and started again, with real processes."""

import signal
import sys
from pathlib import Path

import psutil

from scripts.chaos_parts.site import wait
from scripts.consortium_parts.process import Process
from tests.support.processes import runs

WAITS = [sys.executable, "-c", "import time; print('here', flush=True); time.sleep(600)"]
PARENT = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time;"
PARENT += " time.sleep(600)']); print('here', flush=True); time.sleep(600)"


def started(command: list[str], folder: Path) -> Process:
    """It has said its first word."""
    one = Process(command, folder / "log")
    one.start()
    while "here" not in one.tail():
        assert one.runs, one.tail()
    return one


def test_killed_and_started_again(tmp_path: Path) -> None:
    one = started(WAITS, tmp_path)
    one.start()
    assert one.log.read_text() == "here\n", "it ran already"
    one.kill()
    assert not one.runs
    one.start()
    assert one.runs
    one.stop()
    assert not one.runs


def test_what_was_paused_ends_all_the_same(tmp_path: Path) -> None:
    one = started([sys.executable, "-c", PARENT], tmp_path)
    (child,) = one.children()
    one.signal(signal.SIGSTOP)
    assert wait(lambda: child.status() == psutil.STATUS_STOPPED)
    assert one.runs, "it stands, and has not ended"
    one.stop()
    assert not one.runs
    assert wait(lambda: child.status() != psutil.STATUS_STOPPED), "it could not hear of it"
    child.kill()
    assert wait(lambda: not runs(child.pid))


def test_what_does_not_run_has_nothing_to_end(tmp_path: Path) -> None:
    one = Process(WAITS, tmp_path / "log")
    one.stop()
    one.kill()
    assert (one.runs, one.children(), one.tail()) == (False, [], "")
