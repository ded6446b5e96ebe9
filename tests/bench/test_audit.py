"""The benchmark of replay with cases, made small: whatever the day, its ledger is a clean one."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_small(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "scripts.bench_audit", "--sizes", "40:8", "--out", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    runs = json.loads((tmp_path / "results.json").read_text("utf-8"))["runs"]
    assert {(one["entries"], one["cases"]) for one in runs} == {(48, 8)}
    assert len(runs) == 5
    assert all(one["report"] > 0 and one["seconds"] > 0 for one in runs)
