"""A bureau that makes products of records of two provinces, and a bank that uses them: real
gateways on one chain, another one for each file of tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.gateway.products.workshop import BANK, BEIJING, BUREAU, TIANJIN
from tests.support.peers import Network, start_members


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    folder: Path = tmp_path_factory.mktemp("members")
    codes = (BEIJING, TIANJIN, BUREAU, BANK)
    with start_members(folder, codes, makers=(BEIJING, BUREAU)) as found:
        yield found
