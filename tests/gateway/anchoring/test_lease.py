"""One of several gateways works, another one takes over, and neither needs the other for it. The
file that keeps the lease beside a SQLite database: `tests/gateway/base/test_lease_file.py`."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.anchoring import tasks
from gateway.app import create_app
from gateway.base import lease as module
from gateway.base.db import begin_write
from gateway.base.lease import Lease, leases
from gateway.node import Node
from ledger.core.errors import CouldNotCheck
from tests.gateway.anchoring.whole import check_whole, promise, rows
from tests.support.anvil import Anvil, start_anvil
from tests.support.asgi import Client
from tests.support.log import make_entries, pending_count, promise_entries
from tests.support.member import Member, found_member
from tests.support.node import make_anchorer, make_integrator, make_test_node

SECONDS = 600.0
"""Longer than any machine takes from one line of a test to the next."""


@pytest.fixture(autouse=True)
def long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SECONDS", SECONDS)


@pytest.fixture
def in_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lease is a row of the database, as it always is on PostgreSQL."""
    monkeypatch.setattr(module, "file_of", lambda _engine: None)


@pytest.fixture
def nodes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Node]]:
    """Three on one database, that look at the lease as often as they are asked."""
    monkeypatch.setattr(module, "RENEW", 0.0)
    made = [make_test_node(tmp_path, seed="shared") for _ in range(3)]
    yield made
    for node in made:
        node.close()


def set_expiry(node: Node, expires: float) -> None:
    with begin_write(node.ctx.engine) as connection:
        connection.execute(sa.update(leases).values(expires=expires))


def clock(node: Node) -> float:
    with node.ctx.engine.connect() as connection:
        now = module.CLOCKS[connection.dialect.name]
        return float(connection.scalar(sa.select(now)) or 0)


def test_one_holds_it(nodes: list[Node]) -> None:
    assert [node.lease.take() for node in nodes] == [True, False, False]
    assert [node.lease.take() for node in reversed(nodes)] == [False, False, True]
    assert [node.lease.held for node in nodes] == [True, False, False]


@pytest.mark.usefixtures("in_a_row")
def test_renewed_while_it_is_held(nodes: list[Node]) -> None:
    assert nodes[0].lease.take()
    set_expiry(nodes[0], clock(nodes[0]) + 0.5)
    assert nodes[0].lease.take()
    with nodes[0].ctx.engine.connect() as connection:
        expires = connection.scalar(sa.select(leases.c.expires)) or 0
    assert SECONDS / 2 < expires - clock(nodes[0]) <= SECONDS


@pytest.mark.usefixtures("in_a_row")
def test_taken_over_when_it_ran_out(nodes: list[Node]) -> None:
    assert nodes[0].lease.take()
    set_expiry(nodes[0], clock(nodes[0]) - 0.001)
    assert nodes[1].lease.take()
    assert not nodes[0].lease.take(), "who went on after all is told"
    assert not nodes[0].lease.held


@pytest.mark.usefixtures("in_a_row")
def test_a_clock_set_back_holds_nobody_up(nodes: list[Node]) -> None:
    assert nodes[0].lease.take()
    set_expiry(nodes[0], clock(nodes[0]) + 3600)
    assert nodes[1].lease.take()


def test_who_cannot_renew_it_knows_that_it_ran_out(
    nodes: list[Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a clock of its own that nobody sets."""
    assert nodes[0].lease.take()
    later = time.monotonic() + SECONDS
    with monkeypatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: later)
        held = nodes[0].lease.held
    assert not held


def test_released_for_others(nodes: list[Node]) -> None:
    assert nodes[0].lease.take()
    nodes[1].lease.release()
    assert not nodes[1].lease.take(), "only what one holds can be released"
    nodes[0].lease.release()
    assert nodes[1].lease.take()


def test_who_cannot_reach_the_chain_stands_aside(
    nodes: list[Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another one may reach it; for a moment it changes nothing. There is no chain here at all."""
    stop, anchorer = threading.Event(), make_anchorer(nodes[0])
    assert nodes[0].lease.take()
    with pytest.raises(CouldNotCheck):
        anchorer(stop)
    assert nodes[0].lease.take()
    monkeypatch.setattr(tasks, "ALONE_SECONDS", 0.0)
    with pytest.raises(CouldNotCheck):
        anchorer(stop)
    assert not nodes[0].lease.take(), "though it is free"
    assert nodes[1].lease.take()
    nodes[1].lease.release()
    asked = time.monotonic() + tasks.ASIDE_SECONDS
    with monkeypatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: asked)
        assert nodes[0].lease.take()


def test_taken_at_once_by_one_only(nodes: list[Node]) -> None:
    found: list[bool] = []
    start = threading.Barrier(12)

    def take(lease: Lease) -> None:
        start.wait()
        found.append(lease.take())

    some = [Lease(nodes[at % 3].ctx.engine) for at in range(12)]
    threads = [threading.Thread(target=take, args=(lease,)) for lease in some]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for lease in some:
        lease.close()
    assert sorted(found) == [False] * 11 + [True]


@pytest.mark.usefixtures("in_a_row")
def test_asked_for_rarely(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RENEW", SECONDS / 2)
    node = make_test_node(tmp_path)
    statements: list[str] = []
    sa.event.listen(
        node.ctx.engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2])
    )
    assert all(node.lease.take() for _ in range(100))
    assert ["leases" in statement for statement in statements].count(True) == 2
    assert "credit_ledger_anchoring 1.0\n" in Client(create_app(node)).get("/metrics").text
    node.close()


def test_who_does_not_hold_it_integrates_nothing(nodes: list[Node]) -> None:
    """But what it takes in is integrated by the other, which nobody wakes."""
    stop = threading.Event()
    first, second = (make_integrator(node) for node in nodes[:2])
    assert nodes[0].lease.take()
    promise_entries(nodes[1], make_entries(5, "a"))
    nodes[1].ctx.signals.promised.set()
    nodes[0].ctx.signals.promised.clear()
    second(stop)
    assert pending_count(nodes[0]) == 5
    first(stop)
    assert pending_count(nodes[0]) == 0
    nodes[0].lease.release()
    promise_entries(nodes[0], make_entries(3, "b"))
    second(stop)
    assert pending_count(nodes[0]) == 0


# ---- on a chain


@pytest.fixture(scope="module")
def anvil() -> Iterator[Anvil]:
    with start_anvil() as anvil:
        yield anvil


@pytest.fixture(scope="module")
def member(anvil: Anvil) -> Member:
    return found_member(anvil)


def test_who_does_not_hold_it_signs_nothing(
    member: Member, anvil: Anvil, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reads what intake needs of the chain; after a take-over it goes on where the first was."""
    monkeypatch.setattr(module, "RENEW", 0.0)
    one, two = (member.node(tmp_path / "node") for _ in range(2))
    stop = threading.Event()
    assert one.lease.take()
    one.anchoring.look()
    promised = promise(one, member, 5, "a")
    make_anchorer(two)(stop)
    assert two.chain.known is not None
    assert two.ctx.signals.looked.is_set()
    assert rows(two) == []
    make_anchorer(one)(stop)
    (row,) = rows(two)
    assert row.state in ("signed", "sent", "mined", "final")
    one.close()  # as a crash: the lease is not released
    set_expiry(two, 0)  # on PostgreSQL, and then only time tells
    following = make_anchorer(two)
    for _ in range(20):
        following(stop)
        anvil.mine()
        if rows(two, "final"):
            break
    two.anchoring.step()
    assert [found.id for found in rows(two)] == [row.id], "the same anchor, not another one"
    check_whole(two, member, anvil, promised)
    two.close()
