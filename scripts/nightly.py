"""What takes too long for every change: chaos, soak, quick benchmark, every Python.

    python scripts/nightly.py            into build/nightly/, which is emptied first

All of it runs, whatever fails. Figures that are worth keeping are made by the recipes themselves.
"""

import os
import shutil
import sys
from pathlib import Path

from scripts.steps import PYTHON, ROOT, Step, run_steps
from scripts.test import BRIEF_CHAOS
from tests.support import flipping

OUT = Path("build") / "nightly"
EVERY_BIT = ("tests/core/test_verdict.py", "tests/core/test_opening.py", "-k", "flipped_bit")
SOAK_RECORDS = 1_000_000
"""A tenth of `make soak`: growth shows after minutes."""


def nightly_steps() -> list[Step]:
    """The longest proofs first."""

    def into(name: str) -> list[str]:
        return ["--out", str(ROOT / OUT / name)]

    folder = ["--folder", str(ROOT / OUT / "soak-network")]
    soak = ["scripts/soak.py", "--records", str(SOAK_RECORDS), *folder]
    return [
        Step("every bit", [PYTHON, "-m", "pytest", "-q", "-n", "2", *EVERY_BIT], live=True),
        Step("chaos, briefly", [PYTHON, "-m", "pytest", "-q", BRIEF_CHAOS], live=True),
        Step("chaos", [PYTHON, "scripts/chaos.py", *into("chaos")], live=True),
        Step("soak", [PYTHON, *soak, *into("soak")], live=True),
        Step("benchmark", [PYTHON, "scripts/bench.py", "--quick", *into("bench")], live=True),
        Step("matrix", [PYTHON, "scripts/matrix.py"], live=True),
    ]


if __name__ == "__main__":
    shutil.rmtree(ROOT / OUT, ignore_errors=True)  # a soak would go on where the last one ended
    os.environ[flipping.EVERY] = "1"
    sys.exit(run_steps(nightly_steps()))
