"""One chain for all tests of a module: each goes back to where it was just deployed."""

from collections.abc import Iterator

import pytest

from tests.support.chain import TestNetwork, start_network


@pytest.fixture(scope="module")
def shared() -> Iterator[TestNetwork]:
    with start_network() as network:
        yield network


@pytest.fixture
def network(shared: TestNetwork) -> Iterator[TestNetwork]:
    before = shared.anvil.snapshot()
    shared.forget_sent()
    yield shared
    shared.anvil.call("anvil_dropAllTransactions")
    shared.anvil.call("evm_setAutomine", True)
    shared.anvil.revert(before)
