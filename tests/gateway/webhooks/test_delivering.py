"""Deliveries: at least once and in order, and no program is in the way of another."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.base.db import begin_read, begin_write
from gateway.node import Node
from gateway.statuses.models import status_changes
from gateway.tokens.services import revoke_token
from gateway.watching import feed
from gateway.watching.feed import KEPT, KEPT_FOR_SLOW
from gateway.webhooks import sending, store, tasks
from gateway.webhooks.errors import WebhookRefused
from gateway.webhooks.models import webhook_letters
from gateway.webhooks.schedule import DAY, LIFE, PATIENCE, TRIES
from gateway.webhooks.services import Named
from gateway.webhooks.signing import Message
from gateway.webhooks.store import MAX_LETTERS, Letter
from gateway.webhooks.tasks import WebhookSender
from tests.gateway.webhooks.desk import (
    NEVER,
    change,
    due_now,
    holder,
    point,
    record,
    row,
    told,
    turn,
)
from tests.support.node import make_test_node
from tests.support.receiver import (
    Answer,
    Receiver,
    drip,
    endless,
    hang_up,
    hold,
    raw,
    start_receiver,
    status,
)
from tests.support.waiting import until

SECONDS = 300.0


def letters(node: Node, endpoint: str) -> list[Letter]:
    with begin_read(node.ctx.engine) as connection:
        return store.letters(connection, endpoint)


def sender(node: Node) -> WebhookSender:
    return WebhookSender(node.webhooks.delivering, node.lease)


# ---- what comes there


def test_in_order_each_once_and_signed(node: Node, receiver: Receiver) -> None:
    change(node, 9)  # before there was anybody
    endpoint = point(node, holder(node), receiver, 1, 2, 3)
    change(node, 1, 2, 77, 3)
    turn(node, endpoint)
    turn(node, endpoint)
    assert told(receiver) == ["1", "2", "3"]
    assert all(one.signed_by for one in receiver.taken)
    assert len({one.id for one in receiver.taken}) == 3
    value = receiver.values()[0]
    assert value["type"] == "record.changed"
    data = value["data"]
    assert (data["record"], data["outcome"], data["action"]) == (
        record(1).hex(),
        "repaired",
        "repair",
    )
    assert (data["version"], data["basis"], data["block"]) == (1, 2, 1)
    found = row(node, endpoint)
    assert (found.tries, found.code, found.failing_since) == (0, None, None)
    assert found.delivered_at is not None


def test_what_is_not_named_is_not_told(node: Node, receiver: Receiver) -> None:
    """Nor does it keep the endpoint back: what it is behind is stored now and then."""
    endpoint = point(node, holder(node), receiver, 1)
    change(node, 2, 3)
    turn(node, endpoint)
    assert receiver.got == []
    with begin_read(node.ctx.engine) as connection:
        assert store.place_of(row(node, endpoint)) == feed.newest(connection)
    change(node, 1)
    turn(node, endpoint)
    assert told(receiver) == ["1"]


def test_more_than_a_page(node: Node, receiver: Receiver) -> None:
    endpoint = point(node, holder(node), receiver, 1)
    for version in range(1, 140):
        change(node, 1, version=version)
    turn(node, endpoint)
    assert [one["data"]["version"] for one in receiver.values()] == list(range(1, 140))


def test_on_after_a_restart(tmp_path: Path, receiver: Receiver) -> None:
    """In order and without a gap, by a node that knows no more than the database."""
    with closing(make_test_node(tmp_path, seed="again")) as node:
        endpoint = point(node, holder(node), receiver, 1, 2, 3)
        change(node, 1)
        turn(node, endpoint)
        receiver.on(status(500), times=1)
        change(node, 2)
        turn(node, endpoint)
    with closing(make_test_node(tmp_path, seed="again")) as node:
        change(node, 3)
        due_now(node)
        turn(node, endpoint)
        assert told(receiver) == ["1", "2", "3"]
        first, second = (one for one in receiver.got if one.value == receiver.values()[1])
        assert (first.id, first.body) == (second.id, second.body), "a repeat is known as one"


# ---- what does not

FAULTS: dict[str, tuple[Answer, str]] = {
    "refused": (status(400), "http-400"),
    "fault": (status(500), "http-500"),
    "busy": (status(503), "http-503"),
    "elsewhere": (status(302, ("location", "/other")), "redirected"),
    "not modified": (status(304), "redirected"),
    "hangs up": (hang_up, "unreachable"),
    "half a status": (raw(b"HTTP/1.1 20"), "unreachable"),
    "no HTTP": (raw(b"200 OK, trust me\r\n\r\n"), "unreachable"),
    "says so in the body": (
        raw(b'HTTP/1.1 500 X\r\ncontent-length: 12\r\n\r\n{"ok": true}'),
        "http-500",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_tried_again_until_it_is_taken(node: Node, receiver: Receiver, fault: str) -> None:
    """What comes behind it waits, so that the order is kept."""
    answer, code = FAULTS[fault]
    endpoint = point(node, holder(node), receiver, 1, 2)
    change(node, 1, 2)
    receiver.on(answer, times=1)
    before = store.now()
    turn(node, endpoint)
    found = row(node, endpoint)
    assert (found.tries, found.code, receiver.taken) == (1, code, [])
    assert found.due > before and found.failing_since >= before
    turn(node, endpoint)
    assert len(receiver.got) == 1, "it is left alone meanwhile"
    due_now(node)
    turn(node, endpoint)
    assert told(receiver) == ["1", "2"]
    assert len({one.id for one in receiver.got}) == 2
    assert row(node, endpoint).failing_since is None


def test_down_then_up(node: Node) -> None:
    with start_receiver() as receiver:
        endpoint = point(node, holder(node), receiver, 1, 2, 3)
        port = int(receiver.url.split(":")[2].split("/")[0])
        keys = receiver.keys
    change(node, 1, 2)
    for tries in (1, 2, 3):
        turn(node, endpoint)
        found = row(node, endpoint)
        assert (found.tries, found.code) == (tries, "unreachable")
        due_now(node)
    with start_receiver(port) as receiver:
        receiver.keys = keys
        change(node, 3)
        turn(node, endpoint)
        assert told(receiver) == ["1", "2", "3"]
        assert all(one.signed_by for one in receiver.taken)


def test_asked_to_wait(node: Node, receiver: Receiver) -> None:
    endpoint = point(node, holder(node), receiver, 1)
    change(node, 1)
    receiver.on(status(429, ("retry-after", "3600")), times=1)
    before = store.now()
    turn(node, endpoint)
    assert row(node, endpoint).due >= before + 3600


def test_no_redirect_is_followed(node: Node, receiver: Receiver) -> None:
    with start_receiver() as other:
        endpoint = point(node, holder(node), receiver, 1)
        change(node, 1)
        for code in (301, 302, 303, 307, 308):
            receiver.on(status(code, ("location", other.url)), times=1)
            turn(node, endpoint)
            assert row(node, endpoint).code == "redirected"
            due_now(node)
        assert (len(receiver.got), other.got) == (5, [])


def test_of_a_body_without_end_nothing_is_read(node: Node, receiver: Receiver) -> None:
    """The status says it; two megabytes are what sockets hold by themselves."""
    sent: list[int] = []
    endpoint = point(node, holder(node), receiver, 1, 2)
    change(node, 1, 2)
    receiver.on(endless(sent), times=1)
    turn(node, endpoint)
    until(lambda: len(receiver.taken) == 2)
    assert {value["data"]["record"] for value in receiver.values()} == {
        record(1).hex(),
        record(2).hex(),
    }
    assert row(node, endpoint).code is None
    assert sent[0] < 32 << 20


def test_answered_before_it_was_read_counts(node: Node, receiver: Receiver) -> None:
    """Whoever says that it has it, has it: its word is all there is."""
    endpoint = point(node, holder(node), receiver, 1)
    change(node, 1)
    receiver.on(raw(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n"), times=1)
    turn(node, endpoint)
    turn(node, endpoint)
    assert len(receiver.got) == 1
    with begin_read(node.ctx.engine) as connection:
        assert store.place_of(row(node, endpoint)) == feed.newest(connection)


@pytest.mark.parametrize("how", [hold, drip])
def test_a_slow_one_is_given_up(
    node: Node, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, how: Callable[..., Answer]
) -> None:
    """The whole try has its time, however it is spent."""
    monkeypatch.setattr(sending, "CALL_SECONDS", 0.5)
    release = threading.Event()
    endpoint = point(node, holder(node), receiver, 1)
    change(node, 1)
    receiver.on(how(release), times=1)
    turn(node, endpoint)
    release.set()
    assert row(node, endpoint).code == "too-slow"
    monkeypatch.undo()
    due_now(node)
    turn(node, endpoint)
    assert told(receiver) == ["1"]


def test_a_slow_one_holds_up_no_other(node: Node, receiver: Receiver) -> None:
    """As many as there are places for one holder hang; another's is delivered meanwhile."""
    release = threading.Event()
    slow, quick = holder(node, "slow"), holder(node, "quick")
    with start_receiver() as hanging:
        hanging.on(hold(release))
        for _ in range(tasks.OF_ONE_HOLDER + 1):
            point(node, slow, hanging, 1)
        point(node, quick, receiver, 1)
        change(node, 1)
        step = sender(node)
        try:
            until(lambda: (step(NEVER), len(receiver.taken) == 1)[1])
            assert len(hanging.got) <= tasks.OF_ONE_HOLDER
            assert hanging.taken == []
        finally:
            release.set()
            step.close()


def test_all_get_a_turn(node: Node, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one place and turns without time, whoever had one longest ago is next."""
    monkeypatch.setattr(tasks, "AT_ONCE", 1)
    caller = holder(node)
    ends = [point(node, caller, receiver, n) for n in (1, 2, 3)]
    seen: list[str] = []
    real = node.webhooks.delivering.turn

    def once(endpoint: str, stop: threading.Event) -> None:
        seen.append(endpoint)
        if seen.count(endpoint) > 1:  # the first turn comes to nothing
            real(endpoint, stop)

    monkeypatch.setattr(node.webhooks.delivering, "turn", once)
    change(node, 1, 2, 3)
    step = sender(node)
    try:
        until(lambda: (step(NEVER), len(receiver.taken) == 3)[1])
    finally:
        step.close()
    assert set(seen[:3]) == set(seen[3:6]) == set(ends)


def test_a_fault_of_ours_leaves_the_others(
    node: Node, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = holder(node)
    bad, good = point(node, caller, receiver, 1), point(node, caller, receiver, 2)
    real, tried = node.webhooks.delivering.turn, list[str]()

    def broken(endpoint: str, stop: threading.Event) -> None:
        tried.append(endpoint)
        if endpoint == bad:
            raise RuntimeError("a fault")
        real(endpoint, stop)

    monkeypatch.setattr(node.webhooks.delivering, "turn", broken)
    change(node, 1, 2)
    step = sender(node)
    try:
        until(lambda: (step(NEVER), len(receiver.taken) == 1)[1])
        for _ in range(3):
            step(NEVER)
    finally:
        step.close()
    assert told(receiver) == ["2"] and good in tried
    assert tried.count(bad) == 1, "left alone for a while"


# ---- given up


def fail(node: Node, endpoint: str, times: int, *, ago: int = 0) -> None:
    for _ in range(times):
        turn(node, endpoint)
        due_now(node, ago=ago)


def test_after_sixteen_tries_a_dead_letter_and_on(node: Node, receiver: Receiver) -> None:
    endpoint = point(node, holder(node), receiver, 1, 2)
    change(node, 1, 2)
    receiver.on(status(500), times=TRIES)
    fail(node, endpoint, TRIES)
    assert len(receiver.got) == TRIES and len({one.id for one in receiver.got}) == 1
    (letter,) = letters(node, endpoint)
    assert (letter.state, letter.tries, letter.code) == ("dead", TRIES, "http-500")
    assert letter.message.body == receiver.got[0].body
    turn(node, endpoint)
    assert told(receiver) == ["2"]


def test_given_up_by_age_each_after_a_try(node: Node, receiver: Receiver) -> None:
    """While it was down for three days, what came later is not tried for three days more."""
    endpoint = point(node, holder(node), receiver, 1, 2, 3)
    change(node, 1, 2)
    receiver.on(status(500), times=4)
    fail(node, endpoint, 1, ago=LIFE)
    with begin_write(node.ctx.engine) as connection:
        long_ago = sa.update(status_changes).values(at=status_changes.c.at - LIFE)
        connection.execute(long_ago)
    change(node, 3)
    fail(node, endpoint, 3)
    assert [one.message.number for one in letters(node, endpoint)] == [1, 2]
    assert {one.tries for one in letters(node, endpoint)} == {2, 1}
    found = row(node, endpoint)
    assert (found.state, found.tries) == ("active", 1), "the third is young"
    turn(node, endpoint)
    assert told(receiver) == ["3"]


def test_sent_again_by_order(node: Node, receiver: Receiver) -> None:
    """With the same id and body; beside what is new, in nobody's way."""
    caller = holder(node)
    endpoint = point(node, caller, receiver, 1, 2)
    change(node, 1)
    receiver.on(status(500), times=TRIES)
    fail(node, endpoint, TRIES)
    assert node.webhooks.webhooks.retry(caller, endpoint) == {"id": endpoint, "letters": 1}
    receiver.on(status(500), times=1)
    turn(node, endpoint)
    (letter,) = letters(node, endpoint)
    assert (letter.state, letter.tries) == ("again", 1)
    change(node, 2)
    turn(node, endpoint)
    assert told(receiver) == ["2"], "the letter waits for its pause, what is new does not"
    due_now(node)
    turn(node, endpoint)
    assert told(receiver) == ["2", "1"]
    assert letters(node, endpoint) == []
    again = receiver.taken[-1]
    assert (again.id, again.body) == (receiver.got[0].id, receiver.got[0].body)
    assert again.signed_by is not None


def test_a_letter_dies_again(node: Node, receiver: Receiver) -> None:
    caller = holder(node)
    endpoint = point(node, caller, receiver, 1)
    change(node, 1)
    receiver.on(status(500))
    fail(node, endpoint, TRIES)
    node.webhooks.webhooks.retry(caller, endpoint)
    fail(node, endpoint, TRIES)
    (letter,) = letters(node, endpoint)
    assert (letter.state, letter.tries) == ("dead", TRIES)
    assert len(receiver.got) == 2 * TRIES


def test_letters_are_bounded(node: Node, receiver: Receiver) -> None:
    """The newest are kept, and what went is counted."""
    caller = holder(node)
    endpoint = point(node, caller, receiver, 1)
    with begin_write(node.ctx.engine) as connection:
        for n in range(1, MAX_LETTERS + 3):
            message = Message(id=f"evt_{n}", type="x", body=b"{}", number=n)
            letter = Letter(
                message=message, state="dead", tries=1, since=0, due=0, ended_at=1, code="x"
            )
            store.put_letter(connection, endpoint, letter)
    kept = letters(node, endpoint)
    assert (len(kept), kept[0].message.number) == (MAX_LETTERS, 3)
    assert row(node, endpoint).dropped == 2


def test_disabled_after_five_days(node: Node, receiver: Receiver) -> None:
    """And not a second before; its events wait, as long as they are kept."""
    caller = holder(node)
    endpoint = point(node, caller, receiver, 1)
    change(node, 1)
    receiver.on(status(500), times=3)
    fail(node, endpoint, 1, ago=PATIENCE - DAY)
    turn(node, endpoint)
    assert row(node, endpoint).state == "active"
    change(node, 1, version=2)
    due_now(node, ago=DAY)
    turn(node, endpoint)
    found = row(node, endpoint)
    assert (found.state, found.reason) == ("disabled", "failing")
    turn(node, endpoint)
    assert len(receiver.got) == 3
    (shown,) = node.webhooks.webhooks.listed(caller)
    assert (shown["state"], shown["reason"], shown["deadLetters"]) == ("disabled", "failing", 0)
    assert shown["failing"]["code"] == "http-500"
    node.webhooks.webhooks.retry(caller, endpoint)
    turn(node, endpoint)
    assert [one["data"]["version"] for one in receiver.values()] == [1, 2]


def test_gone_for_good(node: Node, receiver: Receiver) -> None:
    caller = holder(node)
    endpoint = point(node, caller, receiver, 1, 2)
    change(node, 1, 2)
    receiver.on(status(410), times=1)
    turn(node, endpoint)
    assert (row(node, endpoint).state, row(node, endpoint).reason) == ("disabled", "gone")
    due_now(node)
    turn(node, endpoint)
    assert len(receiver.got) == 1
    node.webhooks.webhooks.retry(caller, endpoint)
    turn(node, endpoint)
    assert told(receiver) == ["1", "2"], "nothing was lost"


# ---- whose


def test_a_holder_without_a_token_gets_nothing(node: Node, receiver: Receiver) -> None:
    """A new token of the same holder takes over, one of another does not."""
    caller = holder(node)
    endpoint = point(node, caller, receiver, 1)
    next_one = holder(node)
    revoke_token(node.ctx.engine, caller.id, now=node.ctx.clock.now())
    change(node, 1)
    turn(node, endpoint)
    assert told(receiver) == ["1"]
    revoke_token(node.ctx.engine, next_one.id, now=node.ctx.clock.now())
    holder(node, department="别的部门")
    holder(node, scopes=("submit",))
    change(node, 1, version=2)
    turn(node, endpoint)
    assert (row(node, endpoint).state, row(node, endpoint).reason) == ("disabled", "token-ended")
    assert len(receiver.got) == 1
    back = holder(node)
    assert node.webhooks.webhooks.retry(back, endpoint)["letters"] == 0
    turn(node, endpoint)
    assert len(receiver.taken) == 2


def test_each_sees_its_own(node: Node, receiver: Receiver) -> None:
    mine, other = holder(node), holder(node, "another")
    endpoint = point(node, mine, receiver, 1)
    webhooks = node.webhooks.webhooks
    assert [one["id"] for one in webhooks.listed(mine)] == [endpoint]
    assert webhooks.listed(other) == []
    asked: list[Callable[[], Any]] = [
        lambda: webhooks.letters(other, endpoint),
        lambda: webhooks.retry(other, endpoint),
        lambda: webhooks.rotate(other, endpoint, end_old=True),
        lambda: webhooks.remove(other, endpoint),
        lambda: webhooks.test(other, endpoint),
        lambda: webhooks.follow(other, endpoint, Named(records=[record(2)])),
    ]
    for ask in asked:
        with pytest.raises(WebhookRefused) as caught:
            ask()
        assert caught.value.code == "not-found"
    webhooks.remove(mine, endpoint)
    assert webhooks.listed(mine) == []


# ---- where events are not kept any more


def older(node: Node, seconds: int) -> None:
    """As if all this had been so long ago."""
    with begin_write(node.ctx.engine) as connection:
        connection.execute(sa.update(status_changes).values(at=status_changes.c.at - seconds))


def test_who_fails_keeps_its_events_for_three_days_more(node: Node, receiver: Receiver) -> None:
    endpoint = point(node, holder(node), receiver, 1)
    for version in (1, 2, 3):
        change(node, 1, version=version)
    receiver.on(status(500), times=1)
    turn(node, endpoint)
    older(node, KEPT + 60)
    tasks.tidier(node.ctx.engine)(NEVER)
    due_now(node)
    turn(node, endpoint)
    assert [one["data"]["version"] for one in receiver.values()] == [1, 2, 3]


def test_told_where_some_may_be_missing(node: Node, receiver: Receiver) -> None:
    """It was disabled for too long: a reset, then what is left."""
    caller = holder(node)
    endpoint = point(node, caller, receiver, 1)
    for version in (1, 2):
        change(node, 1, version=version)
    receiver.on(status(410), times=1)
    turn(node, endpoint)
    older(node, KEPT_FOR_SLOW)
    change(node, 1, version=3)
    change(node, 1, version=4)
    tasks.tidier(node.ctx.engine)(NEVER)
    node.webhooks.webhooks.retry(caller, endpoint)
    turn(node, endpoint)
    reset, *rest = receiver.values()
    assert (reset["type"], reset["data"]) == ("watch.reset", {})
    assert [one["data"]["version"] for one in rest] == [3, 4]
    assert len({one.id for one in receiver.taken}) == 3


def test_forgotten_with_time(node: Node, receiver: Receiver) -> None:
    """Dead letters after a month, former secrets after a day, idle endpoints after three."""
    caller = holder(node)
    endpoint, other = point(node, caller, receiver, 1), point(node, caller, receiver, 2)
    change(node, 1)
    receiver.on(status(500), times=TRIES)
    fail(node, endpoint, TRIES)
    node.webhooks.webhooks.rotate(caller, endpoint, end_old=False)
    tasks.tidier(node.ctx.engine)(NEVER)
    assert len(letters(node, endpoint)) == 1 and row(node, endpoint).former is not None
    with begin_write(node.ctx.engine) as connection:
        connection.execute(
            sa.update(webhook_letters).values(ended_at=store.now() - store.LETTERS_KEPT - 1)
        )
        store.put(connection, endpoint, former_until=store.now() - 1)
        store.disable(connection, other, "gone")
        store.put(connection, other, disabled_at=store.now() - store.DISABLED_KEPT - 1)
    tasks.tidier(node.ctx.engine)(NEVER)
    assert letters(node, endpoint) == [] and row(node, endpoint).former is None
    with begin_read(node.ctx.engine) as connection:
        assert store.find(connection, other) is None


def test_figures(node: Node, receiver: Receiver) -> None:
    """As who scrapes sees them."""

    def figures() -> dict[str, float]:
        families = node.collector.collect()
        return {one.name: s.value for one in families for s in one.samples if not s.labels}

    caller = holder(node)
    endpoint, gone = point(node, caller, receiver, 1), point(node, caller, receiver, 2)
    assert figures()["credit_ledger_webhooks_active"] == 2
    change(node, 1, 2)
    receiver.on(status(410), times=1)
    turn(node, gone)
    receiver.on(status(500), times=TRIES)
    turn(node, endpoint)
    found = figures()
    assert found["credit_ledger_webhooks_failing"] == 1
    assert found["credit_ledger_webhooks_disabled"] == 1
    assert found["credit_ledger_webhook_dead_letters"] == 0
    due_now(node)
    fail(node, endpoint, TRIES - 1)
    assert figures()["credit_ledger_webhook_dead_letters"] == 1
    assert figures()["credit_ledger_watched_subjects"] == 0


def test_another_gateway_sets_nothing_back(node: Node, receiver: Receiver) -> None:
    """One that stood still with an old idea of the endpoint goes on: what it stores counts for
    nothing."""
    endpoint = point(node, holder(node), receiver, 1)
    change(node, 1)
    old = row(node, endpoint)
    turn(node, endpoint)
    with begin_write(node.ctx.engine) as connection:
        assert store.change(connection, old, tries=7) is None
    assert row(node, endpoint).tries == 0
    turn(node, endpoint)
    assert told(receiver) == ["1"]
