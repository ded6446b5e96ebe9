"""A whole network for tests that drive the product from outside."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.devnet import services
from tests.e2e.member import Member
from tests.support.postgres import USED, database_url, drop_databases


@pytest.fixture(scope="module")
def member(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Member]:
    """A chain and one gateway, stopped at the end whatever happens."""
    folder: Path = tmp_path_factory.mktemp("network")
    with pytest.MonkeyPatch.context() as patch:
        if os.environ.get(USED):
            patch.setenv("CREDIT_LEDGER_DATABASE_URL", database_url(folder))
        try:
            yield Member(folder)
        finally:
            services.down(folder)
            drop_databases(folder)
