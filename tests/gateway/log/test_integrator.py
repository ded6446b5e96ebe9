"""When the integrator stops waiting for more: idle queue, age of the batch, its size."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.log import tasks
from gateway.log.services import LogDamaged
from gateway.log.tasks import integrator
from gateway.node import Node
from tests.support.log import make_entries, pending_count, promise_entries
from tests.support.node import make_test_node

NEVER = 30.0
"""A batch age that no test waits for."""


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
            node.wake.set()

    thread = threading.Thread(target=ring)
    thread.start()
    yield
    stop.set()
    thread.join()


def seconds_of_step(node: Node) -> float:
    start = time.monotonic()
    assert integrator(node)(threading.Event()) == 0.0
    assert pending_count(node) == 0
    return time.monotonic() - start


def test_an_idle_queue_is_flushed_at_once(make: Callable[..., Node]) -> None:
    node = make(batch_age=NEVER)
    promise_entries(node, make_entries(3))
    assert seconds_of_step(node) < NEVER / 5


def test_a_busy_queue_is_flushed_by_age(make: Callable[..., Node]) -> None:
    node = make(batch_age=0.4)
    promise_entries(node, make_entries(3))
    with busy(node):
        assert 0.35 < seconds_of_step(node) < NEVER / 5


def test_a_full_batch_is_not_waited_for(make: Callable[..., Node]) -> None:
    node = make(batch_age=NEVER, batch_size=5)
    promise_entries(node, make_entries(12))
    with busy(node):
        assert seconds_of_step(node) < NEVER / 5


def test_an_entry_of_another_process_is_found_unasked(
    make: Callable[..., Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "LOOK_AGAIN", 0.05)
    node = make()
    promise_entries(node, make_entries(3))
    node.wake.clear()
    seconds_of_step(node)


def test_a_damaged_log_is_a_fault(
    make: Callable[..., Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    node = make()
    promise_entries(node, make_entries(1))

    def damaged(_node: Node) -> int:
        raise LogDamaged("bad")

    monkeypatch.setattr(tasks, "step", damaged)
    with pytest.raises(LogDamaged):
        integrator(node)(threading.Event())
    assert not node.lease.held, "for the next gateway to find it out"
    assert node.fault == "log-damaged"
