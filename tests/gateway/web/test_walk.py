"""Every page that can be reached, as everybody: none shows what the policy point refuses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape
from urllib.parse import urlsplit

import pytest
from starlette.types import ASGIApp

from gateway.base.policy import SCOPES
from gateway.node import Node
from tests.gateway.files.work import work
from tests.gateway.intake.material import bearer, new_token
from tests.gateway.policy.test_two_departments import voluntary
from tests.gateway.web.visitor import Visitor
from tests.support.asgi import Client
from tests.support.walking import leaked

LINKS = re.compile(r'(?:href|hx-get|action)="(/[^"#]*)')
MOST = 400
"""Pages of one walk: more would be a row of links without an end."""
NAMED, SECRET = "志愿汇总_甲局内部.csv", "只给甲局看的荣誉"
"""Of a file and in a record of one department, neither of them public."""
FIRST = ("/", "/verify", "/explorer", "/desk", "/bank", "/firm", "/audit", "/login")


def walk(visitor: Visitor, *also: str) -> dict[str, bytes]:
    """What is behind every link, by path with its query; forms that send are left alone."""
    found: dict[str, bytes] = {}
    ahead = [*FIRST, *also]
    while ahead:
        path = ahead.pop()
        plain = path.partition("?")[0]
        if path in found or plain.startswith("/static/") or "lang=" in path or "on=" in path:
            continue
        answer = visitor.get(path, headers={"Accept": "text/html"})
        assert answer.status_code != 500, path  # 503: there is no chain here
        found[path] = answer.content
        assert len(found) < MOST, sorted(found)
        if answer.headers.get("content-type", "").startswith("text/html"):
            ahead += [unescape(one) for one in LINKS.findall(answer.text)]
        ahead += [urlsplit(to).path for to in answer.headers.get_list("location")]
    return found


@pytest.fixture
def seen(node: Node, app: ASGIApp) -> dict[str, bytes]:
    """All that the department is shown which filed a record and a file that are not public."""
    token = new_token(node, "submit", "read", "decide", department="甲局")
    client = Client(app)
    record = client.request(
        "POST",
        "/v1/records",
        headers=bearer(token),
        json=voluntary(ZY_BT=SECRET),
    )
    assert record.status_code == 201, record.text
    header = "行政相对人名称,行政处罚决定文书号\n"
    row = f"{SECRET},甲1号\n"
    sent = {"file": (NAMED, (header + row).encode("utf-8-sig"), "text/csv")}
    file = client.request("POST", "/v1/files", headers=bearer(token), files=sent)
    assert file.status_code == 202, file.text
    work(node)
    return walk(Visitor(app).sign_in(token), f"/desk/records/{record.json()['leaf']}")


def told(pages: dict[str, bytes], secrets: Sequence[str] = (SECRET, NAMED)) -> dict[str, list[str]]:
    return {path: found for path, body in pages.items() if (found := leaked(body, secrets))}


def test_its_owner_finds_both(seen: dict[str, bytes]) -> None:
    """Else the walks of others would prove nothing."""
    assert {one for secrets in told(seen).values() for one in secrets} == {SECRET, NAMED}


OTHERS = [(), *((scope,) for scope in SCOPES if scope != "admin"), tuple(SCOPES[:-1])]


@pytest.mark.parametrize("scopes", OTHERS, ids=lambda one: "+".join(one) or "nobody")
def test_nobody_else_is_shown_them(
    seen: dict[str, bytes], node: Node, app: ASGIApp, scopes: tuple[str, ...]
) -> None:
    """By no link of theirs, and by none of its owner's."""
    other = Visitor(app)
    if scopes:
        other.sign_in(new_token(node, *scopes, department="乙局", name="other"))
    assert told(walk(other)) == {}
    by_link = {path: other.get(path).content for path in seen}
    assert told(by_link) == {}
