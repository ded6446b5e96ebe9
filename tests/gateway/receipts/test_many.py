"""Receipts of many records are those of each, and nothing that grows is read from end to end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.base.db import begin_write
from gateway.log.located import Entries, entries_of, of_row
from gateway.log.many import ManyEntries, Placed, paths_of
from gateway.log.models import logs
from gateway.log.store import TileStore
from gateway.node import Node
from gateway.receipts.interfaces import Pending, Stranded, Unshown
from gateway.records.errors import ContentErased
from ledger.core.receipt import Receipt, parse
from ledger.core.tiles import inclusion_path_at
from tests.gateway.receipts.test_receipts import NOW, submit
from tests.support.anchors import put_anchor
from tests.support.erasing import erase
from tests.support.log import make_entries, promise_entries
from tests.support.node import make_test_node

GROWING = ("entries", "promises", "tiles", "bundles", "anchors", "records", "cosignatures")


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = make_test_node(tmp_path, now=NOW)
    yield node
    node.close()


def fill(node: Node) -> list[bytes]:
    """Three batches of records between others, two of them anchored; a fourth waits."""
    leaves = []
    for n, numbers in enumerate(([1, 2, 3], [4, 5], [6, 7])):
        promise_entries(node, make_entries(300, seed=str(n)))
        leaves += submit(node, *numbers)
        while node.logs.step():
            pass
    put_anchor(node, 0, 303)
    put_anchor(node, 303, 605)
    return leaves + submit(node, 8)


def rows_of(node: Node, leaves: Sequence[bytes]) -> dict[bytes, int]:
    with node.ctx.engine.connect() as connection:
        return entries_of(connection, leaves)


def same(one: bytes | Pending | None, other: object) -> bool:
    """Whether two are of one record and show the same; the signature is another each time."""
    if not isinstance(one, bytes) or not isinstance(other, bytes):
        return one == other
    found: list[Receipt] = [parse(one), parse(other)]
    texts = {str(each.presentation and each.presentation.payload) for each in found}
    parts = [
        (each.leaf, each.index, each.path, each.anchor, each.checkpoint, each.entry)
        for each in found
    ]
    return parts[0] == parts[1] and len(texts) == 1


def test_many_are_as_each(node: Node) -> None:
    leaves = fill(node)
    with begin_write(node.ctx.engine) as connection:
        erase(connection, leaves[1])
    rows = rows_of(node, leaves)
    found = node.receipts.many(list(rows.values()), bare=[rows[leaves[2]]])
    assert found.keys() == set(rows.values())
    for leaf in (leaves[0], *leaves[3:5]):
        assert same(node.receipts.shown(leaf), found[rows[leaf]])
    erased = found[rows[leaves[1]]]
    assert isinstance(erased, Unshown) and isinstance(erased.reason, ContentErased)
    assert same(node.receipts.receipt(leaves[1]), erased.bare)
    assert same(node.receipts.receipt(leaves[2]), found[rows[leaves[2]]])
    for leaf in leaves[5:]:  # behind the last anchor, and not in the tree yet
        assert found[rows[leaf]] == node.receipts.shown(leaf) == Pending()
    with begin_write(node.ctx.engine) as connection:
        connection.execute(sa.update(logs).values(closed=605))
    found = node.receipts.many(list(rows.values()))
    assert isinstance(found[rows[leaves[4]]], bytes)
    assert all(isinstance(found[rows[leaf]], Stranded) for leaf in leaves[5:])
    assert node.receipts.many([]) == {} == node.receipts.many([10_000])


def test_places_and_paths_are_those_of_each(node: Node) -> None:
    rows = list(rows_of(node, fill(node)).values())
    with node.ctx.engine.connect() as connection:
        held, one_by_one = ManyEntries(connection), Entries(connection)
        found = held.of_rows(rows)
        for row in rows:
            at = of_row(connection, row, one_by_one)
            assert found[row] == at
            assert held.get(found[row]) == one_by_one.get(at) is not None
        wanted = [
            Placed(at.log, at.index, size)
            for at in found.values()
            for size in (303, 605, 907)
            if at.index is not None and at.index < size
        ]
        assert paths_of(connection, wanted) == [
            inclusion_path_at(TileStore(connection, one.log), one.leaf, one.size) for one in wanted
        ]
        assert len(wanted) > len(rows)


def test_indexes_are_used(node: Node) -> None:
    rows = list(rows_of(node, fill(node)).values())
    asked: list[tuple[str, Any]] = []
    engine = node.ctx.engine

    def note(*given: Any) -> None:
        asked.append((given[2], given[3]))

    sa.event.listen(engine, "before_cursor_execute", note)
    node.receipts.many(rows)
    sa.event.remove(engine, "before_cursor_execute", note)
    plans = []
    with engine.connect() as connection:
        on_sqlite = connection.dialect.name == "sqlite"
        explain, bad = ("EXPLAIN QUERY PLAN", "SCAN ") if on_sqlite else ("EXPLAIN", "Seq Scan on ")
        if not on_sqlite:  # small tables are read whole otherwise
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        for text, values in asked:
            if text.startswith(("SELECT", "WITH")):
                plans.append(str(connection.exec_driver_sql(f"{explain} {text}", values).all()))
    assert len(plans) > 5
    for plan in plans:
        assert not any(f"{bad}{table}" in plan for table in GROWING), plan
