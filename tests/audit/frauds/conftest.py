"""The honest run, once; each test has the chain and copies of all the rest for itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.audit.conftest import Ledger
from tests.audit.frauds.honest import anew, honest, twin
from tests.audit.frauds.scene import Scene


@pytest.fixture(scope="module")
def run(founded: Ledger, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    anvil = founded.network.anvil
    snapshot = anvil.snapshot()
    ledger = Ledger(founded.network, twin(founded.beijing), twin(founded.tianjin))
    yield honest(ledger, tmp_path_factory.mktemp("honest"))
    anvil.revert(snapshot)
    founded.network.forget_sent()


@pytest.fixture
def scene(run: Scene, tmp_path: Path) -> Iterator[Scene]:
    anvil = run.network.anvil
    snapshot = anvil.snapshot()
    yield anew(run, tmp_path)
    anvil.revert(snapshot)
    run.network.forget_sent()
