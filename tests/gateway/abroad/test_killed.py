"""`kill -9` at every stage of a case between members: each step and message is there once, or comes
with the next try."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.base.db import begin_write
from gateway.cases.models import acts, case_steps, cases, materials
from gateway.peers.models import peer_inbox, peer_outbox
from gateway.statements.models import statements
from tests.gateway.abroad.desk import BEIJING, TIANJIN, clerk, deliver, desk, filing, parts, record
from tests.gateway.abroad.killed import file_objection, send, take
from tests.gateway.cases.desk import wanted
from tests.gateway.intake.material import count
from tests.support import child
from tests.support.peers import Member, Network, freeze

WHEN = [("before", 0), ("after", 1)]
AT_FILER = (cases, case_steps, materials, statements, peer_outbox)
AT_OWNER = (cases, case_steps, acts)


class Counted:
    """How many rows came since."""

    def __init__(self, member: Member, tables: tuple[sa.Table, ...]) -> None:
        self._of = (member.node, tables)
        self._before = self._now()

    def _now(self) -> list[int]:
        node, tables = self._of
        return [count(node, table) for table in tables]

    @property
    def new(self) -> set[int]:
        """Of each table."""
        return {now - before for now, before in zip(self._now(), self._before, strict=True)}


def due_now(member: Member) -> None:
    """As after the lease of whoever died."""
    with begin_write(member.node.ctx.engine) as connection:
        connection.execute(sa.update(peer_outbox).values(due=0))


@pytest.mark.parametrize(("when", "there"), WHEN)
def test_while_it_is_filed(network: Network, tmp_path: Path, when: str, there: int) -> None:
    """The step and its message, or neither."""
    filer, about = network[BEIJING], record(network)
    counted = Counted(filer, AT_FILER)
    freeze(filer.node, tmp_path)
    point = f"case.stored:{when}"
    assert child.fork(file_objection, str(tmp_path), about.hex(), crash_at=point) == child.KILLED
    assert counted.new == {there}
    for _ in range(2):
        parts(filer).cases.file(desk(), filing(about, "objection"))
    assert counted.new == {1}


@pytest.mark.parametrize("when", ["before", "after"])
def test_while_it_is_sent(network: Network, tmp_path: Path, when: str) -> None:
    filer, owner = network[BEIJING], network[TIANJIN]
    deliver(filer, TIANJIN)
    case = parts(filer).cases.file(desk(), filing(record(network), "objection"))
    counted = Counted(owner, AT_OWNER)
    freeze(filer.node, tmp_path)
    assert child.fork(send, str(tmp_path), TIANJIN, crash_at=f"message.sent:{when}") == child.KILLED
    assert counted.new == {0 if when == "before" else 1}
    due_now(filer)
    assert child.fork(send, str(tmp_path), TIANJIN) == 0
    assert counted.new == {1}
    assert parts(owner).views.show(clerk(owner), case)["state"] == "filed"


@pytest.mark.parametrize(("when", "there"), WHEN)
def test_while_the_owner_takes_it(network: Network, tmp_path: Path, when: str, there: int) -> None:
    """The opening is kept, and taken once: by the next try, or by itself."""
    filer, owner = network[BEIJING], network[TIANJIN]
    deliver(filer, TIANJIN)
    case = parts(filer).cases.file(desk(), filing(record(network), "objection"))
    opening = parts(filer).views.step(desk(), case, 1).hex()
    steps, kept = Counted(owner, AT_OWNER), Counted(owner, (peer_inbox,))
    freeze(owner.node, tmp_path)
    point = f"case.stored:{when}"
    assert child.fork(take, str(tmp_path), BEIJING, opening, crash_at=point) == child.KILLED
    assert (steps.new, kept.new) == ({there}, {1})
    deliver(filer, TIANJIN)
    assert child.fork(take, str(tmp_path), BEIJING, opening) == 0
    assert (steps.new, kept.new) == ({1}, {1})


@pytest.mark.parametrize(("when", "there"), WHEN)
def test_while_the_filer_takes_a_step_of_the_owner(
    network: Network, tmp_path: Path, when: str, there: int
) -> None:
    filer, owner = network[BEIJING], network[TIANJIN]
    case = parts(filer).cases.file(desk(), filing(record(network)))
    deliver(filer, TIANJIN)
    parts(owner).cases.step(clerk(owner), case, wanted("accept", docs=()))
    opening = parts(owner).views.step(clerk(owner), case, 2).hex()
    counted = Counted(filer, (case_steps,))
    freeze(filer.node, tmp_path)
    point = f"case.stored:{when}"
    assert child.fork(take, str(tmp_path), TIANJIN, opening, crash_at=point) == child.KILLED
    assert counted.new == {there}
    deliver(owner, BEIJING)
    assert counted.new == {1}
    assert parts(filer).views.show(desk(), case)["state"] == "accepted"
