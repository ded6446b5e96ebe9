"""What is kept of changes: in order, once, for seven days, found again by place."""

import time

import sqlalchemy as sa

from gateway.base.db import begin_read, begin_write
from gateway.node import Node
from gateway.statuses import changes
from gateway.statuses.changes import Place
from gateway.statuses.models import status_changes
from gateway.statuses.store import (
    LOCK,
    Position,
    hold,
    put_ahead,
    put_position,
    put_states,
    release,
)
from gateway.watching import feed
from gateway.watching.feed import KEPT, KEPT_FOR_SLOW
from ledger.core.ids import Digest, LogId, RecordId
from ledger.core.status import NO_FLAGS, NOTHING, Act, Action, Flag, Outcome, State, Word

A, B = (RecordId(Digest(bytes([n]) * 32)) for n in (1, 2))


def state(version: int, outcome: Outcome = Outcome.NONE, flags: Flag = NO_FLAGS) -> State:
    word = Word(
        flags=flags,
        outcome=outcome,
        version=version,
        recorded_at=1_800_000_000 + version,
        effective_at=1_799_900_000,
        block=version,
    )
    return State(word=word, history=Digest(bytes(31) + bytes([version])), other=NOTHING.other)


def put(node: Node, **states: State) -> None:
    with begin_write(node.ctx.engine, LOCK) as connection:
        put_states(connection, {{"a": A, "b": B}[name]: one for name, one in states.items()})


def told(node: Node) -> list[tuple[bytes, int, bool]]:
    with begin_read(node.ctx.engine) as connection:
        found = changes.after(connection, Place(number=0), limit=100)
    return [(one.record, one.version, one.closed) for one in found]


def test_each_change_once_and_in_order(node: Node) -> None:
    put(node, a=state(1, flags=Flag.DISPUTED))
    put(node, a=state(1, flags=Flag.DISPUTED))  # nothing new
    put(node, b=state(1, Outcome.REPAIRED), a=state(2))
    assert told(node) == [(A, 1, False), (B, 1, True), (A, 2, False)]


def test_what_is_ahead_and_what_a_lost_chain_opens(node: Node) -> None:
    for ahead in ({A: 1}, {A: 1}, dict[RecordId, int]()):
        with begin_write(node.ctx.engine, LOCK) as connection:
            put_ahead(connection, ahead)
    assert told(node) == [(A, 0, True), (A, 0, False)]
    put(node, b=state(1, Outcome.REPAIRED))
    with begin_write(node.ctx.engine, LOCK) as connection:
        put_position(connection, Position(block=1, block_hash=bytes(32), block_time=1))
        hold(connection)
        release(connection)
    assert told(node)[2:] == [(B, 1, True), (B, 0, False)]


def test_the_act_by_which_it_changed(node: Node) -> None:
    """The last one on the record; what is not final names none."""
    act = Act(
        log=LogId(Digest(bytes(32))),
        commitment=Digest(bytes(32)),
        action=Action.REPAIR,
        expected_version=0,
        basis=2,
        doc=Digest(bytes(32)),
        effective_at=0,
    )
    with begin_write(node.ctx.engine, LOCK) as connection:
        put_states(connection, {A: state(1, Outcome.REPAIRED)}, acts={A: act})
        put_ahead(connection, {B: 1})
    with begin_read(node.ctx.engine) as connection:
        acted, ahead = changes.after(connection, Place(number=0), limit=9)
    assert (acted.action, acted.basis, acted.block) == (Action.REPAIR, 2, 1)
    shown = acted.as_dict()
    assert (shown["action"], shown["basis"], shown["block"]) == ("repair", 2, 1)
    assert (ahead.action, ahead.basis, ahead.block) == (None, None, None)


def test_places(node: Node) -> None:
    with begin_read(node.ctx.engine) as connection:
        nothing = changes.newest(connection)
        assert nothing == Place(number=0)
        assert feed.newest(connection) == nothing
        assert feed.stands(connection, nothing)
    put(node, a=state(1))
    put(node, b=state(1, Outcome.REPAIRED))
    with begin_read(node.ctx.engine) as connection:
        first, second = (one.place for one in changes.after(connection, nothing, limit=9))
        assert all(feed.stands(connection, place) for place in (nothing, first, second))
        assert changes.newest(connection) == feed.newest(connection) == second
        assert [one.record for one in changes.after(connection, first, limit=9)] == [B]
        assert not feed.stands(connection, Place(number=2, mark=first.mark)), "another's"
        assert not feed.stands(connection, Place(number=3, mark=second.mark)), "not there"
        assert not feed.stands(connection, Place(number=1)), "not before the first"
    assert Place.parse(str(second)) == second
    for wrong in ("", "1", "1.", "x.00000000", "1.0000000G", "1.000000000", f"{'1' * 19}.00000000"):
        assert Place.parse(wrong) is None


def pruned(node: Node, at: float, needed: int | None) -> list[int]:
    """Numbers that are left when what is old is forgotten at that second."""
    with begin_write(node.ctx.engine) as connection:
        feed.prune(connection, int(at), needed)
        return list(connection.scalars(sa.select(status_changes.c.id)))


def test_after_seven_days_it_is_forgotten_but_for_the_newest(node: Node) -> None:
    for n in (1, 2, 3):
        put(node, a=state(n))
    now = time.time()
    assert pruned(node, now + KEPT - 10, None) == [1, 2, 3]
    assert pruned(node, now + KEPT + 10, None) == [3]
    with begin_read(node.ctx.engine) as connection:
        assert not feed.stands(connection, Place(number=0))
        assert feed.before_first(connection) == Place(number=2)
        assert feed.stands(connection, Place(number=2)), "nothing behind it is missing"
    put(node, a=state(4))
    assert [version for _, version, _ in told(node)] == [3, 4], "numbers go on"


def test_who_still_needs_it_keeps_it_three_days_more(node: Node) -> None:
    for n in (1, 2, 3):
        put(node, a=state(n))
    now = time.time()
    assert pruned(node, now + KEPT + 10, 2) == [2, 3], "its own place too"
    assert pruned(node, now + KEPT_FOR_SLOW + 10, 2) == [3], "and no longer"
