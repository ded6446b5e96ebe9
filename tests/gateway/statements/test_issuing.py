"""Statements are issued with a promise, kept sealed, and found again."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.base.crypto import ContentLost
from gateway.base.db import begin_write
from gateway.base.errors import NotReady
from gateway.log.models import entries, pending, promises
from gateway.node import Node
from gateway.records.errors import ContentErased
from gateway.sealing.services import Kind, drop
from gateway.statements.errors import Overtaken, RequestTaken, StatementUnknown
from gateway.statements.interfaces import Said
from gateway.statements.models import statement_promises, statements
from ledger.core.errors import Malformed
from ledger.core.opening import check, parse_opening
from tests.core.statements import query_of
from tests.gateway.intake.material import count
from tests.gateway.statements.desk import DAY, NIGHT, NOON, grow, said, set_clock
from tests.support.anchors import put_anchor
from tests.support.node import CHAIN_ID, LOG_ANCHOR, LOG_ID, MEMBER, make_facts, make_test_node


def test_an_opening_is_whole_and_signed_by_the_key_of_promises(node: Node) -> None:
    (opening,) = node.statements.issue([said(7)])
    assert parse_opening(opening.encode()) == opening
    check(opening)
    assert (opening.statement.iss, opening.statement.log) == (MEMBER, LOG_ID)
    assert opening.statement.at == int(NOON.timestamp())
    assert opening.statement.members == said(7).members
    assert opening.promised is not None
    signer = opening.promised.promise.signer(
        chain_id=CHAIN_ID, log_anchor=LOG_ANCHOR, member=MEMBER
    )
    assert signer.public_key == node.signing.keys.anchor.public_key


def test_several_together_share_one_promise(node: Node) -> None:
    openings = node.statements.issue([said(n) for n in range(5)])
    proofs = [opening.promised for opening in openings]
    assert len({proof.promise for proof in proofs if proof}) == 1
    assert [proof.index for proof in proofs if proof] == list(range(5))
    for n, opening in enumerate(openings):
        check(opening)
        assert opening.statement.members == said(n).members
    assert len({opening.statement.salt for opening in openings}) == 5
    assert count(node, statement_promises) == 1


@pytest.mark.parametrize(
    ("hours", "due"),
    [
        # Of the batch at 23:00 of the same day, and a day for the anchor.
        (0, NIGHT + DAY),
        (10.99, NIGHT + DAY),
        # At 23:00 the batch of the day is due but not made: it may be the next.
        (11, NIGHT + 2 * DAY),
        (20, NIGHT + 2 * DAY),
    ],
)
def test_the_promise_names_a_due_to_match_the_batch(node: Node, hours: float, due: object) -> None:
    now = NOON + timedelta(hours=hours)
    set_clock(node, now)
    (opening,) = node.statements.issue([said()])
    assert opening.promised is not None
    promise = opening.promised.promise
    assert promise.due == int(due.timestamp())  # type: ignore[attr-defined]
    assert promise.due - promise.issued_at <= 72 * 3600


def test_nothing_of_it_is_in_the_log_before_the_batch(node: Node) -> None:
    node.statements.issue([said(n) for n in range(3)])
    assert grow(node) == 0
    assert [count(node, table) for table in (entries, promises, pending)] == [0, 0, 0]


def test_a_repeated_request_gets_what_was_issued(node: Node) -> None:
    (first,) = node.statements.issue([said(1, request=b"a")])
    set_clock(node, NOON + timedelta(hours=1))
    again = node.statements.issue([said(1, request=b"a"), said(2, request=b"b"), said(3)])
    assert again[0] == first
    assert [one.statement.at - first.statement.at for one in again] == [0, 3600, 3600]
    assert count(node, statements) == 3
    twice = node.statements.issue([said(4, request=b"c"), said(4, request=b"c")])
    assert twice[0] == twice[1]
    assert count(node, statements) == 4


def test_one_request_names_one_statement(node: Node) -> None:
    node.statements.issue([said(1, request=b"a")])
    with pytest.raises(RequestTaken):
        node.statements.issue([said(2, request=b"a")])
    with pytest.raises(RequestTaken):
        node.statements.issue([said(2, request=b"b"), said(3, request=b"b")])
    assert count(node, statements) == 1


def test_a_repeated_request_is_answered_where_nothing_can_be_promised(node: Node) -> None:
    (first,) = node.statements.issue([said(1, request=b"a")])
    node.chain.put(replace(make_facts(node.signing.keys), active=False))
    assert node.statements.issue([said(1, request=b"a")]) == [first]


def test_within_the_transaction_of_another(node: Node) -> None:
    """It is there where that commits, and only then."""
    one = [said(1, request=b"a")]
    made = node.statements.make(one)
    with pytest.raises(ZeroDivisionError), begin_write(node.ctx.engine) as connection:
        node.statements.keep(connection, one, made)
        raise ZeroDivisionError
    assert count(node, statements) == 0
    with begin_write(node.ctx.engine) as connection:
        (opening,) = node.statements.keep(connection, one, made)
        inside = node.statements.opening(opening.statement.commitment, connection)
    assert inside == opening
    with begin_write(node.ctx.engine) as connection:
        (again,) = node.statements.issue(one, connection)
        (other,) = node.statements.issue([said(2)], connection)
    assert again == opening
    assert node.statements.opening(other.statement.commitment) == other


def test_what_was_made_before_a_batch_is_made_anew(node: Node) -> None:
    """Its promise counts on that batch, which has gone."""
    set_clock(node, NIGHT - timedelta(seconds=1))
    made = node.statements.make([said()])
    set_clock(node, NIGHT)
    assert node.daily_batch.step() is not None
    with pytest.raises(Overtaken), begin_write(node.ctx.engine) as connection:
        node.statements.keep(connection, [said()], made)
    (opening,) = node.statements.issue([said()])
    assert opening.promised is not None
    assert opening.promised.promise.due == int((NIGHT + 2 * DAY).timestamp())


def test_what_was_made_for_a_log_that_was_closed_is_made_anew(node: Node) -> None:
    made = node.statements.make([said()])
    node.chain.put(replace(make_facts(node.signing.keys), logs=()))
    with pytest.raises(Overtaken), begin_write(node.ctx.engine) as connection:
        node.statements.keep(connection, [said()], made)
    assert count(node, statements) == 0


def test_the_same_request_twice_at_once(node: Node) -> None:
    one = [said(1, request=b"a")]
    made = node.statements.make(one)
    (first,) = node.statements.issue(one)
    with pytest.raises(Overtaken), begin_write(node.ctx.engine) as connection:
        node.statements.keep(connection, one, made)
    assert node.statements.issue(one) == [first]


def test_who_may_issue(node: Node) -> None:
    facts = make_facts(node.signing.keys)
    for changed, code in (
        (replace(facts, active=False), "member-suspended"),
        (replace(facts, logs=()), "no-open-log"),
        (replace(facts, keys=()), "anchor-key-not-valid"),
    ):
        node.chain.put(changed)
        with pytest.raises(NotReady) as caught:
            node.statements.issue([said()])
        assert caught.value.code == code
    node.chain.put(replace(facts, rules=(), roles=2))  # a bureau, without rules
    assert len(node.statements.issue([said()])) == 1


def test_before_the_chain_was_read(tmp_path: Path) -> None:
    node = make_test_node(tmp_path, facts=False, now=NIGHT)
    with pytest.raises(NotReady, match="chain-unknown"):
        node.statements.issue([said()])
    node.close()


def test_what_is_refused(node: Node) -> None:
    wrong = said()
    for bad in (
        Said(sort="case", members={}),
        Said(sort="entry"),
        Said(sort="query", members=query_of() | {"items": 1.5}),
        replace(wrong, request=b""),
        replace(wrong, request=b"x" * 201),
    ):
        with pytest.raises(Malformed):
            node.statements.issue([bad])
    with pytest.raises(Malformed):
        node.statements.issue([])
    assert count(node, statements) == 0


def test_it_is_kept_sealed(node: Node) -> None:
    node.statements.issue([said(1, note="只有当事人知道")])
    with node.ctx.engine.connect() as connection:
        row = connection.execute(sa.select(statements)).one()
    assert "只有".encode() not in row.content
    assert b"credit-ledger" not in row.content


def test_an_erased_one_cannot_be_opened_and_stays_provable(node: Node) -> None:
    (opening,) = node.statements.issue([said()])
    set_clock(node, NIGHT)
    node.daily_batch.step()
    size = grow(node)
    put_anchor(node, 0, size)
    commitment = opening.statement.commitment
    with begin_write(node.ctx.engine) as connection:
        row = connection.scalar(
            sa.select(statements.c.id).where(statements.c.commitment == commitment)
        )
        drop(connection, Kind.STATEMENT, [row or 0])
    for ask in (node.statements.open, node.statements.opening):
        with pytest.raises(ContentErased):
            ask(commitment)
    assert isinstance(node.receipts.receipt(opening.leaf), bytes)


def test_an_altered_one_is_lost_and_an_unknown_one_unknown(node: Node) -> None:
    (one,) = node.statements.issue([said(1)])
    with begin_write(node.ctx.engine) as connection:
        connection.execute(sa.update(statements).values(content=b"x" * 60))
    with pytest.raises(ContentLost):
        node.statements.open(one.statement.commitment)
    for ask in (node.statements.open, node.statements.opening, node.statements.current):
        with pytest.raises(StatementUnknown):
            ask(bytes(32))


def test_once_anchored_the_opening_has_a_receipt(node: Node) -> None:
    issued = node.statements.issue([said(n) for n in range(3)])
    commitment = issued[1].statement.commitment
    assert node.statements.opening(commitment) == issued[1]
    set_clock(node, NIGHT)
    node.daily_batch.step()
    assert node.statements.opening(commitment) == issued[1], "moved, not yet anchored"
    size = grow(node)
    assert node.statements.opening(commitment) == issued[1]
    put_anchor(node, 0, size)
    opening = node.statements.opening(commitment)
    assert opening.receipt is not None
    assert opening.statement == issued[1].statement
    assert opening.leaf == issued[1].leaf
    check(opening)
    assert parse_opening(opening.encode()) == opening
