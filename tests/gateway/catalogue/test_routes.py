"""Schemas and rules by hash, from any node, without a token."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.app import create_app
from gateway.http.docs import page
from ledger.records import rules as rules_files
from ledger.records import schema as schemas
from tests.support.asgi import Client
from tests.support.node import make_test_node

FILES = [("schemas", data) for data in schemas.packaged_files()]
FILES += [("rules", data) for data in rules_files.packaged_files()]


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    node = make_test_node(tmp_path)
    yield Client(create_app(node))
    node.close()


def test_every_packaged_file(client: Client) -> None:
    assert len(FILES) == len(schemas.all_schemas()) + len(rules_files.all_rules())
    for kind, data in FILES:
        path = f"/v1/{kind}/{hashlib.sha256(data).hexdigest()}"
        answer = client.get(path)
        assert (answer.status_code, answer.content) == (200, data)
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        head = client.request("HEAD", path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == str(len(data))


def test_what_is_not_there(client: Client) -> None:
    schema, rules = schemas.load("penalty").sha256, rules_files.newest().sha256
    for path in (
        f"schemas/{'00' * 32}",
        f"schemas/{rules}",
        f"rules/{schema}",
        f"schemas/{schema.upper()}",
        "schemas/penalty@1",
        "rules/..%2Fpublicity@1.json",
    ):
        answer = client.get(f"/v1/{path}")
        assert answer.status_code == 404, path
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "not-found"


def test_the_routes_are_listed(client: Client) -> None:
    spec = client.get("/openapi.json").json()
    shown = page(spec)
    for path in ("/v1/schemas/{sha256}", "/v1/rules/{sha256}"):
        assert list(spec["paths"][path]) == ["get"]
        assert set(spec["paths"][path]["get"]["responses"]) >= {"200", "404"}
        assert path in shown
