"""What goes wrong before a page is reached, or in it: in words, with what to do next."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest
import sqlalchemy as sa
import structlog
from starlette.types import ASGIApp

from gateway.app import create_app
from gateway.base import logging_setup as logs
from gateway.http import limits, rates
from gateway.node import Node
from gateway.web.visits import Visit
from tests.gateway.intake.material import new_token
from tests.gateway.web.visitor import Visitor
from tests.support.node import make_test_node

BROWSER = {"Accept": "text/html,application/xhtml+xml"}
SECRET = "91110000A-secret-of-a-firm"


def fails(*_args: Any, **_options: Any) -> NoReturn:
    raise RuntimeError(SECRET)


def away(*_args: Any, **_options: Any) -> NoReturn:
    raise sa.exc.OperationalError("SELECT", {}, Exception(SECRET))


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What is written to the log."""
    kept, level = logging.getLogger().handlers[:], logging.getLogger().level
    stream = io.StringIO()
    logs.configure(stream)
    yield stream
    structlog.reset_defaults()
    logging.getLogger().handlers[:] = kept
    logging.getLogger().setLevel(level)
    logging.captureWarnings(False)


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_a_fault_of_ours(app: ASGIApp, monkeypatch: pytest.MonkeyPatch, log: io.StringIO) -> None:
    """No word of the fault itself; a number by which the operator finds it in the log."""
    monkeypatch.setattr(Visit, "get", fails)
    for lang, words in (("en", "not your fault"), ("zh", "不是您的操作造成的")):
        answer = Visitor(app, lang=lang).get("/", headers=BROWSER)
        assert answer.status_code == 500
        assert answer.headers["content-type"].startswith("text/html")
        assert words in answer.text
        assert SECRET not in answer.text and "RuntimeError" not in answer.text
        number = answer.headers["x-request-id"]
        assert number in answer.text
        told = [line for line in lines(log) if line.get("request") == number]
        assert {"page.failed", "http.request"} <= {line["event"] for line in told}
    assert SECRET not in log.getvalue()


def test_numbers_differ(app: ASGIApp) -> None:
    visitor = Visitor(app)
    found = {visitor.get(path).headers["x-request-id"] for path in ("/", "/", "/v1/node", "/x")}
    assert len(found) == 4
    forged = {"X-Request-Id": "of-somebody-else"}
    assert visitor.get("/", headers=forged).headers["x-request-id"] != "of-somebody-else"


def test_a_fault_in_the_interface_behind_a_page(
    node: Node, app: ASGIApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = Visitor(app).sign_in(new_token(node, "read", "submit", department=None))
    monkeypatch.setattr("gateway.files.look_routes.find_files", fails)
    answer = visitor.get("/desk/files", headers=BROWSER)
    assert (answer.status_code, SECRET in answer.text) == (500, False)
    assert "x-request-id" in answer.headers and "</html>" in answer.text


def test_a_file_that_fails(node: Node, app: ASGIApp, monkeypatch: pytest.MonkeyPatch) -> None:
    """That of a page, before its first byte."""
    visitor = Visitor(app).sign_in(new_token(node, "read", "submit", department=None))
    path = f"/desk/files/{'0' * 32}/results.csv"

    async def told(*_args: Any, **_options: Any) -> dict[str, Any]:
        return {"file": "a.csv"}

    monkeypatch.setattr(Visit, "get", told)
    missing = visitor.get(path, headers=BROWSER)
    assert (missing.status_code, "</html>" in missing.text) == (404, True), missing.text
    monkeypatch.setattr("gateway.http.inside.Inside.pass_on", fails)
    answer = visitor.get(path, headers=BROWSER)
    assert answer.status_code == 500
    assert answer.headers["content-type"].startswith("text/html")


def test_no_database(node: Node, app: ASGIApp, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can be looked up then: the page says so to whoever is signed in too."""
    visitor = Visitor(app).sign_in(new_token(node, "read", "submit", department=None))
    monkeypatch.setattr("gateway.web.sessions.Sessions.find", away)
    for path in ("/", "/nothing-here"):
        answer = visitor.get(path, headers=BROWSER)
        assert answer.headers["content-type"].startswith("text/html")
        assert SECRET not in answer.text
        assert "Sign in" not in answer.text, "nobody knows whether one is"
    assert visitor.get("/", headers=BROWSER).status_code == 503
    assert "session" in visitor.cookies, "it may hold yet"


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("GET", "/nothing-here", 404, "Check the address"),
        ("GET", "/logout", 405, "from the menu above"),
        ("DELETE", "/login", 405, "from the menu above"),
        ("GET", "/login?x=" + "y" * limits.MAX_TARGET, 414, "Check the address"),
    ],
)
def test_no_such_page(app: ASGIApp, method: str, path: str, status: int, words: str) -> None:
    answer = Visitor(app).request(method, path, headers=BROWSER)
    assert (answer.status_code, words in answer.text) == (status, True), answer.text


def test_programs_are_told_as_before(app: ASGIApp) -> None:
    for path, headers in (("/nothing-here", {}), ("/v1/nothing", BROWSER)):
        answer = Visitor(app).get(path, headers=headers)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "not-found"


def test_too_large(tmp_path: Path) -> None:
    """Refused before a byte of it is read, with the bound."""
    with closing(make_test_node(tmp_path, http={"max_file_bytes": 2048})) as node:
        visitor = Visitor(create_app(node))
        big = {"file": ("a.csv", bytes(1 << 16), "text/csv")}
        answer = visitor.request("POST", "/desk/files", files=big, headers=BROWSER)
        assert (answer.status_code, "</html>" in answer.text) == (413, True), answer.text
        assert "2048" in answer.text and "in parts" in answer.text
        assert answer.headers["connection"] == "close"


def test_too_often(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With how long to wait; asked of no table, which many could make us do."""
    monkeypatch.setattr(rates, "time", SimpleNamespace(monotonic=lambda: 100.0))
    with closing(make_test_node(tmp_path, http={"requests_per_second": 1})) as node:
        visitor = Visitor(create_app(node))
        answers = [visitor.get("/login", headers=BROWSER) for _ in range(20)]
        last = answers[-1]
        assert (last.status_code, "Wait a moment" in last.text) == (429, True), last.text
        assert int(last.headers["retry-after"]) >= 1
        assert last.headers["cache-control"] == "no-store"


def test_busy(app: ASGIApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_ACTIVE", 0)
    answer = Visitor(app, lang="zh").get("/", headers=BROWSER)
    assert (answer.status_code, "请稍候" in answer.text) == (503, True), answer.text
