"""Holders of tokens who send and read over HTTP."""

import json
import os
from pathlib import Path
from typing import Any

import httpx
import orjson

from gateway.app import create_app
from gateway.node import Node
from tests.gateway.intake.material import bearer, new_token
from tests.support.asgi import Client


class Desk:
    """One holder of a token."""

    def __init__(
        self, node: Node, *scopes: str, department: str | None = None, **more: Any
    ) -> None:
        self.client = Client(create_app(node))
        self.headers = bearer(new_token(node, *scopes, department=department, **more))

    def file(self, sent: dict[str, Any]) -> httpx.Response:
        """Send a record."""
        headers = self.headers | {"Content-Type": "application/json"}
        return self.client.request(
            "POST", "/v1/records", content=orjson.dumps(sent), headers=headers
        )

    def get(self, path: str) -> httpx.Response:
        """Ask for something."""
        return self.client.get(path, headers=self.headers)


def write(path: Path, document: Any) -> Path:
    """As an editor does: beside, then in its place."""
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(document, ensure_ascii=False), "utf-8")
    os.replace(beside, path)
    return path
