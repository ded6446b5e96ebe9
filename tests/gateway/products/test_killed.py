"""`kill -9` around every stage: a product and its version are there once, or come with the next
try."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.base.db import close_engine, open_engine
from gateway.node import Node
from gateway.operations.backup import backup, restore
from gateway.products import store
from gateway.products.models import product_acts, product_inputs, product_versions, products
from ledger.core.ids import ProductId
from ledger.core.keys import Purpose
from tests.gateway.intake.material import count
from tests.gateway.products.killed import RECORDS, ask, ask_here, send
from tests.gateway.statuses.conftest import network, shared
from tests.gateway.statuses.desk import FIRST, open_gateway
from tests.support import child
from tests.support.chain import TestNetwork
from tests.support.peers import freeze
from tests.support.postgres import database_url

__all__ = ["network", "shared"]

TABLES = (products, product_versions, product_inputs, product_acts)
POINTS = [
    f"product.{stage}:{when}"
    for stage in ("signed", "sent", "recorded")
    for when in ("before", "after")
]


@pytest.fixture
def node(network: TestNetwork, tmp_path: Path) -> Iterator[Node]:
    keys = {"product": network.keys[FIRST, Purpose.PRODUCT]}
    made = open_gateway(network, tmp_path / "node", FIRST, keys=keys)
    made.anchoring.look()
    freeze(made, tmp_path / "node")
    yield made
    made.close()


@pytest.mark.parametrize(("when", "there"), [("before", 0), ("after", 1)])
def test_killed_while_asking(node: Node, tmp_path: Path, when: str, there: int) -> None:
    folder, product = str(tmp_path / "node"), os.urandom(32)
    crash = f"product.stored:{when}"
    assert child.fork(ask_here, folder, product.hex(), crash_at=crash) == child.KILLED
    assert (count(node, products), count(node, product_acts)) == (there, there)
    for _ in range(2):
        ask(node, product)
    assert [count(node, table) for table in TABLES] == [1, 1, len(RECORDS), 2]


@pytest.mark.parametrize("point", POINTS)
def test_killed_while_sending(node: Node, network: TestNetwork, tmp_path: Path, point: str) -> None:
    folder, product = str(tmp_path / "node"), os.urandom(32)
    ask(node, product)
    assert child.fork(send, folder, crash_at=point) == child.KILLED
    assert child.fork(send, folder) == 0
    with node.ctx.engine.connect() as connection:
        row = store.product_row(connection, FIRST, product)
        assert row is not None
        assert {act.state for act in store.acts_of(connection, row.n)} == {"recorded"}
        keys = list(connection.scalars(sa.text("SELECT key FROM transactions")))
    assert [key for key in keys if key.startswith("product/")] == [], "nothing is left to push"
    found = network.products.product(FIRST, product)
    assert found is not None
    assert found.versions == 1


def test_restored(node: Node, network: TestNetwork, tmp_path: Path) -> None:
    """A database made of a backup has the products, their manifests, and the keys that open
    them."""
    product = os.urandom(32)
    ask(node, product)
    taken = tmp_path / "backup"
    backup(node.ctx.engine, taken, member=FIRST, clock=node.ctx.clock)
    folder = tmp_path / "again"
    folder.mkdir()
    engine = open_engine(database_url(folder))
    restore(engine, taken, member=FIRST)
    with engine.connect() as connection:
        row = store.product_row(connection, FIRST, product)
        assert row is not None
        version = store.version_row(connection, row.n)
        assert version is not None
        held = node.products.noticing._manifests.open(connection, version)
        marks = connection.scalar(sa.select(sa.func.count()).select_from(product_inputs))
    close_engine(engine)
    assert held.manifest.product == ProductId(product)
    assert [bytes(one) for one in held.manifest.record_ids] == sorted(RECORDS)
    assert marks == len(RECORDS)
