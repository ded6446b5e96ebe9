"""Detached processes: what has ended is known to have, whoever buries it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from gateway.devnet import processes
from gateway.devnet.processes import Detached
from tests.support.child import ROOT
from tests.support.processes import command_line, runs

SLEEPER = "import sys, time; print('up', flush=True); time.sleep(3600)"
PARENT = """
import sys, time
from pathlib import Path
from tests.gateway.devnet.test_processes import detached
detached(Path(sys.argv[1])).start({})
print("started", flush=True)
time.sleep(3600)
"""


def detached(folder: Path) -> Detached:
    """A process that sleeps."""
    (folder / "sleeper.py").write_text(SLEEPER)
    return Detached(
        name="sleeper",
        pid_file=folder / "pid",
        log_file=folder / "log",
        arguments=["sleeper", str(folder)],
    )


@pytest.fixture
def careless(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A parent that started the process and buries nobody."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert parent.stdout
    assert parent.stdout.readline() == "started\n"
    yield parent
    parent.kill()
    parent.communicate()


def test_a_zombie_has_ended(
    careless: subprocess.Popen[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a container nobody buries what `network up` left behind; `down` does not wait for it."""
    monkeypatch.setattr(processes, "STOP_SECONDS", 120.0)
    sleeper = detached(tmp_path)
    process = sleeper.find()
    assert process is not None
    assert runs(process.pid)
    assert sleeper.stop()
    assert process.status() == psutil.STATUS_ZOMBIE
    assert not runs(process.pid)
    assert command_line(process) == []
    assert sleeper.find() is None
    assert not sleeper.stop()


def test_a_child_of_ours_is_buried(tmp_path: Path) -> None:
    sleeper = detached(tmp_path)
    sleeper.start({})
    process = sleeper.find()
    assert process is not None
    assert sleeper.stop()
    assert not psutil.pid_exists(process.pid)


def test_one_that_goes_on_has_not_ended() -> None:
    assert not processes.ended(psutil.Process(), 0.0), "this very process"


def test_it_is_found_as_soon_as_it_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While exec replaces the program, its parent goes on and the arguments are none."""
    none_yet = iter(range(3))
    really = psutil.Process.cmdline

    def as_during_exec(process: psutil.Process) -> list[str]:
        return really(process) if next(none_yet, None) is None else []

    monkeypatch.setattr(psutil.Process, "cmdline", as_during_exec)
    sleeper = detached(tmp_path)
    sleeper.start({})
    try:
        assert sleeper.find() is not None
    finally:
        monkeypatch.undo()
        assert sleeper.stop()
