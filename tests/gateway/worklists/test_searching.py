"""Records by their subject or their number: what the caller may not read is as if it were not."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from gateway.accesses.models import accesses
from gateway.app import create_app
from gateway.base.db import begin_write
from gateway.node import Node
from gateway.records.models import closings, records
from gateway.worklists import searching
from tests.gateway.intake.material import OF_BEIJING, OTHER_SUBJECT, bearer, new_token, number, row
from tests.records.examples import penalty
from tests.support.asgi import Client
from tests.support.callers import of
from tests.support.erasing import erase
from tests.support.node import make_test_node

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
SUBJECT = str(penalty()["CF_XDR_SHXYM"])
HIDDEN = {"CF_XDR_SHXYM": OTHER_SUBJECT}


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = make_test_node(tmp_path, now=NOW)
    yield node
    node.close()


def submit(node: Node, *numbers: int, **changes: object) -> list[str]:
    rows = [row(n, at=n, **changes) for n in numbers]
    answer = node.intake.submit_set(caller=of("市监局"), rows=rows)
    assert [found.verdict for found in answer.rows] == ["accepted"] * len(numbers)
    return [str(found.leaf) for found in answer.rows]


def ask(node: Node, token: str, **wanted: object) -> httpx.Response:
    client = Client(create_app(node))
    return client.request("POST", "/v1/records/find", json=wanted, headers=bearer(token))


def leaves(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one["leaf"] for one in answer.json()["records"]]


def private(node: Node) -> None:
    """As if they were for authorities alone."""
    with begin_write(node.ctx.engine) as connection:
        connection.execute(sa.update(records).values(visibility=3))


def close(node: Node, entry: int) -> None:
    with begin_write(node.ctx.engine) as connection:
        values = {
            "entry": entry,
            "record": hashlib.sha256(b"x").digest(),
            "since": int(time.time()),
        }
        connection.execute(sa.insert(closings).values(values))


def test_by_subject(node: Node) -> None:
    one, two = submit(node, 1, 2)
    submit(node, 3, **HIDDEN)
    token = new_token(node, "read", department=None)
    answer = ask(node, token, subject=f" {SUBJECT.lower()} ")
    assert leaves(answer) == [two, one]
    told = answer.json()["records"][1]
    assert told["document"] == number(1)
    assert (told["type"], told["status"]) == ("penalty", "in-force")
    assert told["decided"] == penalty()["CF_JDRQ"]
    assert leaves(ask(node, token, subject="91110000100006485B")) == []


def test_by_number(node: Node) -> None:
    one, _ = submit(node, 1, 2)
    (other,) = submit(node, 1, **HIDDEN)
    centre = new_token(node, "read", department=None)
    assert leaves(ask(node, centre, document=number(1), authority=OF_BEIJING)) == [other, one]
    assert leaves(ask(node, centre, document=number(9), authority=OF_BEIJING)) == []
    own = new_token(node, "read", authorities=[OF_BEIJING])
    assert leaves(ask(node, own, document=number(1))) == [other, one]
    wrong = ask(node, centre, document=number(1))
    assert (wrong.status_code, wrong.json()["field"]) == (422, "authority")


def test_as_if_it_were_not_there(node: Node) -> None:
    (leaf,) = submit(node, 1)
    private(node)
    for department, seen in (("市监局", [leaf]), ("税务局", []), (None, [leaf])):
        token = new_token(node, "read", department=department)
        for wanted in ({"subject": SUBJECT}, {"document": number(1), "authority": OF_BEIJING}):
            answer = ask(node, token, **wanted)
            assert (leaves(answer), answer.json()["next"]) == (seen, None)
    assert ask(node, new_token(node, "submit"), subject=SUBJECT).status_code == 403


def test_closed_and_erased(node: Node) -> None:
    """Of them only the determining authority learns, and of what was erased nobody."""
    one, two, three = submit(node, 1, 2, 3)
    close(node, 1)
    with begin_write(node.ctx.engine) as connection:
        erase(connection, bytes.fromhex(two))
    assert leaves(ask(node, new_token(node, "read", department=None), subject=SUBJECT)) == [three]
    own = ask(node, new_token(node, "read", authorities=[OF_BEIJING]), subject=SUBJECT)
    assert leaves(own) == [three, one]
    assert own.json()["records"][1]["status"] == "closed"


def test_each_is_logged(node: Node) -> None:
    found = submit(node, 1, 2)
    ask(node, new_token(node, "read"), subject=SUBJECT)
    with node.ctx.engine.connect() as connection:
        query = sa.select(accesses.c.record).where(accesses.c.purpose == "show")
        assert {bytes(one).hex() for one in connection.scalars(query)} == set(found)


def test_piece_by_piece(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "_AT_ONCE", 2)
    wanted = submit(node, *range(1, 8))[::-1]
    token = new_token(node, "read")
    seen: list[str] = []
    before: dict[str, Any] = {}
    while True:
        answer = ask(node, token, subject=SUBJECT, limit=3, **before)
        seen += leaves(answer)
        if answer.json()["next"] is None:
            break
        before = {"before": answer.json()["next"]}
    assert seen == wanted


@pytest.mark.parametrize(
    "wanted",
    [{}, {"subject": SUBJECT, "document": "x"}, {"subject": "x"}, {"subject": ""},
     {"subject": "x" * 65}, {"document": "x", "authority": "y"}, {"subject": SUBJECT, "limit": 101},
     {"subject": SUBJECT, "more": 1}],
)  # fmt: skip
def test_wrong(node: Node, wanted: dict[str, object]) -> None:
    answer = ask(node, new_token(node, "read", department=None), **wanted)
    assert answer.status_code == 422
    assert SUBJECT not in answer.text
