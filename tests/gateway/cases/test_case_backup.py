"""A database made of a backup has the cases, their documents, and the keys that open them."""

from pathlib import Path

import sqlalchemy as sa

from gateway.base.db import close_engine, open_engine
from gateway.cases import materials
from gateway.cases.models import case_steps, cases, proposals
from gateway.node import Node
from gateway.operations.backup import backup, restore
from tests.gateway.cases.desk import PDF, filing, grant, of_authority, take_in, wanted
from tests.support.anvil import Anvil
from tests.support.member import Member
from tests.support.postgres import database_url


def test_restored(node: Node, member: Member, anvil: Anvil, tmp_path: Path) -> None:
    (leaf,) = take_in(node, anvil, 1)
    clerk = of_authority(node, 1)
    case = node.case_parts.cases.file(clerk, filing(leaf))
    node.case_parts.cases.step(clerk, case, wanted("accept"))
    node.case_parts.decisions.propose(clerk, case, grant())
    taken = tmp_path / "backup"
    backup(node.ctx.engine, taken, member="110000", clock=node.ctx.clock)
    folder = tmp_path / "again"
    folder.mkdir()
    engine = open_engine(database_url(folder))
    restore(engine, taken, member="110000")
    close_engine(engine)
    again = member.node(folder)
    with again.ctx.engine.connect() as connection:
        assert [row.id for row in connection.execute(sa.select(cases))] == [case]
        kept = list(connection.scalars(sa.select(case_steps.c.materials)))
        assert [materials.read(connection, again.vault, one, 0) for one in kept] == [PDF, PDF]
        row = connection.execute(sa.select(proposals)).one()
        opened = materials.open_proposal(connection, again.vault, row.materials, row.content)
    assert opened["act"] == "grant"
    again.close()
