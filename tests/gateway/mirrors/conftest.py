"""One chain with four provinces for all tests of mirrors."""

from collections.abc import Iterator

import pytest

from tests.support.anvil import start_anvil
from tests.support.mirrored import Peers, nobody, start_peers


@pytest.fixture(scope="session")
def network() -> Iterator[Peers]:
    with start_anvil() as anvil, start_peers(anvil) as peers:
        yield peers


@pytest.fixture
def peers(network: Peers) -> Iterator[Peers]:
    """Each test goes back to where it was just deployed."""
    before = network.anvil.snapshot()
    network.network.forget_sent()
    yield network
    network.anvil.revert(before)
    for door in network.doors.values():
        door.answer = nobody
        door.asked.clear()
