"""Invariant 3: whatever is sent in whatever order and sets, a record has one leaf and a key one
row; compared with a plain model that is a dictionary."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.intake.interfaces import RowAnswer
from gateway.log.models import entries, promises
from gateway.node import Node
from gateway.records.models import records
from ledger.core import merkle
from tests.gateway.intake.material import OTHER_SUBJECT, check_promise, count, row
from tests.records.examples import SUBJECT
from tests.support.callers import CENTRE, of
from tests.support.log import pending_count
from tests.support.node import make_test_node

Sent = tuple[int, bool, int]
"""Document number, whether another subject, version of the content."""

sent = st.tuples(st.integers(1, 3), st.booleans(), st.integers(0, 2))
submissions = st.lists(st.lists(sent, max_size=6), min_size=1, max_size=5)


def send(node: Node, items: Sequence[Sent]) -> list[RowAnswer]:
    rows = [
        row(number, CF_SY=f"事实{version}", CF_XDR_SHXYM=OTHER_SUBJECT if other else SUBJECT)
        for number, other, version in items
    ]
    answer = node.intake.submit_set(caller=CENTRE, rows=rows)
    accepted = [item.leaf or "" for item in answer.rows if item.verdict == "accepted"]
    assert (answer.promise is None) == (not accepted)
    if answer.promise is not None:
        check_promise(node, answer.promise.as_dict(), accepted)
    return list(answer.rows)


def expected(model: dict[tuple[int, bool], tuple[int, str]], item: Sent) -> str:
    held = model.get(item[:2])
    if held is None:
        return "accepted"
    return "duplicate" if held[0] == item[2] else "conflict"


@settings(max_examples=40, deadline=None)
@given(submissions)
def test_any_sequence_of_sets(sequence: list[list[Sent]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        node = make_test_node(Path(folder))
        try:
            _check(node, sequence)
        finally:
            node.close()


def _check(node: Node, sequence: list[list[Sent]]) -> None:
    model: dict[tuple[int, bool], tuple[int, str]] = {}
    for items in sequence:
        for item, answer in zip(items, send(node, items), strict=True):
            verdict = expected(model, item)
            assert answer.verdict == verdict
            if verdict == "accepted":
                model[item[:2]] = (item[2], answer.leaf or "")
            assert answer.leaf == model[item[:2]][1]
            assert answer.changed == (("CF_SY",) if verdict == "conflict" else ())
    _check_tables(node, [leaf for _, leaf in model.values()])


def _check_tables(node: Node, leaves: list[str]) -> None:
    """Exactly one row per key, each in the log's queue once and covered by one promise."""
    assert len(set(leaves)) == len(leaves)
    assert count(node, records) == count(node, entries) == pending_count(node) == len(leaves)
    with node.ctx.engine.connect() as connection:
        keys = connection.scalar(sa.select(sa.func.count(records.c.record_key.distinct())))
        held = connection.execute(
            sa.select(promises.c.first_entry, promises.c.count, promises.c.leaves_root)
        ).all()
        for first, number, root in held:
            covered = connection.scalars(
                sa.select(entries.c.leaf)
                .where(entries.c.id.between(first, first + number - 1))
                .order_by(entries.c.id)
            ).all()
            assert len(covered) == number
            assert merkle.root(covered) == root
    assert keys == len(leaves)


@pytest.mark.parametrize("again", ["duplicate", "conflict"])
def test_after_the_entry_went_into_the_tree(node: Node, again: str) -> None:
    first = send(node, [(1, False, 0)])[0]
    node.logs.step()
    answer = send(node, [(1, False, 0 if again == "duplicate" else 1)])[0]
    assert (answer.verdict, answer.leaf, answer.covered) == (again, first.leaf, (1, 0))


def test_departments_of_one_set(node: Node) -> None:
    answer = node.intake.submit_mixed(
        callers=[of("甲"), of("乙"), of("甲")], rows=[row(1), row(2, CF_SY=None), row(3)]
    )
    assert [item.verdict for item in answer.rows] == ["accepted", "rejected", "accepted"]
    with node.ctx.engine.connect() as connection:
        found = connection.scalars(sa.select(records.c.department).order_by(records.c.id)).all()
    assert found == ["甲", "甲"]
