"""`--database postgresql`: whatever a gateway under test stores, it stores there."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

from tests.support import nightly, postgres

# Whether a test passes must not depend on how fast this machine is, or how busy.
settings.register_profile(
    "any-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any-machine")

LONG = frozenset({"e2e", "docs", "acceptance", "proxy", "pages"})
"""Folders whose tests take minutes."""
WALKS = frozenset({"test_after_a_grant", "test_walk", "test_liars", "test_bounded_reading"})
"""Files elsewhere whose tests do."""
TOGETHER = "tests/acceptance/"
"""Its tests share a network of six gateways: one process runs them all, or each would start it."""
APART = frozenset({"test_outsider.py", "test_quality_closed.py"})
"""Files of that folder that do without it."""

_STARTED = pytest.StashKey[ExitStack]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help=f"database of the gateways; for postgresql see {postgres.GIVEN}",
    )
    parser.addoption("--pictures", metavar="DIR", help="pictures of all pages go there")


def pytest_configure(config: pytest.Config) -> None:
    """A server per process that runs tests: not where xdist only hands them out."""
    os.environ.pop(postgres.USED, None)
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(AtOnce(config))
    hands_out = config.getoption("numprocesses", None) and not hasattr(config, "workerinput")
    if config.getoption("database") == "postgresql" and not hands_out:
        stack = config.stash[_STARTED] = ExitStack()
        os.environ[postgres.USED] = stack.enter_context(postgres.server_url())


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Long tests first, so that none is left to one process while the others have nothing to do;
    without those of the night by day."""
    if not nightly.is_night():
        later = [item for item in items if item.get_closest_marker("nightly")]
        config.hook.pytest_deselected(items=later)
        items[:] = [item for item in items if item not in {*later}]
    items.sort(key=lambda item: not (item.path.stem in WALKS or LONG & {*item.path.parts}))


class ByFile(LoadFileScheduling):  # type: ignore[misc]
    """Tests of one file go to one process, and those of `TOGETHER` too."""

    def _split_scope(self, nodeid: str) -> str:
        file = str(super()._split_scope(nodeid))
        shares = file.startswith(TOGETHER) and file.removeprefix(TOGETHER) not in APART
        return TOGETHER if shares else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile | None:
    """None: as xdist does by itself."""
    return ByFile(config, log) if config.getvalue("dist") == "loadfile" else None


class AtOnce:
    """Says what failed when it fails: of a run that is stopped nothing else may be left."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if report.failed and reporter is not None:
            crash = getattr(report.longrepr, "reprcrash", None)
            why = (crash.message if crash else str(report.longrepr)).partition("\n")[0]
            when = f"{report.when}, {report.duration:.0f} s"
            reporter.write_line(f"\n{report.nodeid} ({when}): {why}")


def pytest_unconfigure(config: pytest.Config) -> None:
    postgres.forget_tables()
    if stack := config.stash.get(_STARTED, None):
        stack.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """Databases of the test go with it."""
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    yield
    if folder is not None:
        postgres.drop_databases(folder)
