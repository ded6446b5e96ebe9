"""Strangers put NUL where text is expected; PostgreSQL keeps no such text."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from gateway.app import create_app
from gateway.node import Node
from tests.gateway.intake.material import bearer, new_token, record
from tests.support.asgi import Client
from tests.support.node import make_test_node


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = make_test_node(tmp_path)
    node.watching.end()  # so that streams end at once
    yield node
    node.close()


def questions(app: FastAPI) -> list[tuple[str, str]]:
    """(method, target) of every route, each of its parameters a NUL."""
    found = []
    for path, methods in app.openapi()["paths"].items():
        for method, told in methods.items():
            named = [one["name"] for one in told.get("parameters", []) if one["in"] == "query"]
            query = "&".join(f"{name}=%00" for name in named)
            found.append((method.upper(), f"{re.sub('{[^}]*}', '%00', path)}?{query}"))
    return found


def test_in_a_target(node: Node) -> None:
    app = create_app(node)
    client, headers = Client(app), bearer(new_token(node))
    asked = questions(app)
    assert len(asked) > 10
    for method, target in asked:
        status = client.request(method, target, headers=headers).status_code
        assert status < 500 or target.startswith("/readyz"), (method, target, status)


def test_in_every_text_of_a_record(node: Node) -> None:
    client, headers = Client(create_app(node)), bearer(new_token(node))
    whole = record()
    for name in whole["fields"]:
        body = json.dumps(whole | {"fields": whole["fields"] | {name: "a\0b"}})
        for kind in ("application/json", "application/x-ndjson"):
            sent = headers | {"content-type": kind}
            answer = client.request("POST", "/v1/records", content=body, headers=sent)
            assert answer.status_code < 500, (name, kind, answer.text)
            assert '"verdict":"accepted"' not in answer.text, (name, kind)


def test_in_the_name_of_a_file(node: Node) -> None:
    client, headers = Client(create_app(node)), bearer(new_token(node))
    sent = headers | {"content-type": "multipart/form-data; boundary=x"}
    named = b'Content-Disposition: form-data; name="file"; filename="a\0.csv"'
    body = b"--x\r\n" + named + b"\r\n\r\na\r\n--x--\r\n"
    answer = client.request("POST", "/v1/files", content=body, headers=sent)
    assert answer.status_code < 500, answer.text
