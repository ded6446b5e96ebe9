"""Two persons with tokens, files of national results, and the steps of the gateway's thread."""

from collections.abc import Sequence
from typing import Any

import httpx
import orjson

from gateway.app import create_app
from gateway.base.policy import Caller
from gateway.node import Node
from tests.gateway.cases.desk import DECIDED, send_all
from tests.gateway.intake.material import OF_BEIJING, bearer, new_token, number
from tests.support.anvil import Anvil
from tests.support.asgi import Client

SCOPES = ("submit", "read", "decide", "release")
HEAD = "文书号,认定单位代码,结果,日期"


def line(n: int, result: str = "准予修复", day: str = DECIDED, code: str = OF_BEIJING) -> str:
    return f"{number(n)},{code},{result},{day}"


def table(*lines: str, head: str = HEAD) -> bytes:
    return "\n".join((head, *lines)).encode()


class Person:
    """The holder of a token."""

    def __init__(self, node: Node, name: str, **more: Any) -> None:
        scopes: Sequence[str] = more.pop("scopes", SCOPES)
        more.setdefault("authorities", [OF_BEIJING])
        self.token = new_token(node, *scopes, name=name, **more)
        found = node.holders.find(self.token)
        assert found is not None
        self.caller: Caller = found
        self._client = Client(create_app(node))

    def get(self, path: str, **params: str) -> httpx.Response:
        return self._client.request("GET", path, params=params, headers=bearer(self.token))

    def post(self, path: str, data: bytes | None = None, name: str = "结果.csv") -> httpx.Response:
        files = None if data is None else {"file": (name, data)}
        return self._client.request("POST", path, files=files, headers=bearer(self.token))

    def record(self, sent: dict[str, Any]) -> httpx.Response:
        """File one record."""
        headers = bearer(self.token) | {"Content-Type": "application/json"}
        content = orjson.dumps(sent)
        return self._client.request("POST", "/v1/records", content=content, headers=headers)


class Bureau:
    """An authority with a clerk and a chief."""

    def __init__(self, node: Node, anvil: Anvil) -> None:
        self.node = node
        self.anvil = anvil
        self.clerk = Person(node, "clerk")
        self.chief = Person(node, "chief")

    def propose(self, data: bytes, by: Person | None = None, name: str = "结果.csv") -> str:
        """Hand a file in, and look its rows up."""
        answer = (by or self.clerk).post("/v1/case-files", data, name)
        assert answer.status_code == 202, answer.text
        self.work()
        return str(answer.json()["id"])

    def release(self, file: str, by: Person | None = None) -> httpx.Response:
        return (by or self.chief).post(f"/v1/case-files/{file}/release")

    def work(self) -> None:
        """What the thread does, until nothing is left."""
        parts = self.node.case_files
        for _ in range(200):
            if not (parts.judging.step() | parts.deciding.step()):
                return
        raise AssertionError("still at work")

    def carry_out(self, file: str) -> None:
        """Release it, and send all."""
        assert self.release(file).status_code == 200
        self.work()
        send_all(self.node, self.anvil)

    def head(self, file: str) -> dict[str, Any]:
        answer = self.clerk.get(f"/v1/case-files/{file}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def rows(self, file: str, **params: str) -> list[dict[str, Any]]:
        answer = self.clerk.get(f"/v1/case-files/{file}/rows", **params)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["rows"])
