"""A member on a real chain, put back for each test, and what its desk does."""

import pytest

from gateway.node import Node
from tests.gateway.casefiles.bureau import Bureau
from tests.support.anvil import Anvil
from tests.support.rolled_back import anvil, member, node

__all__ = ["anvil", "bureau", "member", "node"]


@pytest.fixture
def bureau(node: Node, anvil: Anvil) -> Bureau:
    return Bureau(node, anvil)
