"""`kill -9` at every stage, once before and once after what it makes durable; then a restart
through the same code. Afterwards everything promised is in the log once and finally anchored."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.node import Node
from tests.gateway.anchoring.whole import check_whole, events, rows
from tests.support import child
from tests.support.anvil import Anvil, start_anvil
from tests.support.log import make_entries, promise_entries
from tests.support.member import Member, found_member
from tests.support.work import finish

STAGES = ("log.integrated", "anchor.signed", "anchor.sent", "anchor.mined", "anchor.recorded")
WHEN = ("before", "after")


@pytest.fixture(scope="module")
def anvil() -> Iterator[Anvil]:
    with start_anvil() as anvil:
        yield anvil


@pytest.fixture(scope="module")
def member(anvil: Anvil) -> Member:
    return found_member(anvil)


@pytest.fixture
def node(anvil: Anvil, member: Member, tmp_path: Path) -> Iterator[Node]:
    before = anvil.snapshot()
    node = member.node(tmp_path / "node")
    yield node
    node.close()
    anvil.revert(before)


@pytest.mark.parametrize("point", [f"{stage}:{when}" for stage in STAGES for when in WHEN])
def test_killed_and_started_again(
    node: Node, member: Member, anvil: Anvil, tmp_path: Path, point: str
) -> None:
    folder = str(tmp_path / "node")
    promised = make_entries(10, "first", member.log_id)
    promise_entries(node, promised, member.log_id)
    assert child.fork(finish, folder, crash_at=point) == child.KILLED
    assert bool(rows(node, "final")) == (point == "anchor.recorded:after")
    more = make_entries(10, "second", member.log_id)
    promise_entries(node, more, member.log_id)
    assert child.fork(finish, folder) == 0
    check_whole(node, member, anvil, promised + more)
    sizes = [event["size"] for event in events(anvil, member)]
    assert sizes in ([10, 20], [20])


def test_killed_at_every_stage_in_turn(
    node: Node, member: Member, anvil: Anvil, tmp_path: Path
) -> None:
    """One database that lives through all of it."""
    folder = str(tmp_path / "node")
    promised: list[bytes] = []
    for stage in STAGES:
        for when in WHEN:
            batch = make_entries(3, stage + when, member.log_id)
            promise_entries(node, batch, member.log_id)
            promised += batch
            assert child.fork(finish, folder, crash_at=f"{stage}:{when}") == child.KILLED
    assert child.fork(finish, folder) == 0
    check_whole(node, member, anvil, promised)
