"""Three provinces and a bank with real gateways on one chain, who file cases with each other."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.gateway.abroad.desk import BANK, BEIJING, HEBEI, TIANJIN
from tests.support.peers import Network, start_members


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    folder: Path = tmp_path_factory.mktemp("members")
    with start_members(folder, (BEIJING, TIANJIN, HEBEI, BANK)) as found:
        yield found


@pytest.fixture(autouse=True)
def honest(request: pytest.FixtureRequest) -> Iterator[None]:
    """No relay keeps a fault of the test before."""
    yield
    if "network" in request.fixturenames:
        for member in request.getfixturevalue("network").members.values():
            member.relay.clear()
