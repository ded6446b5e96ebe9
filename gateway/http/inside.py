"""Requests that a page of this gateway makes of its own interface, without leaving the process.

A page shows what the interface answers, so the policy point decides for both. Who asks stands in
the scope of the request, where nothing that comes from outside can put it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx
from starlette.types import ASGIApp, Message, Receive, Scope, Send

INSIDE: Final = "credit-ledger.inside"
"""Key in the scope of such a request: the number of the token that asks, None for nobody's."""


_KEPT: Final = ("type", "asgi", "http_version", "scheme", "server", "client", "root_path")
_OK: Final = 200
MAX_HELD: Final = 64 << 10
"""Bytes of an answer that is no file: a problem, or that it is not there yet."""


def is_inside(scope: Mapping[str, Any]) -> bool:
    """Whether a page of ours asks: it was bounded and noted when it came in."""
    return INSIDE in scope


class Inside:
    """Asks. app: of this gateway, with all of its routes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def ask(
        self, method: str, path: str, *, token: int | None, client: tuple[str, int], **options: Any
    ) -> httpx.Response:
        """The whole answer. token: its number, None: nobody's. client: address and port of whoever
        looks at the page, by which rates of strangers count. options: those of httpx."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await self._app({**scope, INSIDE: token}, receive, send)

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
