"""Two provinces and a bank with real gateways on one chain; each file of tests has its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.support.peers import Network, start_members

BEIJING, TIANJIN, BANK = "110000", "120000", "demo-bank"
CUSTODIAN = BEIJING


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    folder: Path = tmp_path_factory.mktemp("members")
    codes = (BEIJING, TIANJIN, BANK)
    with start_members(folder, codes, consent=(CUSTODIAN,)) as found:
        yield found
