"""Two custodians (a province and a bureau), another province and a bank on one chain, which is days
old: what was promised when it began is overdue."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import structlog

from gateway.base.keyring import Keyring
from tests.gateway.authorisations.desk import BANK, BEIJING, BUREAU, CUSTODIANS, TIANJIN
from tests.support.chain import TestNetwork
from tests.support.peers import Network, start_members

AGE = 5 * 86_400


def catch_up(chain: TestNetwork, _folder: Path) -> Mapping[str, Keyring]:
    """The chain goes on by the clock of now."""
    chain.anvil.call("evm_setTime", int(time.time()))
    chain.anvil.mine()
    return {}


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    folder: Path = tmp_path_factory.mktemp("members")
    codes = (BEIJING, TIANJIN, BUREAU, BANK)
    begun = ("--timestamp", str(int(time.time()) - AGE))
    with start_members(
        folder, codes, consent=CUSTODIANS, before=catch_up, anvil_args=begun
    ) as found:
        yield found


@pytest.fixture(autouse=True)
def honest(request: pytest.FixtureRequest) -> Iterator[None]:
    """No relay keeps a fault of the test before."""
    yield
    if "network" in request.fixturenames:
        for member in request.getfixturevalue("network").members.values():
            member.relay.clear()
