"""A member on a real chain whose pages people use; one for each module."""

import pytest
from starlette.types import ASGIApp

from gateway.app import create_app
from gateway.node import Node
from tests.gateway.cases.conftest import anvil, member, node
from tests.gateway.web.cases.people import People

__all__ = ["anvil", "member", "node"]


@pytest.fixture(scope="module")
def app(node: Node) -> ASGIApp:
    return create_app(node)


@pytest.fixture(scope="module")
def people(node: Node, app: ASGIApp) -> People:
    return People(node, app)
