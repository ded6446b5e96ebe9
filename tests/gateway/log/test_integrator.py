"""When the integrator waits no longer: an anchor may be begun, age of the batch, its size."""

import itertools
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.log import store, tasks
from gateway.log.services import LogDamaged
from gateway.node import Node
from tests.support.log import make_entries, pending_count, promise_entries
from tests.support.node import make_integrator, make_test_node

NEVER = 36_000.0
"""A batch age that no test waits for: one that did would not end."""


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Node]]:
    made: list[Node] = []

    def make(**log: Any) -> Node:
        made.append(make_test_node(tmp_path, log=log))
        return made[-1]

    yield make
    for node in made:
        node.close()


@contextmanager
def busy(node: Node) -> Iterator[None]:
    """Promises keep coming in all the time."""
    stop = threading.Event()

    def ring() -> None:
        while not stop.wait(0.002):
            node.ctx.signals.promised.set()

    thread = threading.Thread(target=ring)
    thread.start()
    yield
    stop.set()
    thread.join()


def one_step(node: Node) -> None:
    assert make_integrator(node)(threading.Event()) == 0.0
    assert pending_count(node) == 0


def test_an_idle_queue_is_flushed_at_once(make: Callable[..., Node]) -> None:
    node = make(batch_age=NEVER)
    promise_entries(node, make_entries(3))
    one_step(node)


def test_a_busy_queue_is_flushed_where_an_anchor_may_be_begun(make: Callable[..., Node]) -> None:
    node = make(batch_age=NEVER)
    promise_entries(node, make_entries(3))
    with busy(node):
        one_step(node)


def test_integrated_once_an_anchor_may_be_begun(
    make: Callable[..., Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not before, however idle the queue is."""
    node = make(batch_age=NEVER)
    waiting = []

    def wait(_seconds: float) -> bool:
        waiting.append(pending_count(node))
        if len(waiting) == 2:
            promise_entries(node, make_entries(2, "more"))
        return len(waiting) == 4

    monkeypatch.setattr(node.ctx.pace, "wait", wait)
    promise_entries(node, make_entries(3))
    one_step(node)
    assert waiting == [3, 3, 5, 5]


def test_while_none_may_be_it_is_flushed_by_age(
    make: Callable[..., Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a clock that goes on by a second whenever it is looked at."""
    ticks, looks, waiting = itertools.count(), [], store.waiting

    def looked(*arguments: Any) -> int:
        looks.append(1)
        return waiting(*arguments)

    monkeypatch.setattr(tasks, "time", SimpleNamespace(monotonic=lambda: float(next(ticks))))
    monkeypatch.setattr(tasks, "LOOK", 0.0)
    monkeypatch.setattr(store, "waiting", looked)
    node = make(batch_age=4)
    node.ctx.pace.begin_from(math.inf)
    promise_entries(node, make_entries(3))
    with busy(node):
        one_step(node)
    assert len(looks) == 3 + 1, "in seconds 1 to 3, and what there is then"


def test_a_full_batch_is_not_waited_for(make: Callable[..., Node]) -> None:
    node = make(batch_age=NEVER, batch_size=5)
    node.ctx.pace.begin_from(math.inf)
    promise_entries(node, make_entries(12))
    with busy(node):
        one_step(node)


def test_beside_whole_batches_the_rest_waits(make: Callable[..., Node]) -> None:
    """Until an anchor may be begun; it is not forgotten."""
    node = make(batch_age=NEVER, batch_size=4)
    node.ctx.pace.begin_from(math.inf)
    for seed in "abc":
        promise_entries(node, make_entries(3, seed))
    integrator = make_integrator(node)
    integrator(threading.Event())
    assert pending_count(node) == 3
    assert node.ctx.signals.promised.is_set()
    node.ctx.pace.begin_from(-math.inf)
    integrator(threading.Event())
    assert pending_count(node) == 0


def test_who_was_stopped_and_goes_on_adds_nothing(make: Callable[..., Node]) -> None:
    """Whatever it believed before: the lease is looked at once nobody else can write."""
    node = make()
    assert node.lease.take()
    promise_entries(node, make_entries(3))
    node.lease.release()
    assert node.logs.step(node.lease) == 0
    assert pending_count(node) == 3
    assert node.lease.take()
    with node.ctx.engine.connect() as connection:
        (log,) = store.states(connection)
    assert node.logs.integrate(log.id, node.lease) == 3
    node.lease.release()
    assert node.logs.publish(log.id, node.lease) is None
    assert node.lease.take()
    assert node.logs.publish(log.id, node.lease) == 3


def test_an_entry_of_another_process_is_found_unasked(
    make: Callable[..., Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "LOOK_AGAIN", 0.05)
    node = make()
    promise_entries(node, make_entries(3))
    node.ctx.signals.promised.clear()
    one_step(node)


def test_a_damaged_log_is_a_fault(
    make: Callable[..., Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    node = make()
    promise_entries(node, make_entries(1))

    def damaged(*_: Any) -> int:
        raise LogDamaged("bad")

    monkeypatch.setattr(node.logs, "integrate", damaged)
    with pytest.raises(LogDamaged):
        make_integrator(node)(threading.Event())
    assert not node.lease.held, "for the next gateway to find it out"
    assert node.ctx.health.fault == "log-damaged"
