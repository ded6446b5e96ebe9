"""The daily batch: once a day, a multiple of sixteen, whatever the clock does."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.app import create_app
from gateway.base.db import begin_read, begin_write
from gateway.base.errors import NotReady
from gateway.log.models import logs
from gateway.node import Node
from gateway.statements import days, store, tasks
from gateway.statements.batch import Batched
from gateway.statements.models import statements
from ledger.core.entry import STATEMENT, parse_entry
from ledger.core.merkle import leaf_hash
from tests.gateway.intake.material import row
from tests.gateway.statements.desk import (
    DAY,
    NIGHT,
    NOON,
    SEED,
    batches,
    commitments,
    grow,
    log_entries,
    said,
    set_clock,
    sorts,
)
from tests.support.asgi import Client
from tests.support.callers import CENTRE
from tests.support.node import LOG_ID, make_facts, make_test_node
from tests.support.postgres import USED, start_postgres


def test_the_hour_is_that_of_china() -> None:
    at = int(NIGHT.timestamp())
    assert days.last_batch(at - 1).isoformat() == "2026-11-22"
    assert days.last_batch(at).isoformat() == "2026-11-23"
    assert days.begins(days.last_batch(at)) == at
    assert days.begins(days.after(days.last_batch(at))) == at + 86_400


@pytest.mark.parametrize(
    ("issued", "moved"), [(0, 16), (1, 16), (15, 16), (16, 16), (17, 32), (48, 48)]
)
def test_a_multiple_of_sixteen_goes_in(node: Node, issued: int, moved: int) -> None:
    openings = [one for n in range(issued) for one in node.statements.issue([said(n)])]
    set_clock(node, NIGHT)
    done = node.daily_batch.step()
    assert done == Batched(day=days.last_batch(int(NIGHT.timestamp())), count=moved)
    assert grow(node) == moved
    found = log_entries(node)
    assert {opening.leaf for opening in openings} <= set(_leaves(node))
    assert {parse_entry(entry).kind for entry in found} == {STATEMENT}
    assert len({len(entry) for entry in found}) == 1, "a dummy looks like any other"
    assert sorts(node) == ["case"] * issued + ["dummy"] * (moved - issued)


def test_entries_go_in_by_chance(node: Node) -> None:
    """In the order of their making, the n-th would be known for that of the n-th act of the day."""
    openings = [one for n in range(12) for one in node.statements.issue([said(n)])]
    set_clock(node, NIGHT)
    node.daily_batch.step()
    grow(node)
    places = [_leaves(node).index(opening.leaf) for opening in openings]
    assert places != sorted(places), "once in 479 million times this is chance"


def test_every_dummy_has_a_promise_of_its_own(node: Node) -> None:
    """Where the log cuts a batch in two, dummies that go together would tell how many they are."""
    node.statements.issue([said()])
    set_clock(node, NIGHT)
    node.daily_batch.step()
    query = sa.select(sa.func.count()).select_from(statements).group_by(statements.c.promise)
    with node.ctx.engine.connect() as connection:
        found = connection.scalars(query).all()
    assert found == [1] * 16


def _leaves(node: Node) -> list[bytes]:
    return [leaf_hash(entry) for entry in log_entries(node)]


def test_not_before_the_hour_and_once_a_day(node: Node) -> None:
    node.statements.issue([said()])
    set_clock(node, NIGHT - timedelta(seconds=1))
    assert node.daily_batch.step() is None
    set_clock(node, NIGHT)
    assert node.daily_batch.step() is not None
    for hours in (0, 1, 12, 23.99):
        set_clock(node, NIGHT + timedelta(hours=hours))
        assert node.daily_batch.step() is None
    set_clock(node, NIGHT + DAY)
    assert node.daily_batch.step() is not None
    assert batches(node) == [("2026-11-22", 0), ("2026-11-23", 16), ("2026-11-24", 16)]
    assert grow(node) == 32


def test_a_database_begins_without_a_batch_for_the_past(tmp_path: Path) -> None:
    """What is issued before the first look waits for the batch after it, which its promise
    names."""
    node = make_test_node(tmp_path, seed=SEED, now=NOON)
    (opening,) = node.statements.issue([said()])
    assert node.daily_batch.step() is None
    set_clock(node, NIGHT)
    assert node.daily_batch.step() is not None
    assert opening.promised is not None
    assert opening.promised.promise.due > NIGHT.timestamp()
    assert opening.statement.commitment in commitments(log_entries(node)) or grow(node) == 16
    node.close()


def test_days_without_a_gateway_have_no_batch(node: Node) -> None:
    """The clock jumps over two of them; what waited goes with the next."""
    (opening,) = node.statements.issue([said()])
    set_clock(node, NIGHT + 2 * DAY + timedelta(hours=3))
    assert node.daily_batch.step() is not None
    assert node.daily_batch.step() is None
    assert batches(node) == [("2026-11-22", 0), ("2026-11-25", 16)]
    assert grow(node) == 16
    assert opening.statement.commitment in commitments(log_entries(node))


def test_a_clock_that_is_set_back_makes_no_second_one(node: Node) -> None:
    set_clock(node, NIGHT)
    node.daily_batch.step()
    node.statements.issue([said(1)])
    set_clock(node, NIGHT - 3 * DAY)
    assert node.daily_batch.step() is None
    (late,) = node.statements.issue([said(2)])
    assert late.promised is not None
    set_clock(node, NIGHT + DAY)
    node.daily_batch.step()
    assert grow(node) == 32


def test_a_late_batch_takes_what_came_meanwhile(node: Node) -> None:
    """Nothing can be promised at 23:00; next morning it can."""
    node.statements.issue([said(1)])
    facts = make_facts(node.signing.keys)
    set_clock(node, NIGHT)
    node.chain.put(replace(facts, active=False))
    with pytest.raises(NotReady):
        node.daily_batch.step()
    assert batches(node) == [("2026-11-22", 0)]
    node.chain.put(facts)
    set_clock(node, NIGHT + timedelta(hours=10))
    (late,) = node.statements.issue([said(2)])
    done = node.daily_batch.step()
    assert done is not None
    assert (done.day.isoformat(), done.count) == ("2026-11-23", 16)
    grow(node)
    assert late.statement.commitment in commitments(log_entries(node))


def test_the_thread_waits_where_nothing_can_be_promised(node: Node) -> None:
    step, stop = tasks.batcher(node.daily_batch), threading.Event()
    set_clock(node, NIGHT)
    node.chain.put(replace(make_facts(node.signing.keys), logs=()))
    assert step(stop) == tasks.EVERY
    assert batches(node) == [("2026-11-22", 0)]
    node.chain.put(make_facts(node.signing.keys))
    assert step(stop) == tasks.EVERY
    assert step(stop) == tasks.EVERY
    assert batches(node)[1:] == [("2026-11-23", 16)]


def test_statements_and_records_share_the_tree(node: Node) -> None:
    node.intake.submit_set(caller=CENTRE, rows=[row(n) for n in range(3)])
    (opening,) = node.statements.issue([said()])
    set_clock(node, NIGHT)
    node.daily_batch.step()
    node.intake.submit_set(caller=CENTRE, rows=[row(n) for n in range(3, 5)])
    assert grow(node) == 21
    assert opening.statement.commitment in commitments(log_entries(node))


def test_statements_that_come_while_the_dummies_are_made(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number is made right, in the end under the lock."""
    node.statements.issue([said(0)])
    set_clock(node, NIGHT)
    make, calls = node.daily_batch._dummies, iter(range(100))

    def interrupted(*arguments: Any) -> object:
        made = make(*arguments)
        if (n := next(calls)) < 4:
            node.statements.issue([said(1 + n)])
        return made

    monkeypatch.setattr(node.daily_batch, "_dummies", interrupted)
    done = node.daily_batch.step()
    assert done is not None
    assert done.count == 16
    assert sorts(node).count("case") == 5
    assert grow(node) == 16


def test_what_waits_for_a_closed_log_stays(node: Node) -> None:
    """A batch of the successor takes none of it; see `test_closed_log`."""
    node.statements.issue([said()])
    facts = make_facts(node.signing.keys)
    other = replace(facts.logs[0], log_id="ab" * 32, seq=1)
    closed = replace(facts.logs[0], open=False)
    node.chain.put(replace(facts, logs=(closed, other)))
    set_clock(node, NIGHT)
    done = node.daily_batch.step()
    assert done is not None
    assert done.count == 16
    grow(node)
    with node.ctx.engine.connect() as connection:
        sizes = {row.log_id: row.size for row in connection.execute(sa.select(logs))}
    assert sizes == {bytes.fromhex("ab" * 32): 16, bytes.fromhex(facts.logs[0].log_id): 0}


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if request.param == "sqlite":
        monkeypatch.delenv(USED, raising=False)
        yield
        return
    with start_postgres() as server:
        monkeypatch.setenv(USED, server.url)
        yield


@pytest.mark.usefixtures("database")
def test_two_gateways_at_once(tmp_path: Path) -> None:
    """On one database, all of them at the same instant, while others issue: one batch, and every
    statement in it or waiting."""
    nodes = [make_test_node(tmp_path, seed=SEED, now=NOON) for _ in range(2)]
    nodes[0].daily_batch.step()
    for n in range(5):
        nodes[n % 2].statements.issue([said(n)])
    for node in nodes:
        set_clock(node, NIGHT)
    failures: list[BaseException] = []
    ready = threading.Barrier(4)

    def work(node: Node, issues: bool) -> None:
        try:
            ready.wait()
            if issues:
                for n in range(6):
                    node.statements.issue([said(100 + n)])
            else:
                node.daily_batch.step()
        except BaseException as error:
            failures.append(error)

    threads = [
        threading.Thread(target=work, args=(node, issues))
        for node in nodes
        for issues in (True, False)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    ((_, none), (day, count)) = batches(nodes[0])
    assert (none, day, count % 16) == (0, "2026-11-23", 0)
    assert grow(nodes[1]) == count
    set_clock(nodes[1], NIGHT + DAY)
    assert nodes[1].daily_batch.step() is not None
    assert grow(nodes[0]) % 16 == 0
    found = log_entries(nodes[0])
    assert len(commitments(found)) == len(found)
    assert sorts(nodes[0]).count("case") == 17
    assert len(found) == len(sorts(nodes[0]))
    for node in nodes:
        node.close()


def test_the_table_refuses_a_second_one(node: Node) -> None:
    day = days.last_batch(int(NOON.timestamp()))
    with (
        pytest.raises(sa.exc.IntegrityError),
        begin_write(node.ctx.engine, store.LOCK) as connection,
    ):
        store.note_batch(connection, day, 1, 16)
    assert batches(node) == [("2026-11-22", 0)]


def test_what_waits_beyond_its_due_is_counted(node: Node) -> None:
    """For who looks after the node; nobody else sees that anything waits."""
    opening = node.statements.issue([said(n) for n in range(2)])[0]
    assert opening.promised is not None
    due = opening.promised.promise.due
    with begin_read(node.ctx.engine) as connection:
        assert [store.count_overdue(connection, at) for at in (due, due + 1)] == [0, 1]
    set_clock(node, NIGHT)
    node.daily_batch.step()
    with begin_read(node.ctx.engine) as connection:
        assert store.count_overdue(connection, due + 1) == 0


def test_nothing_is_seen_outside_before_the_batch(node: Node) -> None:
    client = Client(create_app(node))
    node.intake.submit_set(caller=CENTRE, rows=[row(1)])
    grow(node)
    log = f"/logs/{LOG_ID.hex()}"
    tiles = ("checkpoint", "tile/0/000.p/1", "tile/entries/000.p/1")
    shown = ("/v1/node", *(f"{log}/{path}" for path in tiles))
    before = [client.get(path).content for path in shown]
    (opening,) = node.statements.issue([said()])
    grow(node)
    assert [client.get(path).content for path in shown] == before
    for name in (opening.leaf, opening.statement.record_id, opening.statement.commitment):
        assert client.get(f"/v1/receipts/{name.hex()}").status_code == 404
    set_clock(node, NIGHT)
    node.daily_batch.step()
    grow(node)
    assert client.get(f"/v1/receipts/{opening.leaf.hex()}").status_code == 202
    assert {parse_entry(entry).kind for entry in log_entries(node)} == {"record", STATEMENT}
