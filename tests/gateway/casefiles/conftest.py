"""A member on a real chain, with a chain put back and a database of its own for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.node import Node
from tests.gateway.casefiles.bureau import Bureau
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
def node(anvil: Anvil, member: Member, tmp_path: Path) -> Iterator[Node]:
    before = anvil.snapshot()
    made = member.node(tmp_path / "node")
    yield made
    made.close()
    anvil.revert(before)


@pytest.fixture
def bureau(node: Node, anvil: Anvil) -> Bureau:
    return Bureau(node, anvil)
