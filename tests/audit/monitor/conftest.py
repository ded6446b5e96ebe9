"""A clean network, watched."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.audit.conftest import Ledger
from tests.audit.monitor.watched import Watched, watch


@pytest.fixture
def watched(ledger: Ledger, tmp_path: Path) -> Iterator[Watched]:
    with watch(ledger, tmp_path) as made:
        yield made
