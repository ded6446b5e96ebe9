"""A member on a real chain, with records that are anchored; one for each module."""

from collections.abc import Iterator

import pytest

from gateway.node import Node
from tests.gateway.statuses.conftest import network, shared
from tests.support.anvil import Anvil, start_anvil
from tests.support.member import Member, found_member

__all__ = ["anvil", "member", "network", "node", "shared"]


@pytest.fixture(scope="module")
def anvil() -> Iterator[Anvil]:
    with start_anvil() as made:
        yield made


@pytest.fixture(scope="module")
def member(anvil: Anvil) -> Member:
    return found_member(anvil)


@pytest.fixture(scope="module")
def node(member: Member, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    made = member.node(tmp_path_factory.mktemp("cases") / "node")
    yield made
    made.close()
