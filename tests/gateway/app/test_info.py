"""What a gateway says of itself."""

import dataclasses
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from gateway.anchoring.models import anchors
from gateway.app import create_app
from gateway.http.docs import page
from gateway.node import Node
from ledger.core.note import parse_checkpoint, parse_vkey, verify
from tests.gateway.intake.material import row
from tests.support.asgi import Client
from tests.support.callers import CENTRE
from tests.support.node import FORKED, LOG_ID, make_facts, make_test_node


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = make_test_node(tmp_path)
    yield node
    node.close()


@pytest.fixture
def client(node: Node) -> Client:
    return Client(create_app(node))


def anchored(node: Node, size: int, state: str = "final") -> None:
    with node.ctx.engine.begin() as connection:
        connection.execute(
            sa.insert(anchors).values(
                log=1, prev_size=0, size=size, root=bytes(32), note="", state=state, created_at=0
            )
        )


def test_node(node: Node, client: Client) -> None:
    node.intake.submit_set(caller=CENTRE, rows=[row(n) for n in range(3)])
    node.logs.step()
    anchored(node, 2)
    anchored(node, 3, "mined")
    answer = client.get("/v1/node").json()
    assert list(answer) == ["code", "name", "version", "network", "logs", "mirrors", "keys"]
    assert (answer["code"], answer["name"]) == ("110000", "Test")
    assert answer["version"] == version("credit-record-ledger")
    assert answer["network"] == node.ctx.network.reference
    assert answer["mirrors"] == []
    (log,) = answer["logs"]
    assert (log["log"], log["size"], log["anchoredSize"]) == (LOG_ID.hex(), 3, 2)
    assert log["promisedSize"] == 3
    assert log["anchor"] is None, "it does not say where it stands"
    assert log["origin"] == f"credit-ledger/{LOG_ID.hex()}"
    origin, key = parse_vkey(log["vkey"])
    assert origin == log["origin"]
    assert log["url"] == f"http://127.0.0.1:0/logs/{LOG_ID.hex()}"
    note = client.get(f"/logs/{LOG_ID.hex()}/checkpoint").text
    verify(parse_checkpoint(note), key)
    purposes = {key["purpose"]: key for key in answer["keys"]}
    assert set(purposes) == {"ANCHOR", "NOTE", "PRESENT"}
    assert purposes["ANCHOR"]["address"] == node.signing.keys.anchor.address
    assert purposes["NOTE"]["jwk"]["crv"] == "Ed25519"
    assert "address" not in purposes["NOTE"]
    assert purposes["PRESENT"]["keyId"] == node.signing.keys.present.key_id.hex()


def test_node_before_the_chain_was_read(tmp_path: Path) -> None:
    node = make_test_node(tmp_path, facts=False)
    answer = Client(create_app(node)).get("/v1/node").json()
    assert (answer["logs"], answer["keys"]) == ([], [])
    node.close()


def test_the_public_url_comes_from_the_settings(tmp_path: Path) -> None:
    settings = {"code": "110000", "url": "https://ledger.example/base/"}
    node = make_test_node(tmp_path, node=settings)
    (log,) = Client(create_app(node)).get("/v1/node").json()["logs"]
    assert log["url"] == f"https://ledger.example/base/logs/{LOG_ID.hex()}"
    node.close()


def test_the_host_header_is_never_reflected(node: Node) -> None:
    node.intake.submit_set(caller=CENTRE, rows=[row(1)])
    app = Client(create_app(node, port=8546))
    honest = app.get("/v1/node")
    for name in ("Host", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded"):
        answer = app.get("/v1/node", headers={name: "evil.example"})
        assert answer.content == honest.content
        assert b"evil" not in answer.content
    (log,) = honest.json()["logs"]
    assert log["url"] == f"http://127.0.0.1:8546/logs/{LOG_ID.hex()}"


def test_what_is_promised_is_told_before_it_is_in_the_tree(node: Node, client: Client) -> None:
    def sizes() -> tuple[int, int, int]:
        (log,) = client.get("/v1/node").json()["logs"]
        return log["promisedSize"], log["size"], log["anchoredSize"]

    assert sizes() == (0, 0, 0)
    node.intake.submit_set(caller=CENTRE, rows=[row(n) for n in range(3)])
    assert sizes() == (3, 0, 0)
    node.logs.step()
    assert sizes() == (3, 3, 0)
    node.intake.submit_set(caller=CENTRE, rows=[row(n) for n in range(2, 5)])
    anchored(node, 3)
    assert sizes() == (5, 3, 3)


def test_healthy_and_ready(node: Node, client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"ready": True}
    node.ctx.health.chain_error, node.ctx.health.anchor_error = "no-node", "payer-empty"
    told = {"ready": True, "chainError": "no-node", "anchorError": "payer-empty"}
    assert client.get("/readyz").json() == told
    node.ctx.health.chain_error = node.ctx.health.anchor_error = None


@pytest.mark.parametrize("reason", ["chain-unknown", "member-suspended", "log-fault"])
def test_healthy_but_not_ready(tmp_path: Path, reason: str) -> None:
    node = make_test_node(tmp_path, facts=reason != "chain-unknown")
    if reason == "member-suspended":
        node.chain.put(make_facts(node.signing.keys, active=False))
    if reason == "log-fault":
        node.ctx.health.note(LOG_ID, FORKED)
    client = Client(create_app(node))
    assert client.get("/healthz").status_code == 200
    response = client.get("/readyz")
    assert (response.status_code, response.json()["reason"]) == (503, reason)
    assert int(response.headers["retry-after"]) > 0
    node.close()


def test_metrics(node: Node, client: Client) -> None:
    node.intake.submit_set(caller=CENTRE, rows=[row(n) for n in range(3)])
    node.logs.step()
    node.intake.submit_set(caller=CENTRE, rows=[row(n) for n in range(3, 5)])
    anchored(node, 2)
    client.get("/healthz")
    response = client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=")
    text = response.text
    assert "credit_ledger_pending_entries 2.0" in text
    assert f'credit_ledger_log_size{{log="{LOG_ID.hex()}"}} 3.0' in text
    assert f'credit_ledger_anchored_size{{log="{LOG_ID.hex()}"}} 2.0' in text
    assert "credit_ledger_fault 0.0" in text
    assert 'route="/healthz",status="200"' in text


def test_openapi_and_docs_need_no_network(client: Client) -> None:
    spec = client.get("/openapi.json").json()
    for path in (
        "/v1/records",
        "/v1/receipts",
        "/v1/receipts/{leaf}",
        "/v1/records/{leaf}",
        "/v1/records/{leaf}/receipt",
        "/v1/node",
        "/logs/{log_id}/checkpoint",
        "/healthz",
        "/readyz",
        "/metrics",
    ):
        assert path in spec["paths"], path
    body = spec["paths"]["/v1/records"]["post"]["requestBody"]["content"]
    assert set(body) == {"application/json", "application/x-ndjson"}
    response = client.get("/docs")
    assert response.status_code == 200
    assert "/v1/records" in response.text
    assert "<script" not in response.text
    assert "http://" not in response.text
    assert "https://" not in response.text
    assert "default-src 'none'" in response.headers["content-security-policy"]


def test_docs_escape_what_they_show() -> None:
    spec = {
        "info": {"title": "<t>", "version": "1", "description": "<d>"},
        "paths": {"/<p>": {"get": {"description": "<script>", "responses": {}}}},
    }
    shown = page(spec)
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not-found"),
        ("PATCH", "/v1/records", 405, "method-not-allowed"),
        ("DELETE", "/v1/node", 405, "method-not-allowed"),
        ("GET", "/v1/node/", 404, "not-found"),
    ],
)
def test_problems_of_the_framework(
    client: Client, method: str, path: str, status: int, code: str
) -> None:
    response = client.request(method, path)
    check_problem(response, status, code)


def check_problem(response: httpx.Response, status: int, code: str) -> None:
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["title"]
    assert set(problem["text"]) == {"zh", "en"}


def test_keys_of_every_algorithm(node: Node, client: Client) -> None:
    """A key that the chain has and we do not hold is shown all the same."""
    facts = make_facts(node.signing.keys)
    node.chain.put(dataclasses.replace(facts, keys=facts.keys[:1]))
    (key,) = client.get("/v1/node").json()["keys"]
    assert key["jwk"]["kid"] == key["keyId"]
