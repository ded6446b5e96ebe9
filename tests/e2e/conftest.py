"""A whole network for tests that drive the product from outside."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.devnet import services
from tests.e2e.member import Member


@pytest.fixture(scope="module")
def member(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Member]:
    """A chain and one gateway, stopped at the end whatever happens."""
    folder: Path = tmp_path_factory.mktemp("network")
    try:
        yield Member(folder)
    finally:
        services.down(folder)
