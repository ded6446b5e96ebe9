"""Two provinces, a bank and an auditor with real gateways on one chain."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.support.peers import Network, start_members

BEIJING, TIANJIN, BANK, AUDITOR = "110000", "120000", "demo-bank", "demo-auditor"


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    folder: Path = tmp_path_factory.mktemp("members")
    with start_members(folder, (BEIJING, TIANJIN, BANK, AUDITOR)) as found:
        for member in found.members.values():
            member.node.peers.messages.give({})  # the cases have tests of their own
        yield found


@pytest.fixture(autouse=True)
def honest(request: pytest.FixtureRequest) -> Iterator[None]:
    """No relay keeps a fault of the test before."""
    yield
    if "network" in request.fixturenames:
        for member in request.getfixturevalue("network").members.values():
            member.relay.clear()
