"""One anvil with one network for all tests here; each test leaves the chain as it found it."""

from collections.abc import Iterator

import pytest

from tests.support.anvil import Anvil, start_anvil
from tests.support.chain import TestNetwork, deploy_network
from tests.support.proxy import Proxy, start_proxy


@pytest.fixture(scope="session")
def deployed() -> Iterator[TestNetwork]:
    with start_anvil() as anvil:
        yield deploy_network(anvil)


@pytest.fixture
def network(deployed: TestNetwork) -> Iterator[TestNetwork]:
    """The network as it was just deployed."""
    snapshot = deployed.anvil.snapshot()
    yield deployed
    deployed.anvil.revert(snapshot)
    deployed.forget_sent()


@pytest.fixture
def anvil(network: TestNetwork) -> Anvil:
    return network.anvil


@pytest.fixture
def proxy(anvil: Anvil) -> Iterator[Proxy]:
    with start_proxy(anvil.url) as proxy:
        yield proxy


@pytest.fixture
def proxies(anvil: Anvil) -> Iterator[list[Proxy]]:
    """Three doors to the same node; each can be made to lie."""
    with start_proxy(anvil.url) as a, start_proxy(anvil.url) as b, start_proxy(anvil.url) as c:
        yield [a, b, c]
