"""What cases say about a closed record is its own authority's alone, and each look is logged."""

import pytest
import sqlalchemy as sa

from gateway.accesses.models import accesses
from gateway.base.db import begin_write
from gateway.base.policy import NotAllowed
from gateway.cases.errors import CaseRefused
from gateway.node import Node
from tests.gateway.cases.desk import (
    OTHER_AUTHORITY,
    PDF,
    centre,
    filing,
    grant,
    of_authority,
    send_all,
    take_in,
    wanted,
)
from tests.gateway.erasures.desk import follow
from tests.support.anvil import Anvil
from tests.support.archiving import archive
from tests.support.callers import CENTRE


def test_only_its_own_authority_reads_on(node: Node, anvil: Anvil) -> None:
    (leaf,) = take_in(node, anvil, 40)
    parts, clerk, chief = node.case_parts, of_authority(node, 1), of_authority(node, 2)
    desk = of_authority(node, 5, OTHER_AUTHORITY)  # the filing department; another's authority
    desk = type(desk)(**{**{n: getattr(desk, n) for n in desk.__slots__}, "department": "窗口"})
    case = parts.cases.file(centre(7), filing(leaf))
    with node.ctx.engine.begin() as connection:
        change = sa.text("UPDATE cases SET department = '窗口' WHERE id = :id")
        connection.execute(change, {"id": case})
    parts.cases.step(clerk, case, wanted("accept", note="所涉内容", docs=()))
    parts.decisions.propose(clerk, case, grant(note="处罚内容"))
    for caller in (desk, CENTRE, clerk):
        assert parts.views.step(caller, case, 1)
        assert parts.views.document(caller, case, 1, 0) == PDF
        assert parts.views.show(caller, case)["proposed"]["note"] == "处罚内容"
    parts.decisions.release(chief, case)
    send_all(node, anvil)
    follow(node)
    for caller in (desk, CENTRE, centre(8)):
        assert parts.views.show(caller, case)["state"] == "granted", "how it stands is told"
        with pytest.raises(NotAllowed, match="content-closed"):
            parts.views.step(caller, case, 3)
        with pytest.raises(NotAllowed, match="content-closed"):
            parts.views.document(caller, case, 1, 0)
    assert parts.views.document(clerk, case, 1, 0) == PDF
    parts.decisions.propose_own(clerk, leaf, wanted("rescind", basis=8, note="撤销原因"))
    assert "note" not in (parts.views.of_record(CENTRE, leaf)["proposed"] or {})
    assert parts.views.of_record(chief, leaf)["proposed"]["note"] == "撤销原因"
    assert parts.views.of_record(centre(8), leaf)["proposed"]["note"] == "撤销原因", "may release"
    with node.ctx.engine.connect() as connection:
        query = sa.select(accesses.c.token, accesses.c.answer).where(
            accesses.c.purpose == "read-case", accesses.c.record == leaf
        )
        lines = {(line.token, line.answer) for line in connection.execute(query)}
    refused = {(who.id, "content-closed") for who in (desk, CENTRE, centre(8))}
    assert lines >= refused | {(clerk.id, "allowed")}, "each look is logged"


def test_content_in_the_archive(node: Node, anvil: Anvil) -> None:
    """A case that has ended is told of; nothing more is done about the record, until its content is
    brought back."""
    (leaf, other) = take_in(node, anvil, 43, 44)
    parts, clerk = node.case_parts, of_authority(node, 1)
    case = parts.cases.file(centre(7), filing(leaf))
    parts.cases.step(clerk, case, wanted("decline", docs=()))
    with begin_write(node.ctx.engine) as connection:
        archive(connection, leaf)
    assert parts.views.show(clerk, case)["state"] == "declined"
    assert parts.views.of_record(clerk, leaf)["proposed"] is None
    for refused in (
        lambda: parts.cases.file(centre(7), filing(leaf, reason="再次申请")),
        lambda: parts.decisions.propose_own(clerk, leaf, wanted("withdraw", basis=8)),
    ):
        with pytest.raises(CaseRefused, match="content-archived"):
            refused()
    assert parts.cases.file(centre(7), filing(other))
