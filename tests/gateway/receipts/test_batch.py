"""Receipts in batches are what is answered for each, byte for byte, and count as so many."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.app import create_app
from gateway.base.db import begin_write
from gateway.log.located import locate
from gateway.log.models import bundles, logs
from gateway.node import Node
from gateway.receipts.batch import MAX_LEAVES
from ledger.core.receipt import parse
from tests.gateway.receipts.test_many import fill
from tests.gateway.receipts.test_receipts import NOW
from tests.support.asgi import Client
from tests.support.erasing import erase
from tests.support.node import make_test_node

ROUTE = "/v1/receipts"
OTHERS = ("00" * 32, "ab" * 32, "x", "", "0x" + "00" * 32, "AB" * 32, "../node", "é")
"""Names of nothing."""


class Asked:
    """One node whose receipts are asked for one by one, and together."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.client = Client(create_app(node))
        self._singles: dict[str, bytes] = {}

    def many(self, names: Sequence[object]) -> httpx.Response:
        return self.client.request("POST", ROUTE, json={"leaves": names})

    def line(self, name: str) -> bytes:
        """The body that is answered for one, as a line."""
        if name not in self._singles:
            body = self.client.get(f"{ROUTE}/{quote(name, safe='')}").content
            self._singles[name] = body if body.endswith(b"\n") else body + b"\n"
        return self._singles[name]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    with closing(make_test_node(tmp_path_factory.mktemp("batch"), now=NOW)) as node:
        yield Asked(node)


@pytest.fixture(scope="module")
def names(asked: Asked) -> list[str]:
    """Of records in two anchored batches, one of them erased; of some that wait; of other entries;
    by leaf and by record id; and of nothing."""
    node = asked.node
    leaves = fill(node)
    with begin_write(node.ctx.engine) as connection:
        erase(connection, leaves[1])
    receipts = [node.receipts.receipt(leaf) for leaf in leaves]
    ids = [parse(one).record_id for one in receipts if isinstance(one, bytes)]
    assert 0 < len(ids) < len(leaves)
    return [*(name.hex() for name in (*leaves, *ids)), *OTHERS]


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_batch_is_what_is_answered_for_each(
    asked: Asked, names: list[str], data: st.DataObject
) -> None:
    some = data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=30))
    found = asked.many(some)
    assert (found.status_code, found.headers["content-type"]) == (200, "application/x-ndjson")
    assert found.headers["cache-control"] == "no-cache"
    assert found.content == b"".join(map(asked.line, some))
    waits = any(line == b'{"state":"promised"}\n' for line in map(asked.line, some))
    assert ("retry-after" in found.headers) == waits


def test_what_is_damaged_holds_up_no_other(tmp_path: Path) -> None:
    """A bundle that the disk has changed; entries beyond the end of a closed log."""
    with closing(make_test_node(tmp_path, now=NOW)) as node:
        leaves = fill(node)
        with begin_write(node.ctx.engine) as connection:
            where = [
                None if at is None else at.index for at in map(partial(locate, connection), leaves)
            ]
            damaged = min(index // 256 for index in where if index is not None)
            change = sa.update(bundles).where(bundles.c.n == damaged).values(data=b"x")
            connection.execute(change)
            connection.execute(sa.update(logs).values(closed=605))
        here = Asked(node)
        names = [leaf.hex() for leaf in leaves]
        lines = here.many(names).content.splitlines(keepends=True)
        assert lines == [here.line(name) for name in names]
        expected = [
            "stranded"
            if index is None or index >= 605
            else "internal"
            if index // 256 == damaged
            else None
            for index in where
        ]
        assert [json.loads(line).get("code") for line in lines] == expected


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", None),
        (b"{", None),
        (b"[]", None),
        (b'{"leaves":["x"],"fields":[]}', None),
        (b'{"leaves":[]}', "leaves"),
        (b'{"leaves":"x"}', "leaves"),
        (b'{"leaves":[7]}', "leaves"),
        (json.dumps({"leaves": ["x"] * (MAX_LEAVES + 1)}).encode(), "leaves"),
    ],
)
def test_what_is_no_list_of_leaves(asked: Asked, body: bytes, field: str | None) -> None:
    found = asked.client.request("POST", ROUTE, content=body)
    assert (found.status_code, found.json()["code"]) == (422, "schema-invalid")
    assert found.json().get("field") == field
    large = asked.client.request("POST", ROUTE, content=b" " * (128 << 10) + b"{}")
    assert (large.status_code, large.json()["code"]) == (413, "too-large")


def test_a_batch_counts_as_so_many_requests(tmp_path: Path) -> None:
    """Of its address, as the single ones do; a thousand are taken also where fewer are ever saved
    up, and paid for afterwards."""
    with closing(make_test_node(tmp_path, now=NOW, http={"requests_per_second": 0.5})) as node:
        here = Asked(node)  # two a second, four saved up
        assert here.many(["x"] * MAX_LEAVES).status_code == 200
        for refused in (here.many(["x"]), here.client.get(f"{ROUTE}/x")):
            assert (refused.status_code, refused.json()["code"]) == (429, "too-many-requests")
            assert int(refused.headers["retry-after"]) > 100
