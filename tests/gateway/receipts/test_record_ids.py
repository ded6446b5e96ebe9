"""Records found by their record id, which the index holds a little of, and told again."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.app import create_app
from gateway.base.db import begin_write
from gateway.intake.interfaces import RowAnswer
from gateway.log.models import PREFIX, bundles, entries, pending
from gateway.node import Node
from ledger.core.ids import record_id
from ledger.core.receipt import parse
from tests.core.material import flip
from tests.gateway.intake.material import bearer, new_token, pending_entries, row
from tests.support.anchors import put_anchor
from tests.support.asgi import Client
from tests.support.callers import CENTRE, of
from tests.support.log import commitment_of, make_entries, promise_entries
from tests.support.node import LOG_ID, make_test_node

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = make_test_node(tmp_path, now=NOW)
    yield node
    node.close()


def submit(node: Node, *numbers: int) -> list[RowAnswer]:
    rows = [row(n, at=n) for n in numbers]
    return list(node.intake.submit_set(caller=of("市监局"), rows=rows).rows)


def names(answer: RowAnswer) -> tuple[bytes, bytes]:
    """Leaf and record id."""
    return bytes.fromhex(str(answer.leaf)), bytes.fromhex(str(answer.record_id))


def test_both_names_lead_to_the_same_record(node: Node) -> None:
    (answer,) = submit(node, 1)
    leaf, name = names(answer)
    made = commitment_of(pending_entries(node)[leaf.hex()])
    assert name == record_id(LOG_ID, made)
    promise_entries(node, make_entries(40))
    for state in ("promised", "integrated", "anchored"):
        found = node.receipts.record(name, CENTRE)
        assert found == node.receipts.record(leaf, CENTRE)
        assert found is not None
        assert (found["leaf"], found["recordId"]) == (leaf.hex(), name.hex())
        assert found["state"] == state
        if state == "promised":
            node.logs.step()
        elif state == "integrated":
            put_anchor(node, 0, 41)
    bare = node.receipts.receipt(name)
    assert isinstance(bare, bytes)
    assert bare == node.receipts.receipt(leaf)
    assert parse(bare).record_id == name
    for unknown in (bytes(32), name[:PREFIX] + bytes(27), flip(name, 255)):
        assert node.receipts.receipt(unknown) is None
        assert node.receipts.record(unknown, CENTRE) is None


def test_routes_take_both(node: Node) -> None:
    leaf, name = names(submit(node, 1)[0])
    node.logs.step()
    put_anchor(node, 0, 1)
    reader = bearer(new_token(node, "read"))
    client = Client(create_app(node))
    for path in ("/v1/receipts/{}", "/v1/records/{}/receipt", "/v1/records/{}"):
        two = [client.get(path.format(which.hex()), headers=reader) for which in (leaf, name)]
        assert [found.status_code for found in two] == [200, 200], path
        assert [json.loads(found.content)["log"] for found in two] == [LOG_ID.hex()] * 2
        missing = client.get(path.format("00" * 32), headers=reader)
        assert missing.status_code == 404


def test_names_that_begin_alike_are_told_apart(node: Node) -> None:
    one, two = (names(answer)[1] for answer in submit(node, 1, 2))
    with begin_write(node.ctx.engine) as connection:
        connection.execute(sa.update(entries).values(record=one[:PREFIX]))
    found = node.receipts.record(one, CENTRE)
    assert found is not None
    assert found["recordId"] == one.hex()
    hidden = node.receipts.record(one[:PREFIX] + two[PREFIX:], CENTRE)
    assert hidden is None


def test_an_earlier_record_is_told_with_its_record_id(node: Node) -> None:
    """Whether it is still pending, in the tree, or in the same set."""
    first = submit(node, *range(1, 9))
    again = submit(node, *range(1, 9))
    node.logs.step()
    later = submit(node, *range(8, 0, -1), 9, 9)
    assert {answer.verdict for answer in [*again, *later[:8], later[9]]} == {"duplicate"}
    wanted = [(answer.leaf, answer.record_id) for answer in first]
    assert [(answer.leaf, answer.record_id) for answer in again] == wanted
    assert [(answer.leaf, answer.record_id) for answer in later[:8]] == wanted[::-1]
    assert (later[8].leaf, later[8].record_id) == (later[9].leaf, later[9].record_id)
    assert len({answer.record_id for answer in [*first, later[8]]}) == 9


def test_an_entry_that_the_disk_lost_has_no_name(node: Node) -> None:
    """The record is known all the same, and so is that it was sent before."""
    leaf, name = names(submit(node, 1)[0])
    with begin_write(node.ctx.engine) as connection:
        connection.execute(sa.update(pending).values(entries=b"{}"))
    assert node.receipts.receipt(name) is None
    found = node.receipts.record(leaf, CENTRE)
    assert found is not None
    assert found["recordId"] is None
    (again,) = submit(node, 1)
    assert (again.verdict, again.leaf, again.record_id) == ("duplicate", leaf.hex(), None)


def test_nor_has_one_in_a_damaged_bundle(node: Node) -> None:
    leaf, _ = names(submit(node, 1)[0])
    node.logs.step()
    with begin_write(node.ctx.engine) as connection:
        connection.execute(sa.update(bundles).values(data=b"damaged"))
    (again,) = submit(node, 1)
    assert (again.verdict, again.leaf, again.record_id) == ("duplicate", leaf.hex(), None)
