"""A node whose clock stands at noon of 2026-11-23 in China, and has looked at it once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.node import Node
from tests.gateway.statements.desk import NOON, SEED
from tests.support.node import make_test_node


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = make_test_node(tmp_path, seed=SEED, now=NOON)
    assert node.daily_batch.step() is None
    yield node
    node.close()
