"""A department's desk: hands in files over HTTP, lets the worker run, fetches answers."""

from typing import Any

import httpx

from gateway.app import create_app
from gateway.node import Node
from gateway.tokens.services import add_token
from tests.gateway.files.work import work
from tests.support.asgi import Client


class Desk:
    """department: of its token; None acts for the whole member."""

    def __init__(
        self, node: Node, department: str | None = "市监局", scopes: tuple[str, ...] = ("submit",)
    ) -> None:
        self.node = node
        self.client = Client(create_app(node))
        _, token = add_token(
            node.ctx.engine,
            name="desk",
            scopes=scopes,
            department=department,
            now=node.ctx.clock.now(),
        )
        self.headers = {"Authorization": f"Bearer {token}"}

    def post(self, data: bytes, name: str = "x", **fields: str) -> httpx.Response:
        return self.client.request(
            "POST", "/v1/files", files={"file": (name, data)}, data=fields, headers=self.headers
        )

    def get(self, path: str) -> httpx.Response:
        return self.client.get(path, headers=self.headers)

    def work(self) -> None:
        """What the worker would do until nothing waits any more."""
        work(self.node)

    def send(self, data: bytes, name: str = "x", **fields: str) -> dict[str, Any]:
        """Hand in, wait, and the answer."""
        posted = self.post(data, name, **fields)
        assert posted.status_code == 202, posted.text
        self.work()
        return self.answer(posted.headers["Location"])

    def answer(self, location: str) -> dict[str, Any]:
        found = self.get(location)
        assert found.status_code == 200
        answer: dict[str, Any] = found.json()
        return answer

    def report(self, answer: dict[str, Any]) -> bytes:
        place = f"/v1/files/{answer['id']}/report.xlsx"
        found = self.get(place)
        if found.status_code == 202:
            self.work()
            found = self.get(place)
        assert found.status_code == 200
        return found.content
