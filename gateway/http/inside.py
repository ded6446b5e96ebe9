"""Requests that a page of this gateway makes of its own interface, without leaving the process.

A page shows what the interface answers, so the policy point decides for both. Who asks stands in
the scope of the request, where nothing that comes from outside can put it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import unquote

import httpx
from starlette.types import ASGIApp, Message, Receive, Scope, Send

INSIDE: Final = "credit-ledger.inside"
"""Key in the scope of such a request: the number of the token that asks, None for nobody's."""


_KEPT: Final = ("type", "asgi", "http_version", "scheme", "server", "client", "root_path")
_OK: Final = 200
MAX_HELD: Final = 64 << 10
"""Bytes of an answer that is no file: a problem, or that it is not there yet."""


COUNTED: Final = "credit-ledger.counted"
"""Key in the scope of such a request: whether the page that makes it has been counted for the rate
of its token."""


def is_counted(scope: Mapping[str, Any]) -> bool:
    """Whether the page that asks has been counted before."""
    return is_inside(scope) and bool(scope.get(COUNTED))


def is_inside(scope: Mapping[str, Any]) -> bool:
    """Whether a page of ours asks: it was bounded and noted when it came in."""
    return INSIDE in scope


WAITING: Final = 64
"""Pieces of an answer that wait for whoever reads it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Streamed:
    """An answer while it comes. pieces: of its body."""

    status: int
    pieces: AsyncIterator[bytes]

    @property
    def refused(self) -> bool:
        """Whether its body is a problem."""
        return self.status >= HTTPStatus.BAD_REQUEST

    async def lines(self) -> AsyncIterator[bytes]:
        """Its lines, without the empty ones."""
        rest = b""
        async for piece in self.pieces:
            *whole, rest = (rest + piece).split(b"\n")
            for line in whole:
                if line:
                    yield line
        if rest:
            yield rest


class Inside:
    """Asks. app: of this gateway, with all of its routes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def ask(
        self,
        method: str,
        path: str,
        *,
        token: int | None,
        client: tuple[str, int],
        counted: bool = False,
        **options: Any,
    ) -> httpx.Response:
        """The whole answer. token: its number, None: nobody's. client: address and port of whoever
        looks at the page, by which rates of strangers count. counted: whether the page has asked
        before, and so been counted for the rate of its token. options: those of httpx."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await self._app({**scope, INSIDE: token, COUNTED: counted}, receive, send)

        transport = httpx.ASGITransport(app=app, client=client)
        async with httpx.AsyncClient(transport=transport, base_url="http://inside") as http:
            return await http.request(method, path, timeout=None, **options)

    async def pass_on(
        self,
        path: str,
        *,
        token: int | None,
        outside: tuple[Scope, Receive, Send],
        headers: Callable[[list[tuple[bytes, bytes]]], list[tuple[bytes, bytes]]],
    ) -> tuple[int, bytes] | None:
        """Hand a file of the interface on while it comes, by GET; None: it was. Else status and
        body of what came instead, of which nothing was sent. outside: the request for it. headers:
        those of the answer, of those of the file."""
        scope, receive, send = outside
        asked = {key: scope[key] for key in _KEPT if key in scope}
        asked |= {
            **{"method": "GET", "path": path, "raw_path": path.encode()},
            **{"query_string": b"", "headers": [], "state": {}, INSIDE: token},
        }
        held = bytearray()
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": headers(message.get("headers", []))}
                if status == _OK:
                    await send(message)
            elif status == _OK:
                await send(message)
            elif len(held) < MAX_HELD:
                held.extend(message.get("body", b""))

        await self._app(asked, receive, watched)
        return None if status == _OK else (status, bytes(held))

    async def show(
        self,
        address: str,
        *,
        token: int,
        outside: tuple[Scope, Receive, Send],
        more: Mapping[str, Any],
    ) -> None:
        """Answer a request with a page of ours, by GET, as the same browser would ask for it.
        address: path and query. outside: the request that is answered. more: put into the scope."""
        scope, receive, send = outside
        path, _, query = address.partition("?")
        headers = [one for one in scope["headers"] if not one[0].startswith((b"content-", b"hx-"))]
        asked = {key: scope[key] for key in _KEPT if key in scope}
        asked |= {
            **{"method": "GET", "path": unquote(path), "raw_path": path.encode()},
            **{"query_string": query.encode(), "headers": headers},
            **{"state": dict(scope.get("state", {})), INSIDE: token, **more},
        }
        for key in ("visit", "held"):
            asked["state"].pop(key, None)
        await self._app(asked, receive, send)

    @asynccontextmanager
    async def stream(
        self, method: str, path: str, *, token: int | None, client: tuple[str, int], json: Any
    ) -> AsyncIterator[Streamed]:
        """The answer as it comes, for what takes long. Leaving ends the request, as a browser does
        that goes away. json: the body."""
        request = httpx.Request(method, f"http://inside{path}", json=json)
        exchange = _Exchange(request.read())
        scope = _scope_of(request, client) | {INSIDE: token}
        asked = asyncio.create_task(self._run(scope, exchange))
        try:
            status = await exchange.status
            yield Streamed(status=status, pieces=exchange.pieces())
        finally:
            exchange.left.set()
            exchange.drain()
            with suppress(asyncio.CancelledError):
                await asked

    async def _run(self, scope: Scope, exchange: _Exchange) -> None:
        try:
            await self._app(scope, exchange.receive, exchange.send)
        except Exception as error:
            exchange.fail(error)
        finally:
            exchange.end()


class _Exchange:
    """One request and its answer."""

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self._sent: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.status: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.left = asyncio.Event()
        self._room = asyncio.Semaphore(WAITING)
        self._failed: Exception | None = None

    async def receive(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status.set_result(message["status"])
        elif message["type"] == "http.response.body" and message.get("body"):
            if not self.left.is_set():
                await self._room.acquire()
            self._sent.put_nowait(message["body"])

    def fail(self, error: Exception) -> None:
        """The application ended without an answer, or in its middle."""
        if not self.status.done():
            self.status.set_exception(error)
        else:
            self._failed = error

    def end(self) -> None:
        """Nothing comes any more."""
        self._sent.put_nowait(None)

    def drain(self) -> None:
        """Nobody reads: whoever waits for room goes on."""
        for _ in range(WAITING):
            self._room.release()

    async def pieces(self) -> AsyncIterator[bytes]:
        while (piece := await self._sent.get()) is not None:
            self._room.release()
            yield piece
        if self._failed is not None:  # or a part of an answer would pass for the whole
            raise self._failed


def _scope_of(request: httpx.Request, client: tuple[str, int]) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": request.url.path,
        "raw_path": request.url.raw_path.partition(b"?")[0],
        "query_string": request.url.query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "server": ("inside", 80),
        "client": client,
    }
