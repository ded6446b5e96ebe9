"""How the status of one record changed, for whoever looks at it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.app import create_app
from gateway.base.db import begin_write
from gateway.log.located import Entries, locate
from gateway.node import Node
from gateway.statuses.models import status_changes
from ledger.core.status import Action, Flag
from tests.gateway.intake.material import bearer, new_token, row
from tests.support.asgi import Client
from tests.support.callers import CENTRE
from tests.support.node import make_test_node


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = make_test_node(tmp_path)
    yield node
    node.close()


def note(node: Node, number: int, leaf: bytes, flags: Flag, action: Action) -> None:
    """As the follower notes it."""
    with begin_write(node.ctx.engine) as connection:
        at = locate(connection, leaf)
        assert at is not None
        values = {
            "id": number,
            "at": 1_800_000_000 + number,
            "record": Entries(connection).record_id(at),
            "flags": flags,
            "outcome": 0,
            "version": number,
            "recorded_at": 1_800_000_000,
            "effective_at": 1_800_000_000,
            "closed": False,
            "action": action,
            "basis": 0,
            "block": 10,
        }
        connection.execute(sa.insert(status_changes).values(values))


def test_newest_first_and_of_one_record(node: Node) -> None:
    answer = node.intake.submit_set(caller=CENTRE, rows=[row(1), row(2)])
    one, two = (bytes.fromhex(str(found.leaf)) for found in answer.rows)
    node.logs.step()
    note(node, 1, one, Flag.DISPUTED, Action.DISPUTE)
    note(node, 2, two, Flag.DISPUTED, Action.DISPUTE)
    note(node, 3, one, Flag(0), Action.SETTLE)
    client, headers = Client(create_app(node)), bearer(new_token(node, "read"))
    found = client.get(f"/v1/records/{one.hex()}/changes", headers=headers).json()
    assert [(each["action"], each["flags"]) for each in found] == [
        ("settle", []),
        ("dispute", ["disputed"]),
    ]
    for name in ("0" * 64, "x"):
        assert client.get(f"/v1/records/{name}/changes", headers=headers).status_code == 404
    assert client.get(f"/v1/records/{one.hex()}/changes").status_code == 401
