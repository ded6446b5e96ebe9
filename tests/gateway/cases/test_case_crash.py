"""`kill -9` around every stage: a case and its mark are there once, or come with the next try."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.cases.models import acts, case_steps, cases, materials
from gateway.node import Node
from gateway.statements.models import statements
from ledger.core.status import Flag
from tests.gateway.cases.desk import filing, of_authority, take_in, word
from tests.gateway.cases.killed import object_to, send
from tests.gateway.intake.material import count
from tests.support import child
from tests.support.anvil import Anvil
from tests.support.member import Member

WHEN = ("before", "after")
ACTS = [f"act.{stage}:{when}" for stage in ("signed", "sent", "recorded") for when in WHEN]


@pytest.fixture
def fresh(anvil: Anvil, member: Member, tmp_path: Path) -> Iterator[Node]:
    before = anvil.snapshot()
    node = member.node(tmp_path / "node")
    yield node
    node.close()
    anvil.revert(before)


@pytest.mark.parametrize(("when", "there"), [("before", 0), ("after", 1)])
def test_killed_while_filing(
    fresh: Node, anvil: Anvil, tmp_path: Path, when: str, there: int
) -> None:
    (leaf,) = take_in(fresh, anvil, 1)
    folder = str(tmp_path / "node")
    assert child.fork(object_to, folder, leaf.hex(), crash_at=f"case.stored:{when}") == child.KILLED
    tables = (cases, case_steps, materials, statements, acts)
    assert {count(fresh, table) for table in tables} == {there}
    for _ in range(2):
        fresh.case_parts.cases.file(of_authority(fresh, 1), filing(leaf, "objection"))
    assert {count(fresh, table) for table in tables} == {1}


@pytest.mark.parametrize("point", ACTS)
def test_killed_while_sending(fresh: Node, anvil: Anvil, tmp_path: Path, point: str) -> None:
    (leaf,) = take_in(fresh, anvil, 1)
    folder = str(tmp_path / "node")
    case = fresh.case_parts.cases.file(of_authority(fresh, 1), filing(leaf, "objection"))
    assert child.fork(send, folder, crash_at=point) == child.KILLED
    assert child.fork(send, folder) == 0
    told = fresh.case_parts.views.show(of_authority(fresh, 1), case)
    assert [(act["action"], act["state"]) for act in told["acts"]] == [("dispute", "recorded")]
    found = word(fresh, bytes.fromhex(told["record"]))
    assert (found.flags, found.version) == (Flag.DISPUTED, 1), "recorded once"
    with fresh.ctx.engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT key FROM transactions")).all()
    assert [row for row in rows if row.key.startswith("act/")] == [], "nothing is left to push"
