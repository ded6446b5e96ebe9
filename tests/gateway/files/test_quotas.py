"""How much of one token may wait: others go on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.node import Node
from tests.gateway.files.conftest import NOW
from tests.gateway.files.desk import Desk
from tests.support.node import make_test_node
from tests.support.sheets import GOOD, csv_text

BOUNDS = {"processes": 0, "waiting_per_token": 2, "bytes_per_token": 4000}


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = make_test_node(tmp_path, now=NOW, files=BOUNDS)
    yield node
    node.close()


def test_so_many_files(node: Node) -> None:
    one, other = Desk(node), Desk(node)
    assert [one.post(b"a").status_code for _ in range(3)] == [202, 202, 429]
    refused = one.post(b"a")
    assert refused.json()["code"] == "too-many-requests"
    assert int(refused.headers["Retry-After"]) > 0
    assert "令牌" in refused.json()["text"]["zh"] and "token" in refused.json()["text"]["en"]
    assert other.post(csv_text(GOOD).encode()).status_code == 202
    one.work()
    assert one.post(b"a").status_code == 202


def test_so_many_bytes(node: Node) -> None:
    desk = Desk(node)
    assert desk.post(bytes(3000)).status_code == 202
    refused = desk.post(bytes(3000))
    assert refused.status_code == 429 and "large" in refused.json()["text"]["en"]
    assert Desk(node).post(bytes(3000)).status_code == 202


def test_what_is_set_aside_counts(node: Node) -> None:
    desk = Desk(node)
    for _ in range(2):
        desk.post(b"a")
        held = node.jobs.claim("file")
        assert held is not None
        node.jobs.set_aside(held, "x")
    assert desk.post(b"a").status_code == 429
