"""A member whose gateway is served, on a real chain; one for each module."""

from collections.abc import Iterator

import pytest

from gateway.node import Node
from tests.support.anvil import Anvil, start_anvil
from tests.support.member import Member, found_member


@pytest.fixture(scope="module")
def anvil() -> Iterator[Anvil]:
    with start_anvil() as made:
        yield made


@pytest.fixture(scope="module")
def member(anvil: Anvil) -> Member:
    return found_member(anvil)


@pytest.fixture
def node(anvil: Anvil, member: Member, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    before = anvil.snapshot()
    made = member.node(tmp_path_factory.mktemp("watching") / "node")
    yield made
    made.close()
    anvil.revert(before)
