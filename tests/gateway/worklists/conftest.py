"""A node with records of two departments."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.app import create_app
from gateway.node import Node
from tests.acceptance.independent import uscc
from tests.gateway.intake.material import bearer, new_token, row
from tests.support.asgi import Client
from tests.support.node import make_test_node

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
OURS, THEIRS = uscc(21, start="11110105MA"), uscc(22, start="11110106MA")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = make_test_node(tmp_path, now=NOW)
    yield node
    node.close()


class Office:
    """A department with authorities; none: the centre."""

    def __init__(
        self, node: Node, *codes: str, scopes: tuple[str, ...] = ("submit", "read")
    ) -> None:
        self.node = node
        department = f"部门{codes[0]}" if codes else None
        self.token = new_token(node, *scopes, authorities=codes, department=department)
        found = node.holders.find(self.token)
        assert found is not None
        self.caller = found
        self.client = Client(create_app(node))

    def file(self, *numbers: int, **changes: object) -> list[Any]:
        """Penalties of its first authority, accepted."""
        code = next(iter(self.caller.authorities), OURS)
        rows = [row(n, None, **{"CF_CFJGDM": code, **changes}) for n in numbers]
        answer = self.node.intake.submit_set(caller=self.caller, rows=rows)
        assert [item.verdict for item in answer.rows] == ["accepted"] * len(rows)
        return list(answer.rows)

    def post(self, path: str, data: bytes, name: str = "x.csv", **headers: str) -> httpx.Response:
        return self.client.request(
            "POST",
            path,
            files={"file": (name, data)},
            headers=bearer(self.token) | headers,
        )


@pytest.fixture
def ours(node: Node) -> Office:
    return Office(node, OURS)


@pytest.fixture
def theirs(node: Node) -> Office:
    return Office(node, THEIRS)


@pytest.fixture
def centre(node: Node) -> Office:
    return Office(node)


def table(*lines: str) -> bytes:
    return "\n".join(lines).encode()
