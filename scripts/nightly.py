"""What takes too long for every change: each test, on both databases too; chaos, soak, quick
benchmark, every Python.

    python scripts/nightly.py            into build/nightly/, which is emptied first

All of it runs, whatever fails. Figures that are worth keeping are made by the recipes themselves.
"""

import os
import shutil
import sys
from pathlib import Path

from scripts.steps import PYTHON, ROOT, Step, forge, run_steps
from scripts.test import WORKERS
from tests.support import nightly

OUT = Path("build") / "nightly"
ALL_TESTS = ("-m", "pytest", "-q", "-n", str(WORKERS), "--dist", "loadfile")
"""Those of the night too, and each case of those of which `make test` runs some."""
SOAK_RECORDS = 1_000_000
"""A tenth of `make soak`: growth shows after minutes."""


def nightly_steps() -> list[Step]:
    """The longest proofs first."""

    def into(name: str) -> list[str]:
        return ["--out", str(ROOT / OUT / name)]

    folder = ["--folder", str(ROOT / OUT / "soak-network")]
    soak = ["scripts/soak.py", "--records", str(SOAK_RECORDS), *folder]
    forge_test = ["env", "FOUNDRY_PROFILE=night", forge(), "test", "--no-match-contract", "Gas"]
    return [
        Step("contracts", forge_test, live=True),
        Step("all tests", [PYTHON, *ALL_TESTS], live=True),
        Step("on PostgreSQL", [PYTHON, *ALL_TESTS, "--database", "postgresql"], live=True),
        Step("chaos", [PYTHON, "scripts/chaos.py", *into("chaos")], live=True),
        Step("soak", [PYTHON, *soak, *into("soak")], live=True),
        Step("benchmark", [PYTHON, "scripts/bench.py", "--quick", *into("bench")], live=True),
        Step("matrix", [PYTHON, "scripts/matrix.py"], live=True),
    ]


if __name__ == "__main__":
    shutil.rmtree(ROOT / OUT, ignore_errors=True)  # a soak would go on where the last one ended
    os.environ[nightly.EVERY] = "1"
    sys.exit(run_steps(nightly_steps()))
