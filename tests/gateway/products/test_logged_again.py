"""An input that its member logged again behind a closed log: acts are on the first of the chain,
and make stale what was made of any of them."""

from __future__ import annotations

import os
from threading import Event

from gateway.base.db import begin_read, begin_write
from gateway.node import Node
from gateway.products import store
from gateway.products.manifests import Manifests
from gateway.products.staleness import causes_of
from ledger.core.ids import RecordId, sha256
from ledger.core.manifest import of_records
from tests.gateway.cases.conftest import anvil, member, node
from tests.gateway.cases.desk import of_authority, send_all, take_in, wanted
from tests.gateway.cases.test_logged_again import strand
from tests.support.anvil import Anvil
from tests.support.member import Member
from tests.support.node import MEMBER

__all__ = ["anvil", "member", "node"]


def made_of(node: Node, *records: RecordId) -> store.Row:
    """A version of a product of ours, of these records."""
    manifests = Manifests(node.vault, node.hmac)
    product = os.urandom(32)
    manifest = of_records(product=product, version=1, record_ids=records, salt=os.urandom(32))
    with begin_read(node.ctx.engine) as connection:
        prepared = manifests.prepare(connection, manifest)
    with begin_write(node.ctx.engine, store.LOCK) as connection:
        number = store.put_product(
            connection,
            member=MEMBER,
            product=product,
            kind=1,
            method=sha256(b"method"),
            title="",
            department=None,
            token=1,
            at=1,
        )
        common = {"content": sha256(b"content"), "method": sha256(b"method"), "at": 1}
        manifests.put(connection, number, prepared, request=b"r" * 16, **common)
        row = store.version_row(connection, number)
    assert row is not None
    return row


def named(node: Node, leaf: bytes) -> RecordId:
    told = node.statuses.told(leaf)
    assert told is not None
    return told.record


def test_acts_on_the_first_count(node: Node, member: Member, anvil: Anvil) -> None:
    take_in(node, anvil, 600)
    (leaf,) = take_in(node, anvil, 601)
    first = named(node, leaf)
    again = strand(node, member, anvil, (member.log_id, 1), leaf)
    second = named(node, again)
    (beside,) = take_in(node, anvil, 602)
    assert first != second
    rows = [made_of(node, second), made_of(node, first), made_of(node, named(node, beside))]
    manifests = Manifests(node.vault, node.hmac)
    decisions = node.case_parts.decisions
    decisions.propose_own(of_authority(node, 1), again, wanted("withdraw", basis=8))
    decisions.release_own(of_authority(node, 2), again)
    send_all(node, anvil)
    anvil.mine(4)
    chain = node.follower.look()
    assert chain is not None
    node.follower.follow(chain, Event())
    with begin_read(node.ctx.engine) as connection:
        found = [causes_of(connection, manifests.open(connection, row)) for row in rows]
        by_first = store.versions_with(connection, [manifests.mark(first)])
    assert [[(one.record, one.first, one.words) for one in causes] for causes in found] == [
        [(second, first, ["withdrawn"])],
        [(first, None, ["withdrawn"])],
        [],
    ]
    assert [row.n for row in by_first] == [rows[0].n, rows[1].n], "both are told of"
