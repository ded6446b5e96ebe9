"""Answers that pages take while they come."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from starlette.types import Receive, Scope, Send

from gateway.app import create_app
from gateway.http import rates
from gateway.http.inside import Inside
from gateway.web.visits import Signed
from tests.gateway.intake.material import new_token
from tests.gateway.web.visitor import Visitor
from tests.support.node import make_test_node


def test_a_page_is_one_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much it asks of the interface; the next page is the next one, and so is what a
    program asks."""
    monkeypatch.setattr(rates, "time", SimpleNamespace(monotonic=lambda: 100.0))
    with closing(make_test_node(tmp_path, http={"requests_per_second": 1})) as node:
        app = create_app(node)

        @app.get("/many")
        async def many(visit: Signed) -> int:
            for _ in range(50):
                await visit.ask("POST", "/v1/files/find", json={"limit": 1})
            return 50

        visitor = Visitor(app).sign_in(new_token(node, "read", "submit", department=None))
        assert visitor.get("/many").text == "50"
        assert visitor.get("/many").text == "50"
        third = visitor.get("/many", headers={"Accept": "text/html"})
        assert (third.status_code, "too-many-requests" in third.text) == (429, True)


async def answers(breaks: bool) -> list[bytes]:
    """Of an application that ends after its first line, by itself or with an error."""

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"one\n", "more_body": True})
        if breaks:
            raise ValueError("in its middle")

    streamed = Inside(app).stream("POST", "/x", token=None, client=("local", 0), json={})
    async with streamed as answer:
        return [line async for line in answer.lines()]


def test_a_part_does_not_pass_for_the_whole() -> None:
    assert asyncio.run(answers(breaks=False)) == [b"one"]
    with pytest.raises(ValueError, match="in its middle"):
        asyncio.run(answers(breaks=True))
