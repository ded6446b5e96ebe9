"""A member on a real chain with its pages, put back for each test."""

from __future__ import annotations

import pytest
from starlette.types import ASGIApp

from gateway.app import create_app
from gateway.node import Node
from tests.support.rolled_back import anvil, member, node

__all__ = ["anvil", "member", "node"]


@pytest.fixture
def app(node: Node) -> ASGIApp:
    return create_app(node)
