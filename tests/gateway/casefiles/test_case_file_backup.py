"""A database made of a backup has the files that decide, their rows, and what opens them."""

from pathlib import Path

from gateway.base.db import close_engine, open_engine
from gateway.node import Node
from gateway.operations.backup import backup, restore
from tests.gateway.casefiles.bureau import Bureau, line, table
from tests.gateway.casefiles.test_exits import anchored, entry, exit_, send
from tests.gateway.cases.desk import take_in
from tests.support.anvil import Anvil
from tests.support.member import Member
from tests.support.postgres import database_url


def test_restored(bureau: Bureau, node: Node, member: Member, anvil: Anvil, tmp_path: Path) -> None:
    take_in(node, anvil, 1)
    national = bureau.propose(table(line(1), line(9)))
    send(bureau, entry(1))
    anchored(bureau)
    imported = send(bureau, exit_(1))
    anchored(bureau)
    bureau.work()
    taken = tmp_path / "backup"
    backup(node.ctx.engine, taken, member="110000", clock=node.ctx.clock)
    folder = tmp_path / "again"
    folder.mkdir()
    engine = open_engine(database_url(folder))
    restore(engine, taken, member="110000")
    close_engine(engine)
    again = member.node(folder)
    files = again.case_files.files
    caller = bureau.clerk.caller
    for file in (national, imported):
        assert files.head(caller, file) == bureau.head(file)
        assert list(files.every_row(caller, file)) == bureau.rows(file)
    again.close()
