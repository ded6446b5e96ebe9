"""`--database postgresql`: whatever a gateway under test stores, it stores there."""

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from hypothesis import HealthCheck, settings

from tests.support import postgres

# Whether a test passes must not depend on how fast this machine is, or how busy.
settings.register_profile(
    "any-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any-machine")

LONG = frozenset({"e2e", "docs", "acceptance", "proxy"})
"""Folders whose tests take minutes."""

_STARTED = pytest.StashKey[ExitStack]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help=f"database of the gateways; for postgresql see {postgres.GIVEN}",
    )


def pytest_configure(config: pytest.Config) -> None:
    """A server per process that runs tests: not where xdist only hands them out."""
    os.environ.pop(postgres.USED, None)
    hands_out = config.getoption("numprocesses", None) and not hasattr(config, "workerinput")
    if config.getoption("database") == "postgresql" and not hands_out:
        stack = config.stash[_STARTED] = ExitStack()
        os.environ[postgres.USED] = stack.enter_context(postgres.server_url())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests first, so that none is left to one process while the others have nothing to do."""
    items.sort(key=lambda item: LONG.isdisjoint(item.path.parts))


def pytest_unconfigure(config: pytest.Config) -> None:
    if stack := config.stash.get(_STARTED, None):
        stack.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """Databases of the test go with it."""
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    yield
    if folder is not None:
        postgres.drop_databases(folder)
