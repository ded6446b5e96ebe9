"""`/v1/tokens`: who sees, issues and revokes which; the token is told once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.accesses.services import Wanted, newest
from gateway.app import create_app
from gateway.node import Node
from tests.gateway.intake.material import OF_BEIJING, bearer, new_token
from tests.support.asgi import Client
from tests.support.node import make_test_node

OTHER = "91110000600037341L"


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    made = make_test_node(tmp_path)
    yield made
    made.close()


class Asker:
    """The holder of a token."""

    def __init__(self, node: Node, *scopes: str, **who: Any) -> None:
        self.client = Client(create_app(node))
        self.headers = bearer(new_token(node, *scopes, **who))

    def __call__(self, method: str, path: str = "/v1/tokens", **options: Any) -> httpx.Response:
        return self.client.request(method, path, headers=self.headers, **options)

    def names(self) -> set[str]:
        return {one["name"] for one in self("GET").json()["items"]}


def centre(node: Node, *scopes: str) -> Asker:
    return Asker(node, *(scopes or ("admin",)), name="centre", department=None)


def chief(node: Node) -> Asker:
    return Asker(node, "admin", name="chief", department="甲局", authorities=[OF_BEIJING])


def test_each_sees_its_own(node: Node) -> None:
    new_token(node, "read", name="甲员", department="甲局")
    new_token(node, "read", name="乙员", department="乙局")
    assert chief(node).names() == {"甲员", "chief"}
    assert centre(node).names() == {"甲员", "乙员", "chief", "centre"}
    for scope in ("submit", "read", "decide", "release", "consent", "product"):
        asker = centre(node, scope)
        for method, path in (("GET", ""), ("POST", ""), ("DELETE", "/1")):
            found = asker(method, f"/v1/tokens{path}")
            assert (found.status_code, found.json()["code"]) == (403, "scope-missing"), method
    assert Client(create_app(node)).request("GET", "/v1/tokens").status_code == 401


def test_issued_once_and_revoked(node: Node) -> None:
    boss = chief(node)
    made = boss("POST", json={"name": "新人", "scopes": ["submit", "read"]})
    assert made.status_code == 201 and made.headers["cache-control"] == "no-store"
    told = made.json()
    assert (told["department"], told["authorities"]) == ("甲局", [OF_BEIJING])
    assert told["scopes"] == ["submit", "read"]
    shown = bearer(told["secret"])
    assert boss.client.request("GET", "/v1/files", headers=shown).status_code == 200
    (row,) = [one for one in boss("GET").json()["items"] if one["token"] == told["token"]]
    assert "secret" not in row and row["issuedBy"] is not None and row["revokedAt"] is None
    assert boss("DELETE", f"/v1/tokens/{told['token']}").status_code == 204
    fresh = Client(create_app(node))
    assert fresh.request("GET", "/v1/files", headers=shown).status_code == 401
    assert boss("DELETE", f"/v1/tokens/{told['token']}").status_code == 204, "it stays so"
    lines = newest(node.ctx.engine, Wanted(), 20)
    said = [line.purpose for line in lines if line.purpose.endswith(("-token", "-tokens"))]
    assert said == ["revoke-token", "revoke-token", "see-tokens", "issue-token"]
    assert {line.answer for line in lines} == {"allowed"}


def test_nobody_issues_or_revokes_beyond_the_department(node: Node) -> None:
    boss, whole = chief(node), centre(node)
    theirs = whole("POST", json={"name": "乙员", "scopes": ["read"], "department": "乙局"}).json()
    elsewhere = boss("POST", json={"name": "x", "scopes": ["read"], "department": "乙局"})
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (403, "department-not-yours")
    for authorities in ([OTHER], [OF_BEIJING, OTHER], []):
        value = {"name": "x", "scopes": ["read"], "authorities": authorities}
        found = boss("POST", json=value)
        assert (found.status_code, found.json()["field"]) == (422, "authorities"), authorities
    assert boss("DELETE", f"/v1/tokens/{theirs['token']}").status_code == 404
    assert boss("DELETE", "/v1/tokens/999").status_code == 404
    assert whole("DELETE", f"/v1/tokens/{theirs['token']}").status_code == 204
    every = whole("POST", json={"name": "中心", "scopes": ["admin"]}).json()
    assert every["department"] is None


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({}, None),
        ([], None),
        ({"name": "x", "scopes": ["read"], "more": 1}, None),
        ({"name": "x", "scopes": []}, "scope"),
        ({"name": "x", "scopes": ["govern"]}, "scope"),
        ({"name": "x", "scopes": "read"}, "scopes"),
        ({"name": "x", "scopes": ["read"] * 99}, "scopes"),
        ({"name": 5, "scopes": ["read"]}, "name"),
        ({"name": " ", "scopes": ["read"]}, "name"),
        ({"name": "x" * 61, "scopes": ["read"]}, "name"),
        ({"name": "a\nb", "scopes": ["read"]}, "name"),
        ({"name": "x", "scopes": ["read"], "department": ""}, "department"),
        ({"name": "x", "scopes": ["read"], "department": 5}, "department"),
        ({"name": "x", "scopes": ["read"], "authorities": ["123"]}, "authority"),
    ],
)
def test_what_is_not_the_form(node: Node, value: Any, field: str | None) -> None:
    found = centre(node)("POST", json=value)
    assert found.status_code == 422
    assert found.json()["field"] == field
    assert set(found.json()["text"]) == {"zh", "en"}


def test_too_much(node: Node) -> None:
    found = centre(node)("POST", content=b" " * (1 << 14) + b"{}")
    assert found.status_code == 413
