"""Bodies with documents: held in memory, so few at once, few of one token, and none for long."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.requests import Request

from gateway.cases import form
from gateway.cases.services import Cases
from gateway.http.problems import Problem
from gateway.node import Node
from tests.gateway.cases.desk import PDF, take_in
from tests.gateway.cases.test_case_routes import Desk, repair
from tests.support.anvil import Anvil

SECONDS = 60.0


@pytest.fixture
def leaf(node: Node, anvil: Anvil) -> str:
    (found,) = take_in(node, anvil, 400)
    return found.hex()


@pytest.fixture
def release(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Filing takes until this is set."""
    event, file = threading.Event(), Cases.file

    def slow(*arguments: Any) -> bytes:
        assert event.wait(SECONDS)
        return file(*arguments)

    monkeypatch.setattr(Cases, "file", slow)
    yield event
    event.set()


def test_a_place_is_held_until_its_body_is_stored(
    node: Node, leaf: str, release: threading.Event
) -> None:
    """And one token takes but half of them."""
    one, other = Desk(node, "one"), Desk(node, "other")

    def post(desk: Desk, number: int) -> Any:
        return desk.post("/v1/cases", ("a.pdf", PDF), **repair(leaf, reason=f"第{number}次"))

    with ThreadPoolExecutor(form.AT_ONCE) as pool:
        held = [pool.submit(post, one, n) for n in range(form.OF_ONE)]
        while form.places.taken < form.OF_ONE:
            assert not any(future.done() for future in held)
        refused = post(one, 10)
        assert (refused.status_code, refused.json()["reason"]) == (503, "busy-documents")
        plain = pool.submit(one.client.request, "POST", "/v1/cases", json={}, headers=one.headers)
        assert plain.result(SECONDS).json()["code"] == "schema-invalid", "JSON alone takes none"
        free = form.AT_ONCE - form.OF_ONE
        held += [pool.submit(post, other, 20 + n) for n in range(free)]
        while form.places.taken < form.AT_ONCE:
            assert not any(future.done() for future in held)
        assert post(Desk(node, "third"), 30).status_code == 503
        release.set()
        assert {future.result(SECONDS).status_code for future in held} == {201}
    assert form.places.taken == 0
    assert post(one, 40).status_code == 201


def test_a_body_that_stops_coming(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(form, "STALL_SECONDS", 0.05)

    async def receive() -> dict[str, Any]:
        if not receive.__dict__.setdefault("begun", False):
            receive.__dict__["begun"] = True
            return {"type": "http.request", "body": b"--x\r\n", "more_body": True}
        await asyncio.sleep(SECONDS)
        raise AssertionError("waited for")

    async def read() -> None:
        headers = [(b"content-type", b"multipart/form-data; boundary=x")]
        request = Request({"type": "http", "method": "POST", "headers": headers}, receive)
        async with form.reading(request, 1):
            raise AssertionError("read")

    with pytest.raises(Problem) as refused:
        asyncio.run(read())
    assert refused.value.code == "too-slow"
    assert form.places.taken == 0
