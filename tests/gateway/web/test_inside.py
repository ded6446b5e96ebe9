"""Answers that pages take while they come."""

from __future__ import annotations

import asyncio

import pytest
from starlette.types import Receive, Scope, Send

from gateway.http.inside import Inside


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
