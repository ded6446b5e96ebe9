"""What somebody sends who has read the code of the pages."""

from __future__ import annotations

import asyncio
import re

import pytest
from starlette.types import ASGIApp

from gateway.http.problems import Problem
from gateway.node import Node
from gateway.web.bank.runs import MAX_AT_ONCE, MAX_OF_TOKEN, MAX_RUNS, Run, Runs
from gateway.web.typed import number
from gateway.web.visits import demand_path
from tests.gateway.intake.material import new_token
from tests.gateway.web.visitor import Visitor

LONG = "9" * 5000
"""More digits than Python reads as a number."""
CASE = "0" * 64
BROWSER = {"Accept": "text/html"}


@pytest.fixture
def visitor(node: Node, app: ASGIApp) -> Visitor:
    scopes = ("read", "submit", "consent", "release")
    return Visitor(app).sign_in(new_token(node, *scopes, department=None))


@pytest.mark.parametrize(
    ("path", "form"),
    [
        (f"/desk/release/cases/{CASE}/send-back", {"proposal": LONG, "reason": "x"}),
        ("/desk/files/find", {"by": LONG, "name": "x"}),
        ("/desk/records", {"subject": "x", "before": LONG}),
        ("/desk/records", {"subject": "x", "before": "²"}),
        ("/desk/cases/find", {"what": "\0", "authority": "\0"}),
        ("/desk/files/find", {"name": "\0"}),
        ("/firm", {"number": "\0", "code": "\0"}),
        ("/firm", {"number": "1", "code": "1", "line": "²"}),
    ],
)
def test_what_nobody_types(visitor: Visitor, path: str, form: dict[str, str]) -> None:
    """It is refused, and no error of ours: neither a number that is none, nor a NUL, which
    PostgreSQL takes in no text."""
    assert visitor.post(path, form).status_code in (200, 404, 422)


@pytest.mark.parametrize(
    "path",
    [
        "/desk/cases?state=%00",
        "/desk/release/files/%00",
        "/desk/release/files/a%3Fb=c",
        "/desk/release/files/%23",
        "/explorer/lists/%00",
        "/explorer/lists/%3Fon=2026-12-01",
        "/desk/files?by=" + LONG[:3000],
    ],
)
def test_addresses_that_nobody_links(visitor: Visitor, path: str) -> None:
    assert visitor.get(path, headers=BROWSER).status_code in (404, 422)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("12", True), ("0", True), ("", False), ("²", False), ("-1", False), ("9" * 16, False)],
)
def test_numbers(text: str, *, is_one: bool) -> None:
    assert isinstance(number(text), int) is is_one


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        ("/v1/files/00ff/report.xlsx", True),
        ("/v1/products/AH-CR/versions/1", True),
        ("/v1/lists/serious@1", True),
        ("/v1/lists/..", False),
        ("/v1/../v1/tokens", False),
        ("/v1/lists/a?b=c", False),
        ("/v1/lists/a#b", False),
        ("/v1/lists/a%2fb", False),
        ("//elsewhere.example/v1", False),
        ("/v1/lists/", False),
        ("/v1/lists/a\n", False),
    ],
)
def test_places_of_the_interface(path: str, *, is_one: bool) -> None:
    """What a page takes out of its own address leads to no other route."""
    try:
        demand_path(path)
    except Problem as problem:
        assert (is_one, problem.code) == (False, "not-found")
    else:
        assert is_one


def test_no_link_leads_to_another_host(app: ASGIApp) -> None:
    """An address with two slashes is answered by a page of ours, whose links stay here."""
    visitor = Visitor(app)
    answer = visitor.request("GET", "http://here//elsewhere.example/x?a=b", headers=BROWSER)
    assert answer.status_code == 404
    assert re.findall(r'href="([^"]*lang=[^"]*)"', answer.text) == ["?a=b&amp;lang=zh"]


# ---- what goes on behind the pages of a bank


def _ended(runs: Runs, token: int) -> Run:
    async def work(_: Run) -> None:
        return

    return runs.begin(token, "question", {}, work)


def test_runs_of_others_hold_up_nobody() -> None:
    """A member with many clerks asks on: what has ended makes room, the oldest first."""

    async def many() -> None:
        runs = Runs()
        first = _ended(runs, 0)
        for token in range(MAX_RUNS // MAX_OF_TOKEN):
            while len(runs.of(token)) < MAX_OF_TOKEN:
                await _ended(runs, token).over.wait()
        newest = _ended(runs, -1)
        assert runs.find(-1, newest.id) is newest
        with pytest.raises(Problem):
            runs.find(0, first.id)

    asyncio.run(many())


def test_runs_under_way_stay() -> None:
    """What has not ended is nobody's room."""

    async def many() -> None:
        runs, never = Runs(), asyncio.Event()

        async def work(_: Run) -> None:
            await never.wait()

        held = []
        for n in range(MAX_RUNS):
            held.append(runs.begin(n // MAX_AT_ONCE, "question", {}, work))
        with pytest.raises(Problem) as refused:
            _ended(runs, -1)
        assert refused.value.code == "not-ready"
        never.set()
        await asyncio.gather(*(one.over.wait() for one in held))

    asyncio.run(many())
