"""A node whose clock stands in the afternoon of 2026-11-23 in China."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.node import Node
from tests.support.node import make_test_node

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
SEED = "quality"


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = make_test_node(tmp_path, seed=SEED, now=NOW)
    yield node
    node.close()
