"""Tiles that are answered before routing: what the route answers, and nothing waits for a disk."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from gateway.app import create_app
from gateway.base.db import begin_write
from gateway.log import serving
from gateway.log.models import bundles
from gateway.log.serving import PublishedTiles, TileReader
from gateway.node import Node
from tests.gateway.log.test_log_routes import SIZE
from tests.support.asgi import Client
from tests.support.log import make_entries, promise_entries
from tests.support.node import LOG_ID, make_test_node

BASE = f"/logs/{LOG_ID.hex()}"
GOOD = (
    "tile/0/000",
    "tile/0/002.p/88",
    "tile/1/000.p/2",
    "tile/entries/001",
    "tile/entries/000.p/3",
)
PASSED_ON = (
    *(f"{BASE}/{path}" for path in ("checkpoint", "tile/0/003", "tile/1/000", "tile/0/000.p/0")),
    *(f"{BASE}/{path}" for path in ("tile/0/0", "tile/", "tile/0/000/", "tile/entries/002")),
    f"/logs/{'00' * 32}/tile/0/000",
    f"/logs/{LOG_ID.hex().upper()}/tile/0/000",
    f"/mirrors/{LOG_ID.hex()}/tile/0/000",
    "/v1/node",
)


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = make_test_node(tmp_path)
    promise_entries(node, make_entries(SIZE))
    node.logs.step()
    yield node
    node.close()


async def _behind(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("passed on")(scope, receive, send)


def before(node: Node) -> Client:
    """What is answered before routing, in front of an application that answers nothing else."""
    return Client(PublishedTiles(_behind, reader=TileReader(node.ctx.engine, None)))


def test_only_what_is_there_is_answered(node: Node) -> None:
    client = before(node)
    for path in GOOD:
        assert client.get(f"{BASE}/{path}").content != b"passed on", path
        assert client.get(f"{BASE}/{path}?x=1").content != b"passed on", path
        assert client.request("POST", f"{BASE}/{path}").content == b"passed on"
    for path in PASSED_ON:
        assert client.get(path).content == b"passed on", path


def test_a_request_is_noted_as_by_the_route(node: Node) -> None:
    """Metrics and the log name it by the route, whoever answers it."""
    client = Client(create_app(node))
    client.get(f"{BASE}/tile/0/000")
    client.get(f"{BASE}/tile/0/009")
    text = client.get("/metrics").text
    for status in (200, 404):
        assert f'method="GET",route="/logs/{{log_id}}/tile/{{path:path}}",status="{status}"' in text


def test_what_the_disk_has_changed_is_answered_by_the_route(node: Node) -> None:
    with begin_write(node.ctx.engine) as connection:
        connection.execute(sa.update(bundles).where(bundles.c.n == 1).values(data=b"x"))
    client = Client(create_app(node))
    broken = client.get(f"{BASE}/tile/entries/001")
    assert (broken.status_code, broken.json()["code"]) == (500, "internal")
    assert client.get(f"{BASE}/tile/entries/000").status_code == 200


def test_the_loop_waits_for_no_disk(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """More readers than threads, all held up: other requests are answered meanwhile."""
    there, go_on = threading.Semaphore(0), threading.Event()
    real = serving.read_piece

    def slow(*asked: Any) -> bytes | None:
        there.release()
        assert go_on.wait(60)
        return real(*asked)

    monkeypatch.setattr(serving, "read_piece", slow)
    app = create_app(node)

    async def ask() -> list[int]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            waiting = [
                asyncio.create_task(client.get(f"{BASE}/tile/0/000"))
                for _ in range(2 * serving.THREADS)
            ]
            for _ in range(serving.THREADS):
                assert await asyncio.to_thread(there.acquire, timeout=60)
            other = await client.get(f"{BASE}/checkpoint")
            assert not any(task.done() for task in waiting)
            go_on.set()
            return [other.status_code, *[(await task).status_code for task in waiting]]

    assert asyncio.run(ask()) == [200] * (1 + 2 * serving.THREADS)
