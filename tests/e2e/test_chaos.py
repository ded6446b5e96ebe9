"""Some two minutes of `make chaos`, always the same faults; and that it leaves nothing running."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from tests.support import nightly
from tests.support.processes import runs

pytestmark = nightly.mark

ROOT = Path(__file__).resolve().parent.parent.parent
SEED = "471"
"""Kills, pauses or cuts all there is within its first turns: see the test."""
SCRIPT = [sys.executable, str(ROOT / "scripts" / "chaos.py")]
PAUSED = "5"
"""Pauses the database first, for minutes where it may."""
LONGEST = "4"
"""Seconds of a fault at most."""
FAULTS = "8"
"""Turns: their number decides, so a slow machine takes longer and sees the same."""


def test_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    folder, out = tmp_path / "site", tmp_path / "out"
    command = [*SCRIPT, "--seed", SEED, "--faults", FAULTS, "--longest", LONGEST]
    command += ["--folder", str(folder), "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout[-6000:], done.stderr[-3000:])
    assert done.stdout.startswith(f"chaos: seed {SEED}\n")
    found = json.loads((out / "results.json").read_text("utf-8"))
    assert found["problems"] == []
    assert len(found["healings"]) == int(FAULTS)
    assert all(check["times"] > 0 for check in found["checks"]), "nothing to check is a failure"
    for end in ("gateway", "database", "chain", "signer", "clients"):
        assert any(end in name for name in found["figures"]), "drawn by this seed"
    assert {name.split()[0] for name in found["figures"]} >= {"kill", "pause", "cut", "mute"}
    journal = [json.loads(line) for line in (out / "journal.jsonl").read_text("utf-8").splitlines()]
    assert sum(line["what"] == "healed" for line in journal) == int(FAULTS)
    assert not folder.exists(), "kept where something was wrong"


def test_interrupted(tmp_path: Path) -> None:
    """While the database stands still, which must go on before it can end."""
    command = [*SCRIPT, "--seed", PAUSED, "--longest", "600"]
    command += ["--folder", str(tmp_path / "site"), "--out", str(tmp_path / "out")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        try:
            while "pause database" not in (line := running.stdout.readline()):
                assert line, "it ended"
            started = psutil.Process(running.pid).children(recursive=True)
            running.send_signal(signal.SIGTERM)
            told = running.stdout.read()
            assert running.wait() == 1
        finally:
            running.kill()
    assert "interrupted by SIGTERM" in told
    assert len(started) > 10, "two gateways, their workers, PostgreSQL, a chain, a signer"
    assert [one.pid for one in started if runs(one.pid)] == []
    assert (tmp_path / "site").is_dir(), "to be looked at"
