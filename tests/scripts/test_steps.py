"""Steps of a check, in one row and in several beside each other."""

from pathlib import Path

import pytest

from scripts.steps import PYTHON, Step, run_lanes, run_steps

MEETS = """
import pathlib, sys, time
mine, other = map(pathlib.Path, sys.argv[1:])
mine.touch()
end = time.monotonic() + 300
while not other.exists():
    assert time.monotonic() < end
    time.sleep(0.01)
"""


def meets(mine: Path, other: Path) -> Step:
    """Ends once the other has begun."""
    return Step(mine.name, [PYTHON, "-c", MEETS, str(mine), str(other)])


def says(name: str, code: int) -> Step:
    return Step(name, [PYTHON, "-c", f"print('{name} said'); raise SystemExit({code})"])


def test_rows_run_beside_each_other(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    assert run_lanes([[meets(one, two)], [meets(two, one)]]) == 0
    told = capfd.readouterr().out
    assert "one: ok\n" in told
    assert "two: ok\n" in told


@pytest.mark.parametrize("apart", [False, True])
def test_all_run_whatever_fails(apart: bool, capfd: pytest.CaptureFixture[str]) -> None:
    steps = [says("bad", 3), says("good", 0)]
    ended = run_lanes([[step] for step in steps]) if apart else run_steps(steps, ["a thing"])
    told = capfd.readouterr().out
    assert ended == 1
    assert "bad said" in told and "bad: FAILED (3)\n" in told
    assert "good said" not in told and "good: ok\n" in told
    assert told.endswith("failed: bad\n")
    assert ("LEFT OUT: a thing\n" in told) is not apart
