"""Two provinces and a bank: real gateways on one chain, another one for each file of tests."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
import structlog

from tests.acceptance.independent import uscc
from tests.gateway.reports.desk import BANK, BEIJING, HEBEI
from tests.support.peers import Network, start_members


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    folder: Path = tmp_path_factory.mktemp("members")
    with start_members(folder, (BEIJING, HEBEI, BANK)) as found:
        yield found


@pytest.fixture
def subject() -> str:
    """A firm that no other test knows."""
    return uscc(next(_numbers), start="91110000MA")


_numbers = count(3000)
