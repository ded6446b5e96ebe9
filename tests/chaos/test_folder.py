"""A run takes and deletes no folder of anybody else's."""

import subprocess
import sys
from pathlib import Path

from scripts.chaos_parts.folder import NETWORK, clear, refusal
from scripts.chaos_parts.outcome import JOURNAL

ROOT = Path(__file__).resolve().parent.parent.parent


def of_a_run(folder: Path) -> Path:
    (folder / NETWORK / "members").mkdir(parents=True)
    (folder / JOURNAL).write_text("{}\n")
    return folder


def test_what_a_run_may_have(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none") == ""
    assert refusal(tmp_path) == ""
    assert refusal(of_a_run(tmp_path / "before")) == ""


def test_what_it_may_not_have(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "no folder" in refusal(tmp_path / "file")
    (tmp_path / "mine" / NETWORK).mkdir(parents=True)
    assert "--folder" in refusal(tmp_path / "mine"), "it may be somebody's network"
    ours = of_a_run(tmp_path / "both")
    (ours / "thesis.txt").write_text("")
    assert "--folder" in refusal(ours)


def test_the_script_touches_nothing_then(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("three years")
    script = str(ROOT / "scripts" / "chaos.py")
    command = [sys.executable, script, "--folder", str(tmp_path), "--out", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, "--folder" in done.stderr) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_only_what_a_run_has_made_is_deleted(tmp_path: Path) -> None:
    clear(of_a_run(tmp_path / "ours"))
    assert not (tmp_path / "ours").exists()
    both = of_a_run(tmp_path / "both")
    (both / "thesis.txt").write_text("")
    clear(both)
    assert [path.name for path in both.iterdir()] == ["thesis.txt"]
