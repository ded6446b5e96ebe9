"""Requests to an application in this process, without a server and without sockets."""

import asyncio
from typing import Any

import httpx
from starlette.types import ASGIApp


class Client:
    """Each call is one request on an event loop of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """The whole answer."""
        return asyncio.run(self._request(method, path, options))

    def get(self, path: str, **options: Any) -> httpx.Response:
        """A GET."""
        return self.request("GET", path, **options)

    async def _request(self, method: str, path: str, options: Any) -> httpx.Response:
        transport = httpx.ASGITransport(app=self._app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(method, path, **options)
