"""Notices about products as programs get them: signed, in order, by scope, whatever is killed."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.base.db import begin_write, close_engine, open_engine
from gateway.base.policy import Caller
from gateway.node import Node
from gateway.operations.backup import backup, restore
from gateway.tokens.services import revoke_token
from gateway.watching import feed, routes
from gateway.watching.models import product_notices
from gateway.webhooks.models import webhook_endpoints, webhook_letters
from gateway.webhooks.schedule import TRIES
from ledger.client.watching import Event
from ledger.core.status import Outcome
from tests.gateway.intake.material import count, new_token
from tests.gateway.products.bench import Made, hand, hold, maker, notice, notices
from tests.gateway.products.noticed import SEED, tell
from tests.gateway.watching.test_changes import A, B, put, state
from tests.gateway.watching.test_watch import served, watching
from tests.gateway.webhooks.desk import change, due_now, point, record, turn
from tests.support import child
from tests.support.node import MEMBER, make_test_node
from tests.support.postgres import database_url
from tests.support.receiver import Receiver, hang_up, start_receiver, status

TYPE = "product.input-changed"
BANK = "demo-bank"
ENOUGH = 2


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    made = make_test_node(tmp_path, seed=SEED)
    notice(made)
    yield made
    made.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with start_receiver() as made:
        yield made


def repair(node: Node, version: int = 1) -> None:
    put(node, a=state(version, Outcome.REPAIRED))
    notice(node)


def told(receiver: Receiver) -> list[str]:
    """The products of what it took."""
    return [one["data"]["product"] for one in receiver.values() if one["type"] == TYPE]


def test_signed_and_with_its_users(node: Node, receiver: Receiver) -> None:
    made = hold(node, A)
    hand(node, made, BANK)
    caller = maker(node)
    endpoint = point(node, caller, receiver)
    repair(node)
    turn(node, endpoint)
    (got,) = receiver.taken
    assert got.signed_by is not None, "by the verifier of standardwebhooks"
    (shown,) = notices(node, caller)
    assert got.value == {"type": TYPE, "timestamp": shown.pop("at"), "data": shown}
    assert (shown["users"], shown["causes"]) == ([BANK], ["repaired"])
    turn(node, endpoint)
    assert len(receiver.got) == 1


def test_by_scope_of_the_holder(node: Node, receiver: Receiver) -> None:
    """By any token of the holder that is in force, and none of another's."""
    made = hold(node, A)
    reads = maker(node, "read", name="bank", department="credit")
    endpoint = point(node, reads, receiver)
    maker(node, "product", name="another", department="credit")
    repair(node)
    turn(node, endpoint)
    assert receiver.got == []
    products = maker(node, "product", name="bank", department="credit")
    put(node, b=state(1))
    repair(node, 2)
    turn(node, endpoint)
    assert told(receiver) == [], "the product is the member's own"
    mine = hold(node, A, department="credit")
    repair(node, 3)
    turn(node, endpoint)
    assert told(receiver) == [mine.product.hex()]
    assert mine.product != made.product
    revoke_token(node.ctx.engine, products.id, now=node.ctx.clock.now())
    repair(node, 4)
    turn(node, endpoint)
    assert told(receiver) == [mine.product.hex()]
    assert node.webhooks.delivering.due([]) == [], "nor does it keep the endpoint back"


def test_not_where_records_are_named(node: Node, receiver: Receiver) -> None:
    hold(node, record(1))
    endpoint = point(node, maker(node), receiver, 1)
    change(node, 1)
    notice(node)
    turn(node, endpoint)
    assert [one["type"] for one in receiver.values()] == ["record.changed"]


def test_the_same_bytes_at_every_try(node: Node, receiver: Receiver) -> None:
    hold(node, A)
    endpoint = point(node, maker(node), receiver)
    receiver.on(status(500), times=1)
    repair(node)
    turn(node, endpoint)
    hand(node, hold(node, B), BANK)  # what it says was said when it was noted
    with begin_write(node.ctx.engine) as connection:
        connection.execute(sa.update(webhook_endpoints).values(due=0))
    turn(node, endpoint)
    first, second = receiver.got
    assert (first.id, first.body) == (second.id, second.body)
    assert len(receiver.taken) == 1


def test_reset_where_it_is_not_kept_any_more(node: Node, receiver: Receiver) -> None:
    hold(node, A)
    endpoint = point(node, maker(node), receiver)
    for version in (1, 2):
        repair(node, version)
    with begin_write(node.ctx.engine) as connection:
        connection.execute(sa.delete(product_notices).where(product_notices.c.id < 4))
        connection.execute(sa.text("DELETE FROM status_changes"))
    turn(node, endpoint)
    assert [one["type"] for one in receiver.values()] == ["watch.reset", TYPE]


def test_a_stream_goes_on_or_is_reset(node: Node) -> None:
    hold(node, A)
    repair(node)
    with node.ctx.engine.connect() as connection:
        place = feed.newest(connection)
    assert node.watching.start(place) == (place, False)
    repair(node, 2)
    assert node.watching.start(place) == (place, False)
    with begin_write(node.ctx.engine) as connection:
        connection.execute(sa.delete(product_notices).where(product_notices.c.id == place.number))
    assert node.watching.start(place)[1] is True


def test_a_dead_letter_lies_sealed_and_is_sent_again(node: Node, receiver: Receiver) -> None:
    """Other letters lie open: what they say is public."""
    made, caller = hold(node, A), maker(node)
    endpoint = point(node, caller, receiver)
    repair(node)
    receiver.on(status(500), times=TRIES)
    for _ in range(TRIES):
        turn(node, endpoint)
        due_now(node)
    (first, *_) = receiver.got
    with node.ctx.engine.connect() as connection:
        (kept,) = connection.execute(sa.select(webhook_letters)).all()
    assert (kept.state, kept.type) == ("dead", TYPE)
    for text in (A.hex(), made.product.hex(), "product"):
        assert text.encode() not in bytes(kept.body)
    (shown,) = node.webhooks.webhooks.letters(caller, endpoint)
    assert shown["body"].encode() == first.body
    node.webhooks.webhooks.retry(caller, endpoint)
    turn(node, endpoint)
    (again,) = receiver.taken
    assert (again.id, again.body) == (first.id, first.body)
    assert again.signed_by is not None
    assert count(node, webhook_letters) == 0


def streamed(node: Node, caller_scopes: tuple[str, ...], since: str) -> list[Event]:
    """What a stream tells behind a place, up to the change of a record that ends it."""
    token = new_token(node, *caller_scopes, name="-".join(caller_scopes), department=None)
    found = []
    with served(node) as url, watching(url, token, params={"since": since}) as stream:
        for event in stream:
            found.append(event)
            if len(found) == ENOUGH or not event.data:
                break
        node.watching.end()
        found += [event for event in stream if event.data]
    node.watching.ending = False
    return [event for event in found if event.data]


def test_as_events_of_a_stream(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the scopes of the token, and in the words of the webhook."""
    monkeypatch.setattr(routes, "HEARTBEAT_SECONDS", 0.0)
    hand(node, hold(node, A), BANK)
    repair(node)
    since = "0.00000000"
    begin, told = streamed(node, ("read", "product"), since)
    assert (begin.name, told.name) == ("begin", TYPE)
    (shown,) = notices(node, maker(node))
    assert json.loads(told.data[0]) == shown
    assert str(told.id).startswith("2.")
    assert streamed(node, ("read", "product"), str(told.id))[1:] == []
    assert [one.name for one in streamed(node, ("read",), since)] == ["begin"]


# ---- killed, restored


@pytest.mark.parametrize(("when", "there"), [("before", 0), ("after", 2)])
def test_killed_while_telling(node: Node, tmp_path: Path, when: str, there: int) -> None:
    """The notices of a step and its place stand together; the next one begins where it is."""
    made = [hold(node, A), hold(node, A)]
    put(node, a=state(1, Outcome.REPAIRED))
    killed = child.fork(tell, str(tmp_path), crash_at=f"product.noticed:{when}")
    assert killed == child.KILLED
    assert count(node, product_notices) == there
    for _ in range(2):
        assert child.fork(tell, str(tmp_path)) == 0
    assert [one["product"] for one in notices(node, maker(node))] == [
        one.product.hex() for one in made
    ]


@pytest.mark.parametrize(("when", "there"), [("before", 0), ("after", 1)])
def test_killed_while_telling_anew(node: Node, tmp_path: Path, when: str, there: int) -> None:
    """What was told before it was killed is not told again."""
    made = [hold(node, A), hold(node, A)]
    put(node, a=state(1, Outcome.REPAIRED))
    with begin_write(node.ctx.engine) as connection:
        connection.execute(sa.text("DELETE FROM product_watch"))
    killed = child.fork(tell, str(tmp_path), crash_at=f"product.noticed-anew:{when}")
    assert killed == child.KILLED
    assert count(node, product_notices) == there
    assert child.fork(tell, str(tmp_path)) == 0
    assert [one["product"] for one in notices(node, maker(node))] == [
        one.product.hex() for one in made
    ]


def test_two_that_tell_at_once(node: Node, tmp_path: Path) -> None:
    """As where the lease changes hands: each change is told once."""
    for _ in range(4):
        hold(node, A)
    with closing(make_test_node(tmp_path, seed=SEED)) as other:
        for version in range(1, 6):
            put(node, a=state(version, Outcome.REPAIRED))
            both = [threading.Thread(target=notice, args=(one,)) for one in (node, other)]
            for thread in both:
                thread.start()
            for thread in both:
                thread.join()
    assert len(notices(node, maker(node))) == 4 * 5


def restored(node: Node, tmp_path: Path) -> Node:
    taken, folder = tmp_path / "backup", tmp_path / "again"
    backup(node.ctx.engine, taken, member=MEMBER, clock=node.ctx.clock)
    folder.mkdir()
    engine = open_engine(database_url(folder))
    restore(engine, taken, member=MEMBER)
    close_engine(engine)
    return make_test_node(folder, seed=SEED)


def test_restored(node: Node, receiver: Receiver, tmp_path: Path) -> None:
    """What was noted is in the backup; who was behind is told, and what was told is not repeated
    by the node itself."""
    made: Made = hold(node, A)
    caller: Caller = maker(node)
    endpoint = point(node, caller, receiver)
    receiver.on(hang_up, times=1)
    repair(node)
    turn(node, endpoint)
    before = notices(node, caller)
    with closing(restored(node, tmp_path)) as again:
        notice(again)
        assert notices(again, caller) == before
        with begin_write(again.ctx.engine) as connection:
            connection.execute(sa.update(webhook_endpoints).values(due=0))
        turn(again, endpoint)
    assert told(receiver) == [made.product.hex()]
    assert receiver.taken[0].signed_by is not None
