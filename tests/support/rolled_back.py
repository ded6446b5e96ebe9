"""A member on a real chain, founded once for each module; for each test the chain is put back and
the database is its own. Fixtures, for a conftest to take over."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.node import Node
from tests.support.anvil import Anvil, start_anvil
from tests.support.member import Member, found_member

__all__ = ["anvil", "member", "node"]


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
