"""Two departments of one province: neither reads, occupies nor tries out the records of the other.

Everything goes over HTTP with tokens as an operator issues them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from gateway.app import create_app
from gateway.node import Node
from ledger.records.schema import load
from tests.gateway.intake.material import bearer, new_token, record
from tests.records.examples import good
from tests.support.asgi import Client
from tests.support.node import make_test_node

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = make_test_node(tmp_path, now=NOW)
    yield node
    node.close()


class Department:
    """One holder of a token."""

    def __init__(self, node: Node, *scopes: str, department: str | None, **more: Any) -> None:
        self.client = Client(create_app(node))
        self.headers = bearer(new_token(node, *scopes, department=department, **more))

    def file(self, sent: dict[str, Any]) -> httpx.Response:
        headers = self.headers | {"Content-Type": "application/json"}
        return self.client.request(
            "POST", "/v1/records", content=orjson.dumps(sent), headers=headers
        )

    def get(self, path: str) -> httpx.Response:
        return self.client.get(path, headers=self.headers)


def voluntary(**changes: object) -> dict[str, Any]:
    return {"type": "voluntary", "fields": good(load("voluntary")) | changes}


def test_what_is_not_public_is_not_read_by_another(node: Node) -> None:
    own = Department(node, "submit", "read", department="甲局")
    other = Department(node, "submit", "read", department="乙局")
    leaf = own.file(voluntary()).json()["leaf"]
    unknown = other.get(f"/v1/records/{'00' * 32}")
    assert own.get(f"/v1/records/{leaf}").status_code == 200
    for path in (f"/v1/records/{leaf}", f"/v1/records/{leaf}/receipt"):
        refused = other.get(path)
        assert (refused.status_code, refused.content) == (404, unknown.content)


def test_what_differs_is_not_told_to_another(node: Node) -> None:
    own = Department(node, "submit", department="甲局")
    other = Department(node, "submit", department="乙局")
    assert own.file(record(1)).status_code == 201
    assert own.file(record(1, CF_NR="别的")).json()["changed"] == ["CF_NR"]
    tried = [other.file(record(1, CF_NR="别的")), other.file(record(1))]
    for answer in tried:
        told = answer.json()
        assert (answer.status_code, told["code"]) == (409, "document-number-in-use")
        assert (told["changed"], told["leaf"], told["recordId"]) == ([], None, None)
    assert tried[0].content == tried[1].content
