"""A node with its pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.types import ASGIApp

from gateway.app import create_app
from gateway.node import Node
from tests.support.node import make_test_node


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = make_test_node(tmp_path)
    yield node
    node.close()


@pytest.fixture
def app(node: Node) -> ASGIApp:
    return create_app(node)
