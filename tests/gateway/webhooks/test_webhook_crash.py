"""`kill -9` between sending and storing: what was sent comes again, and nothing is left out."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.base.db import begin_write
from gateway.node import Node
from gateway.watching.models import watch_events, watched_records, watched_subjects
from tests.gateway.intake.material import count
from tests.gateway.webhooks.desk import change, holder, members, point, row, subject, told
from tests.gateway.webhooks.killed import ask, deliver
from tests.support import child
from tests.support.receiver import Receiver


@pytest.mark.parametrize("when", ["before", "after"])
def test_between_sending_and_storing(
    node: Node, receiver: Receiver, tmp_path: Path, when: str
) -> None:
    """Before: it never went. After: it went, and we do not know. Either way it goes again, with the
    same id, and before what follows."""
    endpoint = point(node, holder(node), receiver, 1, 2)
    change(node, 1, 2)
    killed = child.fork(deliver, str(tmp_path), endpoint, crash_at=f"webhook.sent:{when}")
    assert killed == child.KILLED
    assert told(receiver) == ([] if when == "before" else ["1"])
    found = row(node, endpoint)
    assert (found.offset_number, found.tries, found.delivered_at) == (0, 0, None)
    assert child.fork(deliver, str(tmp_path), endpoint) == 0
    assert told(receiver) == (["1", "2"] if when == "before" else ["1", "1", "2"])
    assert len({one.id for one in receiver.taken}) == 2, "a repeat is known by its id"
    assert all(one.signed_by for one in receiver.taken)
    assert row(node, endpoint).offset_number == 2
    assert child.fork(deliver, str(tmp_path), endpoint) == 0
    assert told(receiver)[-1] == "2" and len({one.id for one in receiver.taken}) == 2


def due_now(node: Node) -> None:
    with begin_write(node.ctx.engine) as connection:
        connection.execute(sa.update(watched_subjects).values(due=0))


@pytest.mark.parametrize(("when", "there"), [("before", 0), ("after", 1)])
def test_between_an_answer_and_its_end(
    node: Node, receiver: Receiver, tmp_path: Path, when: str, there: int
) -> None:
    """What became known of a subject, its events and that it was asked about stand together."""
    members(node)
    caller = holder(node)
    point(node, caller, receiver, subject=subject())
    killed = child.fork(ask, str(tmp_path), "1", "2", crash_at=f"subject.taken:{when}")
    assert killed == child.KILLED
    assert (count(node, watched_records), count(node, watch_events)) == (2 * there, there)
    (shown,) = node.webhooks.subjects.listed(caller)
    assert shown["state"] == ("followed" if there else "new")
    due_now(node)
    assert child.fork(ask, str(tmp_path), "1", "2") == 0
    assert (count(node, watched_records), count(node, watch_events)) == (2, 1)
