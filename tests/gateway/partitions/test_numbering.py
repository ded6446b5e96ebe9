"""Parts made ahead, numbers that begin with the month, and nothing refused for want of a part."""

import threading

import pytest
import sqlalchemy as sa

from gateway.anchoring.progress import LARGEST_BATCH, overdue_promises, unanchored
from gateway.base.db import begin_write
from gateway.log.located import locate
from gateway.log.models import promises
from gateway.log.numbers import newest, number_of, taken
from gateway.node import Node
from gateway.partitions import making
from gateway.partitions.making import AHEAD, make, missing, months_ahead, stray, this_month
from gateway.partitions.models import CUT, partitions
from gateway.partitions.months import first_number, later
from gateway.partitions.store import Part, parts
from gateway.partitions.tasks import partitioner
from tests.gateway.partitions.desk import cut, ids, penalties, rows_in, take_in
from tests.support.callers import CENTRE


def test_a_new_database_has_parts_for_the_months_ahead(node: Node) -> None:
    with node.ctx.engine.connect() as connection:
        held, now = parts(connection), this_month(connection)
        assert missing(connection) == []
        assert months_ahead(connection) == later(now, AHEAD)
    assert [part.month for part in held] == [later(now, n) for n in range(AHEAD + 1)]
    assert held[0].first_id == 1, "numbers go on as they are until the month turns"
    assert [part.first_id for part in held[1:]] == [first_number(later(now, n)) for n in (1, 2)]


def test_a_part_behind_the_one_that_fills(node: Node) -> None:
    """Made once the first row is in; sets go over the edge of a part without a gap."""
    with node.ctx.engine.connect() as connection:
        now = this_month(connection)
    cut(node.ctx.engine, Part(1, 3, now, 1))
    leaves = take_in(node, *penalties(1, 2))
    assert [part.n for part in make(node.ctx.engine, size=2) if part.month == now] == [2]
    assert make(node.ctx.engine, size=2) == [], "once"
    leaves += take_in(node, *penalties(3))
    assert [(part.first_id, part.n) for part in make(node.ctx.engine, size=2)] == [(5, 3)]
    leaves += take_in(node, *penalties(4, 5, 6))
    assert ids(node) == [1, 2, 3, 4, 5, 6]
    name = Part(1, 3, now, 1)
    names = [name._replace(n=n).table("contents") for n in (1, 2, 3)]
    assert rows_in(node, names) == dict.fromkeys(names, 2)
    with node.ctx.engine.connect() as connection:
        assert stray(connection) == []
        assert all(locate(connection, leaf) is not None for leaf in leaves)


def test_the_month_turns(node: Node) -> None:
    """The next set begins with the numbers of the month; everything that counts goes on."""
    first = take_in(node, *penalties(1, 2))
    with begin_write(node.ctx.engine) as connection:
        following = later(this_month(connection), 1)
        turn = sa.update(partitions).where(partitions.c.month == following)
        connection.execute(turn.values(since=0))
    answer = node.intake.submit_set(caller=CENTRE, rows=penalties(3, 4))
    start = first_number(following)
    assert ids(node) == [1, 2, start, start + 1]
    with node.ctx.engine.connect() as connection:
        assert newest(connection) == start + 1
        assert taken(connection) == 4
        assert unanchored(connection) == 2
        assert [number_of(connection, n) for n in (-1, 1, 2, 3, 4, 5)] == [
            *(-1, 1, 2),
            *(start, start + 1, start + 2),
        ]
        due = connection.scalar(sa.select(sa.func.max(promises.c.due))) or 0
        assert overdue_promises(connection, due + 1) == 1
    node.logs.step()
    again = node.intake.submit_set(caller=CENTRE, rows=penalties(1, 3))
    assert [found.verdict for found in again.rows] == ["duplicate"] * 2
    assert [bytes.fromhex(str(found.leaf)) for found in again.rows] == [
        first[0],
        bytes.fromhex(str(answer.rows[0].leaf)),
    ]
    take_in(node, *penalties(5))
    assert ids(node)[-1] == start + 2


def test_overdue_before_and_behind_the_gap(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits on both sides of a month's turn is looked at, and no more than that."""
    monkeypatch.setattr("gateway.anchoring.progress.LARGEST_BATCH", 0)
    take_in(node, *penalties(1, 2, 3))
    node.intake.submit_set(caller=CENTRE, rows=penalties(4, 5))
    with begin_write(node.ctx.engine) as connection:
        connection.execute(sa.update(partitions).values(since=0))
    node.intake.submit_set(caller=CENTRE, rows=penalties(6))
    with node.ctx.engine.connect() as connection:
        due = connection.scalar(sa.select(sa.func.max(promises.c.due))) or 0
        assert unanchored(connection) == 3
        assert overdue_promises(connection, due + 1) == 2
        assert overdue_promises(connection, due) == 0
    assert LARGEST_BATCH > 0


def test_no_part_no_refusal(node: Node) -> None:
    """It lies in the default parts, is found there, and moves once a part is made for it."""
    with node.ctx.engine.connect() as connection:
        now = this_month(connection)
    cut(node.ctx.engine, Part(1, 3, now, 1))
    leaves = take_in(node, *penalties(1, 2, 3, 4))
    defaults = [f"{table}_default" for table in CUT]
    assert rows_in(node, defaults) == dict.fromkeys(defaults, 2)
    with node.ctx.engine.connect() as connection:
        assert stray(connection) == list(CUT)
        assert all(locate(connection, leaf) is not None for leaf in leaves)
    new = [part for part in make(node.ctx.engine, size=2) if part.month == now]
    assert [(part.first_id, part.n) for part in new] == [(3, 2), (5, 3)]
    assert rows_in(node, defaults) == dict.fromkeys(defaults, 0)
    assert rows_in(node, [new[0].table("contents")]) == {new[0].table("contents"): 2}
    with node.ctx.engine.connect() as connection:
        assert stray(connection) == []
        assert all(locate(connection, leaf) is not None for leaf in leaves)


def test_a_number_that_none_of_ours_gave(node: Node) -> None:
    """No parts are made up to it."""
    with begin_write(node.ctx.engine) as connection:
        connection.exec_driver_sql(
            "INSERT INTO logs (id, log_id, size, root) VALUES (1, '', 0, '')"
        )
        connection.exec_driver_sql(f"INSERT INTO entries VALUES ({2**62}, 1, '', '')")
        assert missing(connection) == []
        assert stray(connection) == ["entries"]


@pytest.mark.nightly
def test_a_month_that_was_missed(node: Node) -> None:
    """Nobody made parts for a while: numbers of the last month go on, until one is made."""
    with node.ctx.engine.connect() as connection:
        now = this_month(connection)
    before = later(now, -3)
    cut(node.ctx.engine, Part(1, 100, before, 1))
    take_in(node, *penalties(1))
    with node.ctx.engine.connect() as connection:
        assert months_ahead(connection) is None
    assert ids(node) == [1]
    made = {(part.month, part.n) for part in make(node.ctx.engine)}
    assert made == {(before, 2), *((later(now, n), 1) for n in range(AHEAD + 1))}
    take_in(node, *penalties(2))
    assert ids(node) == [1, first_number(now)]


@pytest.mark.nightly
def test_a_gap_in_the_months_ahead(node: Node) -> None:
    with node.ctx.engine.connect() as connection:
        now = this_month(connection)
    there = [now, later(now, 2)]
    cut(node.ctx.engine, *(Part(first_number(m), first_number(m) + 9, m, 1) for m in there))
    with node.ctx.engine.connect() as connection:
        assert months_ahead(connection) == now
    assert [part.month for part in make(node.ctx.engine)] == [later(now, 1)]


def test_whoever_reads_for_long_is_not_waited_for(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change that others hold up ends soon, so that nobody stands behind it; later it is made."""
    monkeypatch.setattr(making, "WAIT", "50ms")
    with node.ctx.engine.connect() as connection:
        now = this_month(connection)
    cut(node.ctx.engine, Part(1, 100, now, 1))
    step = partitioner(node.ctx.engine)
    with node.ctx.engine.connect() as reader:
        reader.exec_driver_sql("SELECT count(*) FROM entries_default").scalar_one()
        with pytest.raises(sa.exc.OperationalError):
            step(threading.Event())
    assert step(threading.Event()) > 0
    with node.ctx.engine.connect() as connection:
        assert missing(connection) == []


@pytest.mark.nightly
def test_two_gateways_make_parts(node: Node) -> None:
    with node.ctx.engine.connect() as connection:
        now = this_month(connection)
    cut(node.ctx.engine, Part(1, 100, now, 1))
    made: list[Part] = []
    both = [threading.Thread(target=lambda: made.extend(make(node.ctx.engine))) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert sorted(part.month for part in made) == [later(now, 1), later(now, 2)]
