"""Messages on their way: at least once, whatever fails, and none in the way of another."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from gateway.base.db import begin_read, begin_write
from gateway.cli import gateway
from gateway.peers import outbox as subject
from gateway.peers import tasks
from gateway.peers.models import peer_inbox, peer_outbox
from gateway.peers.outbox import GIVE_UP, LONGEST_PAUSE, Outgoing, listed, pause_after
from gateway.peers.tasks import MessageSender
from gateway.sealing.services import Kind, drop, number
from ledger.core.opening import Opening
from tests.core import statements
from tests.gateway.peers.conftest import BANK, BEIJING, TIANJIN
from tests.gateway.peers.openings import later, opening
from tests.support import child
from tests.support.peers import Network, freeze, open_member
from tests.support.relay import (
    Answered,
    Fault,
    change,
    drop_request,
    drop_response,
    hold,
    instead,
)
from tests.support.waiting import until
from tests.support.work import send_messages

SECONDS = 300.0
NEVER = threading.Event()


@pytest.fixture(autouse=True)
def empty(network: Network) -> Iterator[None]:
    """Nothing waits at Tianjin, which sends here."""
    yield
    with begin_write(network[TIANJIN].node.ctx.engine) as connection:
        connection.execute(sa.delete(peer_outbox))


@pytest.fixture
def standing(monkeypatch: pytest.MonkeyPatch) -> None:
    """No second passes: what was put off is not due again however slow the machine is."""
    at = subject.now()
    monkeypatch.setattr(subject, "now", lambda: at)


def put(network: Network, to: str, made: Opening | None = None) -> Opening:
    made = made or opening(network, TIANJIN)
    node = network[TIANJIN].node
    with begin_write(node.ctx.engine) as connection:
        node.peers.outbox.put(
            connection,
            member=to,
            commitment=made.statement.commitment,
            opening=made.encode(),
        )
    return made


def rows(network: Network) -> list[Outgoing]:
    with begin_read(network[TIANJIN].node.ctx.engine) as connection:
        return listed(connection)


def sender(network: Network) -> MessageSender:
    node = network[TIANJIN].node
    return MessageSender(node.peers.outbox, node.peers.asking)


def send(network: Network, to: str) -> float:
    """As the thread of a pool does it."""
    made = sender(network)
    try:
        return made.send_to(to, NEVER)
    finally:
        made.close()


def due_now(network: Network) -> None:
    """As after the pause."""
    with begin_write(network[TIANJIN].node.ctx.engine) as connection:
        connection.execute(sa.update(peer_outbox).values(due=subject.now()))


def received(network: Network, code: str, made: Opening) -> list[int]:
    query = sa.select(peer_inbox.c.received_at).where(
        peer_inbox.c.commitment == made.statement.commitment
    )
    with begin_read(network[code].node.ctx.engine) as connection:
        return list(connection.scalars(query))


def test_sent_with_what_the_peer_answered(network: Network) -> None:
    made = put(network, BEIJING)
    assert send(network, BEIJING) == 0
    (row,) = rows(network)
    assert (row.state, row.attempts, row.code) == ("sent", 1, None)
    assert [row.received_at] == received(network, BEIJING, made)


def test_put_twice_is_sent_once(network: Network) -> None:
    made = put(network, BEIJING)
    put(network, BEIJING, made)
    send(network, BEIJING)
    put(network, BEIJING, made)
    assert [row.state for row in rows(network)] == ["sent"]


def test_what_proves_more_is_sent_in_its_place(network: Network) -> None:
    """A receipt in place of a promise; after a network was left, that of the new one."""
    promised = put(network, BEIJING)
    first = statements.anchored(promised.statement)
    outbox = network[TIANJIN].node.peers.outbox
    for made, stands in (
        (first, first),
        (promised, first),
        (later(first, 9), later(first, 9)),
        (first, later(first, 9)),
    ):
        put(network, BEIJING, made)
        (row,) = rows(network)
        assert outbox.opening(row) == stands.encode()


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (drop_request(), "unreachable"),
        (drop_response(), "unreachable"),
        (change(lambda a: a.without("signature", "signature-input")), "answer-unsigned"),
        (instead(Answered(503, [], b"")), "peer-busy"),
        (instead(Answered(401, [], b'{"code":"signature-replayed"}')), "not-recognised"),
        (instead(Answered(403, [], b'{"code":"not-granted"}')), "answer-unsigned"),
    ],
    ids=["fails without effect", "with effect", "unsigned", "busy", "401", "a refusal of nobody"],
)
@pytest.mark.usefixtures("standing")
def test_sent_again_until_it_is_answered(network: Network, fault: Fault, code: str) -> None:
    """Nothing that is not signed ends it; what had its effect already is done once."""
    made = put(network, BEIJING)
    network[BEIJING].relay.on(fault, times=1)
    send(network, BEIJING)
    (row,) = rows(network)
    assert (row.state, row.code, row.attempts) == ("waiting", code, 1)
    assert row.due > subject.now()
    due_now(network)
    assert send(network, BEIJING) == 0
    (row,) = rows(network)
    assert (row.state, row.attempts) == ("sent", 2)
    assert [row.received_at] == received(network, BEIJING, made)


def test_refused_for_good_is_set_aside_and_can_be_retried(network: Network) -> None:
    """The peer signed its refusal. The messages behind it go on."""
    put(network, BEIJING, opening(network, BANK))
    made = put(network, BEIJING)
    assert send(network, BEIJING) == 0
    found = {row.state: row for row in rows(network)}
    assert found["set-aside"].code == "not-the-issuer"
    assert received(network, BEIJING, made)
    with begin_write(network[TIANJIN].node.ctx.engine) as connection:
        assert subject.retry(connection) == 1
    again = {row.state: row for row in rows(network)}["waiting"]
    assert (again.attempts, again.code, again.ended_at) == (0, None, None)


@pytest.mark.usefixtures("standing")
def test_one_bad_answer_keeps_no_other_back(network: Network) -> None:
    """Where a peer answers one message wrong, the next is sent all the same."""
    bad, made = put(network, BEIJING), put(network, BEIJING)
    network[BEIJING].relay.on(change(lambda a: a.without("signature-input")), times=1)
    assert send(network, BEIJING) == 0
    states = {row.commitment: row.state for row in rows(network)}
    assert states == {bad.statement.commitment: "waiting", made.statement.commitment: "sent"}
    assert len(received(network, BEIJING, made)) == 1


def test_what_lost_its_key_is_set_aside(network: Network) -> None:
    put(network, BEIJING)
    (row,) = rows(network)
    with begin_write(network[TIANJIN].node.ctx.engine) as connection:
        drop(connection, Kind.SENT, [number(row.id)])
    assert send(network, BEIJING) == 0
    assert [(row.state, row.code) for row in rows(network)] == [("set-aside", "content-lost")]


def test_given_up_after_thirty_days(network: Network) -> None:
    put(network, BEIJING)
    with begin_write(network[TIANJIN].node.ctx.engine) as connection:
        connection.execute(sa.update(peer_outbox).values(created_at=subject.now() - GIVE_UP))
    network[BEIJING].relay.on(drop_request())
    send(network, BEIJING)
    assert [(row.state, row.code) for row in rows(network)] == [("set-aside", "message-expired")]


def test_pauses_double_up_to_an_hour() -> None:
    assert [pause_after(n) for n in (1, 2, 3, 4, 12)] == [1, 2, 4, 8, 2048]
    assert {pause_after(n) for n in (13, 14, 100, 10**6)} == {LONGEST_PAUSE}


def test_a_peer_that_is_down_blocks_no_other(network: Network) -> None:
    """One holds every call for ever, one has no endpoint that answers, one is no member: the fourth
    gets its message while the first is still waited for."""
    release = threading.Event()
    network[BANK].relay.on(hold(release))
    for to in (BANK, "130000", "999999"):
        put(network, to)
    made = put(network, BEIJING)
    step = sender(network)
    try:
        while not received(network, BEIJING, made):
            step(NEVER)
        states = {row.member: row for row in rows(network)}
        assert states[BANK].state == "waiting"
        until(lambda: {row.member: row.code for row in rows(network)}["130000"] is not None)
        until(lambda: {row.member: row.code for row in rows(network)}["999999"] is not None)
    finally:
        release.set()
        step.close()


def test_a_peer_that_failed_is_left_alone(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever waits for it: a thousand messages do not cost a thousand calls."""
    monkeypatch.setattr(subject, "pause_after", lambda attempts: LONGEST_PAUSE)
    monkeypatch.setattr(tasks, "LEFT_ALONE", LONGEST_PAUSE)
    network[BEIJING].relay.on(drop_request())
    for _ in range(5):
        put(network, BEIJING)
    before = len(network[BEIJING].relay.seen)
    step = sender(network)
    try:
        until(lambda: (step(NEVER), len(network[BEIJING].relay.seen) > before)[1])
        step(NEVER)
        assert len(network[BEIJING].relay.seen) == before + 1
    finally:
        step.close()


def test_held_by_one_sender_at_a_time(network: Network) -> None:
    """Of two gateways on the database one sends it; where that one dies the other does, later."""
    put(network, BEIJING)
    box = network[TIANJIN].node.peers.outbox
    first = box.claim(BEIJING)
    assert first is not None and box.claim(BEIJING) is None
    due_now(network)
    second = box.claim(BEIJING)
    assert second is not None and second.attempts == 2
    box.sent(second, 7)
    box.put_off(first, "too-slow")  # the first one wakes up: nothing changes
    assert [(row.state, row.received_at) for row in rows(network)] == [("sent", 7)]


def test_survives_a_restart(network: Network, tmp_path: Path) -> None:
    """A node opened anew on the same database and keys sends what the one before it did not."""
    made = put(network, BEIJING)
    before = network[TIANJIN].node
    url = before.ctx.settings.database_url
    again = open_member(network.chain, TIANJIN, tmp_path, before.signing.keys, database_url=url)
    try:
        step = MessageSender(again.peers.outbox, again.peers.asking)
        until(lambda: (step(NEVER), bool(received(network, BEIJING, made)))[1])
        step.close()
    finally:
        again.close()


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_in_the_middle_of_it(network: Network, when: str, tmp_path: Path) -> None:
    """Before: the peer never heard of it. After: it has it, and we do not know. Either way it is
    sent again, and is there once."""
    made = put(network, BEIJING)
    freeze(network[TIANJIN].node, tmp_path)
    killed = child.fork(send_messages, str(tmp_path), BEIJING, crash_at=f"message.sent:{when}")
    assert killed == child.KILLED
    assert len(received(network, BEIJING, made)) == (0 if when == "before" else 1)
    (row,) = rows(network)
    assert (row.state, row.attempts) == ("waiting", 1)
    due_now(network)
    assert child.fork(send_messages, str(tmp_path), BEIJING) == 0
    (row,) = rows(network)
    assert (row.state, row.attempts) == ("sent", 2)
    assert [row.received_at] == received(network, BEIJING, made)


def test_listed_for_the_operator(network: Network, tmp_path: Path) -> None:
    """Whom it was for and why; nothing of what it said."""
    made = put(network, BEIJING, opening(network, BANK))
    send(network, BEIJING)
    url = network[TIANJIN].node.ctx.settings.database_url
    config = tmp_path / "gateway.toml"
    config.write_text(
        f'env = "development"\nnetwork = "n.json"\ndatabase_url = "{url}"\n'
        '[node]\ncode = "120000"\n'
    )
    command = ["quarantine", "list", "--config", str(config), "--json"]
    done = CliRunner().invoke(gateway, command)
    assert done.exit_code == 0, done.stderr
    (told,) = json.loads(done.stdout)["messages"]
    assert (told["member"], told["reason"], told["attempts"]) == (BEIJING, "not-the-issuer", 1)
    assert told["statement"] == made.statement.commitment.hex()
    assert b"grant" not in done.stdout.encode()


def test_what_came_in_one_second_goes_in_its_order(network: Network) -> None:
    """A step of a case that overtakes the one before it would be put off."""
    made = [put(network, BEIJING).statement.commitment for _ in range(6)]
    outbox = network[TIANJIN].node.peers.outbox
    claimed = [outbox.claim(BEIJING) for _ in made]
    assert [one.commitment for one in claimed if one] == made
