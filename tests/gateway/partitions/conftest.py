"""A PostgreSQL of its own, whose tables are cut as a test wants them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.node import Node
from tests.support.node import make_test_node
from tests.support.postgres import USED, Postgres, start_postgres

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with start_postgres() as server:
        yield server


@pytest.fixture
def node(server: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Node]:
    monkeypatch.setenv(USED, server.url)
    node = make_test_node(tmp_path, now=NOW)
    yield node
    node.close()
