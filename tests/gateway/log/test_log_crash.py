"""Killed in the middle, started again: every promised entry is in the log exactly once."""

from pathlib import Path

import pytest

from tests.gateway.log.test_integrate import read
from tests.support import child
from tests.support.log import make_entries, promise_entries
from tests.support.node import make_test_node
from tests.support.work import grow_log


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_around_integration(tmp_path: Path, when: str) -> None:
    node = make_test_node(tmp_path, seed="crash", log={"batch_size": 100})
    first, second = make_entries(300, "a"), make_entries(300, "b")
    for at in range(0, 300, 100):
        promise_entries(node, first[at : at + 100])
    node.logs.step()
    for at in range(0, 300, 100):
        promise_entries(node, second[at : at + 100])
    assert (
        child.fork(grow_log, str(tmp_path), "crash", crash_at=f"log.integrated:{when}")
        == child.KILLED
    )
    assert read(node).size == 100
    assert child.fork(grow_log, str(tmp_path), "crash") == 0
    log = read(node)
    assert sorted(log.entries) == sorted(first + second)
    node.close()
