"""Everything CI checks, in one run."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from scripts.lint import lint_steps
from scripts.steps import PYTHON, ROOT, Step, forge, run_lanes

PICTURES = ROOT / "build" / "pages"
"""Of every page in both languages, as the browser tests saw them."""
TOOLS = {
    "tests/proxy": ("nginx", "nginx-light"),
    "tests/deploy/test_alerts.py": ("promtool", "prometheus"),
    "tests/deploy/test_unit.py": ("systemd-analyze", "systemd"),
}
"""Tests that need a program of the system: which one, and its package on Debian."""
ON_POSTGRESQL = (
    "tests/e2e/test_two_gateways.py",
    "tests/gateway/anchoring/test_anchor_crash.py",
    "tests/gateway/anchoring/test_anchoring.py",
    "tests/gateway/anchoring/test_lease.py",
    "tests/gateway/app/test_nul.py",
    "tests/gateway/files/test_quotas.py",
    "tests/gateway/files/test_worker.py",
    "tests/gateway/intake/test_concurrency.py",
    "tests/gateway/intake/test_idempotency.py",
    "tests/gateway/intake/test_intake_crash.py",
    "tests/gateway/intake/test_submit_set.py",
    "tests/gateway/log",
    "tests/gateway/products/test_notices.py",
    "tests/gateway/queries/test_asked_under.py",
    "tests/gateway/queries/test_erased.py",
    "tests/gateway/test_old_databases.py",
    "tests/gateway/test_revision.py",
    "tests/gateway/test_spine.py",
    "tests/gateway/tokens",
    "tests/gateway/watching/test_changes.py",
    "tests/gateway/webhooks/test_delivering.py",
    "tests/gateway/webhooks/test_webhook_crash.py",
)
"""Tests for which it matters most where rows are kept, run once more; at night all of them are."""

CORES = os.cpu_count() or 2
WORKERS = min(CORES, 7) + 4
"""Many tests wait more than they compute: for a chain, a lease, a child."""
BESIDE = max(2, min(CORES, 7) // 2)
"""Of tests that run beside those."""


IN_MEMORY = Path("/dev/shm")  # noqa: S108 - a fresh folder in it
ROOM = 8 << 30
"""Bytes that must be free there, and of memory."""


def test_lanes(folder: Path | None) -> list[list[Step]]:
    """Linters first, then the contracts, then Python: the quick answers come early. The tests that
    take longest begin at once, beside all of that. folder: for what they write; None: as pytest
    has it."""
    apart = ["--ignore=tests/core", *(f"--ignore={tests}" for tests in without_tools())]
    coverage = ["--cov=ledger.core", "--cov-branch", "--cov-fail-under=100"]
    coverage += ["--cov-report=term-missing:skip-covered", "--cov-config=pyproject.toml"]
    core = [*pytest(BESIDE, folder, "core"), "tests/core", *coverage]
    postgresql = [*pytest(BESIDE, folder, "postgresql"), "--database", "postgresql", *ON_POSTGRESQL]
    most = pytest(WORKERS, folder, "most")
    collected = [PYTHON, "-m", "pytest", "-q", "--collect-only", "tests"]
    return [
        # Once by one process, which keeps what it compiles: else each of the many does it.
        [
            Step("collection", collected),
            Step("pytest", [*most, *apart, "--pictures", str(PICTURES)], live=True),
        ],
        [
            *lint_steps(),
            Step("forge test", [forge(), "test"]),
            Step("gas snapshot", [PYTHON, "scripts/gas.py", "--check"]),
            Step("contract artefacts", [PYTHON, "scripts/build.py", "--check"]),
            Step("size snapshot", [PYTHON, "scripts/sizes.py", "--check"]),
            Step("vectors", [PYTHON, "scripts/vectors.py", "--check"]),
            Step("ledger/core, 100 % branches", core),
            Step("benchmark, for correctness", [PYTHON, "scripts/bench.py", "--check"]),
            Step("pytest on PostgreSQL", postgresql),
        ],
    ]


def pytest(workers: int, folder: Path | None, name: str) -> list[str]:
    """The command, for so many processes."""
    # Tests of one file share what they start, a chain or a gateway. Files run in the order of
    # tests/conftest.py; by itself xdist would leave the long ones, with few tests, to the end.
    command = [PYTHON, "-m", "pytest", "-q", "-n", str(workers), "--dist", "loadfile"]
    command += ["--no-loadscope-reorder", "--durations", "25"]
    return command if folder is None else [*command, "--basetemp", str(folder / name)]


@contextmanager
def quick_folder() -> Iterator[Path | None]:
    """A folder in memory, gone at the end. On a disk each commit of each database waits until it is
    written, which tests the machine and not us: what tests kill is a process. None where there is
    no room, or where no program may lie, as some tests have it."""
    if IN_MEMORY.is_dir() and not os.statvfs(IN_MEMORY).f_flag & os.ST_NOEXEC:
        free = min(shutil.disk_usage(IN_MEMORY).free, psutil.virtual_memory().available)
        if free > ROOM:
            with TemporaryDirectory(prefix="credit-ledger-", dir=IN_MEMORY) as folder:
                yield Path(folder)
            return
    yield None


def without_tools() -> list[str]:
    """Tests whose program is not on this machine."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin"
    return [tests for tests, (tool, _) in TOOLS.items() if shutil.which(tool, path=path) is None]


def left_out() -> list[str]:
    """What cannot be run on this machine."""
    return [
        f"{tests}: {tool} is not installed (on Debian, as root: apt-get install {package})"
        for tests in without_tools()
        for tool, package in (TOOLS[tests],)
    ]


if __name__ == "__main__":
    with quick_folder() as found:
        sys.exit(run_lanes(test_lanes(found), left_out()))
