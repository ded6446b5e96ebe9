"""Signing in, staying, and ending."""

from __future__ import annotations

import re
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from starlette.types import ASGIApp

from gateway.app import create_app
from gateway.base.clock import Clock
from gateway.node import Node
from gateway.tokens.services import add_token, revoke_token
from gateway.web.carrying import own_path
from gateway.web.models import web_sessions
from gateway.web.sessions import MAX_COOKIE, MOST_OF_TOKEN, Sessions
from tests.gateway.web.visitor import Visitor
from tests.support.node import make_test_node

NOW = datetime(2026, 12, 1, 8, tzinfo=UTC)
IDLE, LIFE = 900, 36_000


def token(node: Node, *scopes: str) -> tuple[int, str]:
    engine = node.ctx.engine
    return add_token(engine, name="Counter 3", scopes=scopes, department=None, now=NOW)


def sessions(node: Node, seconds: int = 0) -> Sessions:
    """As it is so long after NOW."""
    clock = Clock(fixed=NOW + timedelta(seconds=seconds))
    return Sessions(node.ctx.engine, node.holders, clock, idle=IDLE, life=LIFE)


def rows(node: Node) -> int:
    with node.ctx.engine.connect() as connection:
        query = sa.select(sa.func.count()).select_from(web_sessions)
        return int(connection.execute(query).scalar_one())


# ---- how long one lasts


def test_idle_end(node: Node) -> None:
    begun = sessions(node).begin(token(node, "read")[1])
    assert begun is not None
    assert sessions(node, IDLE - 1).find(begun.secret) is not None
    assert sessions(node, 2 * IDLE - 2).find(begun.secret) is not None, "it was seen meanwhile"
    assert sessions(node, 3 * IDLE - 2).find(begun.secret) is None
    assert sessions(node).find(begun.secret + "x") is None
    assert sessions(node).find("x" * (MAX_COOKIE + 1)) is None


def test_it_ends_however_busy(node: Node) -> None:
    begun = sessions(node).begin(token(node, "read")[1])
    assert begun is not None
    for at in range(0, LIFE, IDLE - 1):
        assert sessions(node, at).find(begun.secret) is not None, at
    assert sessions(node, LIFE).find(begun.secret) is None


def test_ends_with_the_token(node: Node) -> None:
    number, shown = token(node, "read")
    begun = sessions(node).begin(shown)
    assert begun is not None
    revoke_token(node.ctx.engine, number, now=NOW)
    assert sessions(node).find(begun.secret) is None
    assert sessions(node).begin(shown) is None


def test_what_has_ended_is_forgotten(node: Node) -> None:
    """And no secret is kept."""
    _, shown = token(node, "read")
    begun = sessions(node).begin(shown)
    assert begun is not None
    with node.ctx.engine.connect() as connection:
        assert (
            begun.secret.encode()
            not in repr(connection.execute(sa.select(web_sessions)).all()).encode()
        )
    sessions(node, IDLE).begin(shown)
    assert rows(node) == 1


def test_a_page_that_follows_by_itself_keeps_nobody_signed_in(node: Node) -> None:
    """Else a page left open at a counter would be somebody's for hours."""
    begun = sessions(node).begin(token(node, "read")[1])
    assert begun is not None
    for at in range(0, IDLE, 60):
        assert sessions(node, at).find(begun.secret, seen=False) is not None, at
    assert sessions(node, IDLE).find(begun.secret, seen=False) is None


def test_sessions_of_one_token_are_bounded(node: Node) -> None:
    """The one longest unseen goes; others' stay."""
    other = sessions(node).begin(token(node, "read")[1])
    shown = token(node, "read")[1]
    begun = [sessions(node, at).begin(shown) for at in range(MOST_OF_TOKEN + 2)]
    held = [one and sessions(node, 99).find(one.secret, seen=False) for one in [other, *begun]]
    assert [one is not None for one in held] == [True, False, False, *[True] * MOST_OF_TOKEN]


# ---- the pages of it


def test_who_was_away_is_led_to_sign_in(node: Node, app: ASGIApp) -> None:
    """By the page that asks what is new, so that nothing private stays on it."""
    visitor = Visitor(app).sign_in(token(node, "read")[1])
    asks = {"HX-Request": "true"}
    assert "HX-Redirect" not in visitor.get("/bank/watch", headers=asks).headers
    with node.ctx.engine.begin() as connection:
        connection.execute(sa.delete(web_sessions))
    answer = visitor.get("/bank/watch", headers=asks)
    assert answer.headers["HX-Redirect"] == "/login?next=%2Fbank%2Fwatch&ended=1"
    assert answer.status_code == 200 and 'name="token"' in answer.text


@pytest.mark.parametrize("path", ["//[", "//[::1", "/%5B"])
def test_nowhere_to_go_on_to(app: ASGIApp, path: str) -> None:
    """An address that is none ends as no error of ours."""
    visitor = Visitor(app)
    assert visitor.get("/login", params={"next": path}).status_code == 200
    assert visitor.post("/login", {"token": "clt_no", "next": path}).status_code == 401


def test_in_and_out(node: Node, app: ASGIApp) -> None:
    visitor = Visitor(app)
    answer = visitor.post("/login", {"token": token(node, "read")[1], "next": "/explorer?q=1"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/explorer?q=1")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie
    assert "Counter 3" in visitor.get("/").text
    assert visitor.get("/login").headers["location"] == "/"
    assert visitor.post("/logout").status_code == 303
    assert "Counter 3" not in visitor.get("/").text
    assert rows(node) == 0


@pytest.mark.parametrize("shown", ["", "clt_nobody", "x" * 129, "令牌"])
def test_a_wrong_token(app: ASGIApp, shown: str) -> None:
    visitor = Visitor(app)
    answer = visitor.post("/login", {"token": shown, "next": "/desk"})
    assert answer.status_code == 401
    assert 'role="alert"' in answer.text and 'value="/desk"' in answer.text
    assert "session" not in visitor.cookies


def test_guessing_is_slow(tmp_path: Path) -> None:
    """For the forms of tokens as for the headers; pages are given as before."""
    with closing(make_test_node(tmp_path, http={"requests_per_second": 4})) as node:
        visitor = Visitor(create_app(node))
        statuses = [visitor.post("/login", {"token": f"clt_{n}"}).status_code for n in range(10)]
        assert (statuses[0], statuses[-1]) == (401, 429)
        assert visitor.get("/login").status_code == 200


@pytest.mark.parametrize(
    ("path", "own"),
    [
        ("/desk?a=b", "/desk?a=b"),
        ("//elsewhere.example", "/"),
        ("/\\elsewhere.example", "/"),
        ("https://elsewhere.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\\b", "/"),
        ("/a\r\nSet-Cookie: x", "/"),
        ("", "/"),
        ("//[", "/"),
        ("/[", "/["),
    ],
)
def test_nobody_is_led_away(path: str, own: str) -> None:
    assert own_path(path) == own


# ---- what another site sends


def test_a_form_of_another_site(node: Node, app: ASGIApp) -> None:
    """Without what our page gives it, with that of another session, or sent from elsewhere."""
    shown = token(node, "read")[1]
    visitor, other = Visitor(app).sign_in(shown), Visitor(app).sign_in(shown)
    for forged in ("", "x", other.csrf()):
        answer = visitor.post("/logout", {"csrf": forged})
        assert (answer.status_code, "form-foreign" in answer.text) == (403, True)
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert visitor.post("/logout", headers=foreign).status_code == 403
    assert Visitor(app).post("/login", {"token": shown}, headers=foreign).status_code == 403
    assert re.search("Counter 3", visitor.get("/").text)
    assert visitor.post("/logout", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303


def test_nobody_from_outside_is_inside(node: Node, app: ASGIApp) -> None:
    """Who a page asks for stands in the scope, where no header gets."""
    number, _ = token(node, "read")
    for name in ("credit-ledger.inside", "x-inside", "inside"):
        answer = Visitor(app).get("/v1/files", headers={name: str(number)})
        assert answer.status_code == 401
