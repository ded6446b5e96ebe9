"""What whoever releases sends back; what one may do, as the interface tells it; drafts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
import sqlalchemy as sa

from gateway.base.clock import Clock
from gateway.base.context import Context
from gateway.base.policy import Caller, NotAllowed
from gateway.cases.drafts import LIFE, OF_ONE, Drafts
from gateway.cases.errors import CaseRefused
from gateway.cases.models import drafts, materials, proposals
from gateway.cases.sending_back import SentBack
from gateway.cases.stages import stage_now
from gateway.node import Node
from ledger.records.calendar import Calendar
from ledger.records.rules import newest
from tests.gateway.cases.desk import (
    OTHER_AUTHORITY,
    centre,
    filing,
    grant,
    of_authority,
    pdf,
    take_in,
    wanted,
)
from tests.support.anvil import Anvil


@pytest.fixture(scope="module")
def leaves(node: Node, anvil: Anvil) -> Iterator[bytes]:
    return iter(take_in(node, anvil, *range(8)))


def accepted(node: Node, leaf: bytes) -> bytes:
    """A repair that may be decided."""
    parts, clerk = node.case_parts, of_authority(node, 1)
    case = parts.cases.file(clerk, filing(leaf))
    parts.cases.step(clerk, case, wanted("accept"))
    return case


def test_sent_back(node: Node, leaves: Iterator[bytes]) -> None:
    parts, officer, chief = node.case_parts, of_authority(node, 2), of_authority(node, 3)
    case = accepted(node, next(leaves))
    number = parts.decisions.propose(officer, case, grant())
    before = documents(node)
    said = SentBack(proposal=number, reason="缺章")
    with pytest.raises(CaseRefused, match="case-moved"):
        parts.sending_back.of_case(chief, case, replace(said, proposal=number + 1))
    with pytest.raises(NotAllowed, match="scope-missing"):
        lacks = replace(chief, scopes=frozenset({"read", "decide"}))
        parts.sending_back.of_case(lacks, case, said)
    with pytest.raises(NotAllowed, match="authority-not-yours"):
        parts.sending_back.of_case(of_authority(node, 4, OTHER_AUTHORITY), case, said)
    parts.sending_back.of_case(chief, case, said)
    parts.sending_back.of_case(chief, case, said)
    assert documents(node) == before - 1, "what was proposed on is gone"
    told = parts.views.show(officer, case)
    assert told["proposed"] is None
    assert (told["sentBack"]["reason"], told["sentBack"]["act"]) == ("缺章", "grant")
    kept = {name: value for name, value in grant().said().items() if name != "act" and value}
    assert told["sentBack"]["said"] == kept, "to be proposed anew with what is mended"
    assert case.hex() in came_back(node, officer)
    assert not told["may"]["sendBack"]
    with pytest.raises(CaseRefused, match="nothing-proposed"):
        parts.decisions.release(chief, case, number)
    again = parts.decisions.propose(officer, case, grant())
    assert again != number
    assert parts.views.show(officer, case)["sentBack"] is None, "it was answered"
    assert case.hex() not in came_back(node, officer)
    parts.decisions.release(chief, case, again)
    with pytest.raises(CaseRefused, match="nothing-proposed"):
        parts.sending_back.of_case(chief, case, SentBack(proposal=again, reason="x"))


def came_back(node: Node, caller: Caller) -> dict[str, str]:
    """What the list of what came back has: cases with their records."""
    found = node.case_parts.listing.cases(caller, "sent-back", overdue=False)["cases"]
    assert all(one["sentBack"] and one["proposed"] is None for one in found)
    return {one["case"]: one["record"] for one in found}


def test_the_reason_is_sealed(node: Node, leaves: Iterator[bytes]) -> None:
    parts = node.case_parts
    case = accepted(node, next(leaves))
    number = parts.decisions.propose(of_authority(node, 2), case, grant())
    said = SentBack(proposal=number, reason="张三身份证有误")
    parts.sending_back.of_case(of_authority(node, 3), case, said)
    with node.ctx.engine.connect() as connection:
        rows = connection.execute(sa.select(proposals)).all()
    assert "张三".encode() not in b"".join(row.content for row in rows)


def test_of_a_decision_of_ones_own(node: Node, leaves: Iterator[bytes]) -> None:
    parts, officer, chief = node.case_parts, of_authority(node, 2), of_authority(node, 3)
    leaf = next(leaves)
    with pytest.raises(CaseRefused, match="nothing-proposed"):
        parts.sending_back.of_record(chief, leaf, SentBack(proposal=1, reason="x"))
    number = parts.decisions.propose_own(officer, leaf, wanted("end", basis=11))
    told = parts.views.of_record(chief, leaf)
    assert told["may"]["release"] and told["may"]["sendBack"] and not told["proposed"]["yours"]
    assert "end" in told["may"]["decide"]
    parts.sending_back.of_record(chief, leaf, SentBack(proposal=number, reason="再查"))
    told = parts.views.of_record(officer, leaf)
    assert (told["proposed"], told["sentBack"]["reason"]) == (None, "再查")
    assert told["record"] in came_back(node, officer).values()
    other = of_authority(node, 4, OTHER_AUTHORITY)
    assert told["record"] not in came_back(node, other).values()


def test_what_each_may_do(node: Node, leaves: Iterator[bytes]) -> None:
    """As the case stands, and as each act itself would answer."""
    parts, clerk = node.case_parts, of_authority(node, 1)
    case = parts.cases.file(clerk, filing(next(leaves)))

    def may(caller: object) -> dict[str, object]:
        found: dict[str, object] = parts.views.show(caller, case)["may"]  # type: ignore[arg-type]
        return found

    nothing = {"steps": [], "decide": [], "release": False, "sendBack": False}
    every = ["accept", "ask-supplement", "decline", "national-result", "withdraw"]
    assert may(clerk) == nothing | {"steps": every}
    assert may(centre(9)) == nothing | {"steps": ["accept", "ask-supplement", "decline"]}
    reader = replace(clerk, scopes=frozenset({"read"}))
    assert may(reader) == nothing
    decider = replace(clerk, scopes=frozenset({"read", "decide"}))
    assert may(decider) == nothing, "not accepted yet"
    parts.cases.step(clerk, case, wanted("accept"))
    assert may(decider) == nothing | {"decide": ["grant", "refuse"]}
    parts.decisions.propose(of_authority(node, 2), case, grant())
    releases = replace(of_authority(node, 3), scopes=frozenset({"read", "release"}))
    assert may(releases) == nothing | {"release": True, "sendBack": True}
    proposer = replace(releases, id=2)
    assert may(proposer) == nothing | {"sendBack": True}


# ---- drafts


def test_drafts(node: Node) -> None:
    kept = node.case_parts.drafts
    docs = [pdf("甲.pdf"), pdf("乙.pdf", b"%PDF-1.4\nother")]
    name = kept.keep(71, docs)
    assert kept.read(71, name) == tuple(docs)
    assert kept.read(72, name) == () and kept.read(71, "0" * 32) == ()
    kept.drop(72, name)
    assert kept.read(71, name) == tuple(docs)
    with node.ctx.engine.connect() as connection:
        row = connection.execute(sa.select(drafts)).first()
        stored = connection.execute(sa.select(materials).where(materials.c.id == name)).all()
    assert row is not None and "甲".encode() not in row.names
    assert all(b"%PDF" not in one.content for one in stored)
    kept.drop(71, name)
    assert kept.read(71, name) == ()


def test_drafts_end(node: Node) -> None:
    kept = node.case_parts.drafts
    names = [kept.keep(73, [pdf()]) for _ in range(OF_ONE + 2)]
    alive = [name for name in names if kept.read(73, name)]
    assert len(alive) == OF_ONE and names[-1] in alive
    ctx = node.ctx
    later = Clock(fixed=ctx.clock.now().replace(year=ctx.clock.now().year + 1))
    aged = Drafts(replace_clock(ctx, later), node.vault)
    assert aged.read(73, alive[0]) == ()
    before = documents(node)
    assert aged.tidy() == OF_ONE
    assert documents(node) == before - OF_ONE
    assert LIFE > 0


def replace_clock(ctx: Context, clock: Clock) -> Context:
    return replace(ctx, clock=clock)


def documents(node: Node) -> int:
    """How many there are."""
    with node.ctx.engine.connect() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(materials)) or 0


# ---- the clock


@pytest.mark.parametrize(
    ("today", "left", "overdue"),
    [
        ("2026-06-01", 3, False),
        ("2026-06-03", 1, False),
        ("2026-06-04", 0, False),
        ("2026-06-05", None, True),
    ],
)
def test_days_that_are_left(today: str, left: int | None, overdue: bool) -> None:
    """Three working days from Monday 1 June 2026."""
    found = stage_now(
        newest(),
        Calendar(),
        name="repair-accept",
        since=date(2026, 6, 1),
        authority_kind=None,
        region="110000",
        today=date.fromisoformat(today),
    )
    assert (found.left, found.overdue) == (left, overdue)
    assert found.unit == "working"
