"""Records that are followed by themselves, and what changed last."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.app import create_app
from gateway.node import Node
from gateway.watching import singles
from tests.gateway.intake.material import bearer, new_token
from tests.support.asgi import Client
from tests.support.node import make_test_node

RECORD = "ab" * 32


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    made = make_test_node(tmp_path)
    yield made
    made.close()


def ask(node: Node, headers: dict[str, str], method: str, path: str, **options: Any) -> Any:
    return Client(create_app(node)).request(method, path, headers=headers, **options)


def follow(node: Node, headers: dict[str, str], record: Any) -> Any:
    return ask(node, headers, "POST", "/v1/watched-records", json={"record": record})


def listed(node: Node, headers: dict[str, str]) -> list[str]:
    items = ask(node, headers, "GET", "/v1/watched-records").json()["items"]
    return [one["record"] for one in items]


def test_follow_and_not(node: Node) -> None:
    """The same again is the same; nobody else sees it, or ends it."""
    mine, other = (bearer(new_token(node, "read", department=one)) for one in ("a", "b"))
    assert follow(node, mine, RECORD).status_code == 201
    assert follow(node, mine, RECORD).json() == {"record": RECORD}
    assert (listed(node, mine), listed(node, other)) == ([RECORD], [])
    path = f"/v1/watched-records/{RECORD}"
    assert ask(node, other, "DELETE", path).status_code == 404
    assert ask(node, mine, "DELETE", path).status_code == 204
    assert ask(node, mine, "DELETE", path).status_code == 404
    assert listed(node, mine) == []


@pytest.mark.parametrize("record", ["", "x", "AB" * 32, 7, None])
def test_what_is_no_record(node: Node, record: object) -> None:
    answer = follow(node, bearer(new_token(node, "read")), record)
    assert (answer.status_code, answer.json()["field"]) == (422, "record")


def test_bounded(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(singles, "MAX_SINGLES", 1)
    mine = bearer(new_token(node, "read"))
    assert follow(node, mine, RECORD).status_code == 201
    assert follow(node, mine, "cd" * 32).json()["code"] == "too-many-followed"


def test_nothing_without_the_scope(node: Node) -> None:
    mine = bearer(new_token(node, "consent"))
    for method, path in (("GET", "/v1/watched-records"), ("GET", "/v1/watch/latest")):
        assert ask(node, mine, method, path).status_code == 403


def test_nothing_yet(node: Node) -> None:
    mine = bearer(new_token(node, "read"))
    assert ask(node, mine, "GET", "/v1/watch/latest").json() == {"items": []}
