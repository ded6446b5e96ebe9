"""A whole network for tests that drive the product from outside."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.devnet import services
from ledger.cli.main import run
from tests.e2e.member import Member
from tests.e2e.provinces import Provinces, founded
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


@pytest.fixture
def provinces(
    tmp_path: Path,
    capsysbinary: pytest.CaptureFixture[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Provinces]:
    for name in ("NETWORK", "RPC", "TOKEN", "DIR", "NOW", "ENV", "KEY_PASSWORD_FILE"):
        monkeypatch.delenv(f"CREDIT_LEDGER_{name}", raising=False)
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "en")

    def call(*words: object) -> tuple[int, str]:
        capsysbinary.readouterr()
        code = run([str(word) for word in words])
        told = capsysbinary.readouterr()
        return code, told.out.decode() if code == 0 or told.out else told.err.decode()

    with founded(tmp_path / "network", call) as found:
        yield found
