"""Two provinces and a bank with real gateways on one chain; each file of tests has its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from starlette.types import ASGIApp

from tests.gateway.web.verify.papers import BANK, BEIJING, TIANJIN, pages_of
from tests.support.peers import Network, start_members


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    folder: Path = tmp_path_factory.mktemp("members")
    with start_members(folder, (BEIJING, TIANJIN, BANK)) as found:
        yield found


@pytest.fixture(autouse=True)
def chain_of_today(network: Network) -> None:
    network.keep_time()


@pytest.fixture
def app(network: Network) -> Iterator[ASGIApp]:
    """The pages of Beijing, with an untouched budget."""
    with pages_of(network) as found:
        yield found
