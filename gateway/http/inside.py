"""Requests that a page of this gateway makes of its own interface, without leaving the process.

A page shows what the interface answers, so the policy point decides for both. Who asks stands in
the scope of the request, where nothing that comes from outside can put it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

INSIDE: Final = "credit-ledger.inside"
"""Key in the scope of such a request: the number of the token that asks, None for nobody's."""


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
