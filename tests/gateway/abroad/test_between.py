"""A case that one province files about a record of another, until it is decided."""

import pytest

from gateway.base.policy import NotAllowed
from gateway.cases.errors import CaseRefused
from gateway.cases.paper import draw
from gateway.cases.papers import Papers
from ledger.core.errors import InputError
from ledger.core.opening import check, parse_opening
from ledger.core.status import Flag, Outcome
from tests.gateway.abroad.desk import (
    BEIJING,
    TIANJIN,
    acts,
    clerk,
    deliver,
    desk,
    filing,
    parts,
    record,
    sent,
)
from tests.gateway.cases.desk import centre, grant, send_all, wanted, word
from tests.records.examples import AUTHORITY
from tests.support.peers import Network

SHOWN = ("kind", "owner", "filer", "state", "record", "steps", "displaced")


def test_a_repair_from_filing_to_grant(network: Network) -> None:
    filer, owner = network[BEIJING], network[TIANJIN]
    about, at_desk, judge = record(network), desk(), clerk(owner)
    case = parts(filer).cases.file(at_desk, filing(about))
    assert parts(filer).cases.file(at_desk, filing(about)) == case, "once"
    assert [one.member for one in sent(filer)] == [TIANJIN]
    with pytest.raises(CaseRefused):
        parts(owner).views.show(judge, case)
    deliver(filer, TIANJIN)
    assert acts(owner, case, judge) == ["file-repair"]

    parts(owner).cases.step(judge, case, wanted("ask-supplement", docs=(), note="缺材料"))
    deliver(owner, BEIJING)
    assert parts(filer).views.show(at_desk, case)["state"] == "awaiting-supplement"
    with pytest.raises(CaseRefused, match="document-required"):
        parts(filer).cases.step(at_desk, case, wanted("supplement", docs=()))
    parts(filer).cases.step(at_desk, case, wanted("supplement"))
    deliver(filer, TIANJIN)
    parts(owner).cases.step(judge, case, wanted("accept", docs=()))
    parts(owner).decisions.propose(judge, case, grant())
    parts(owner).decisions.release(clerk(owner, 2), case)
    deliver(owner, BEIJING)
    send_all(owner.node, owner.anvil)

    at_filer = parts(filer).views.show(at_desk, case)
    at_owner = parts(owner).views.show(judge, case)
    for step in (*at_filer["steps"], *at_owner["steps"]):
        way = step.pop("sent", None)
        assert way is None or (way["state"], way["code"]) == ("sent", None)
    assert {name: at_filer[name] for name in SHOWN} == {name: at_owner[name] for name in SHOWN}
    assert [step["act"] for step in at_filer["steps"]] == [
        *("file-repair", "ask-supplement", "supplement", "accept", "grant")
    ]
    assert (at_filer["owner"], at_filer["filer"]) == (TIANJIN, BEIJING)
    assert at_filer["status"]["outcome"] == "repaired"
    assert word(owner.node, about).outcome is Outcome.REPAIRED
    for member, caller in ((filer, at_desk), (owner, judge)):
        for step in at_filer["steps"]:
            opening = parse_opening(parts(member).views.step(caller, case, step["step"]))
            check(opening)
            assert opening.statement.commitment.hex() == step["commitment"]
            assert opening.statement.iss == step["iss"]
    with pytest.raises(CaseRefused) as refused:
        parts(filer).cases.step(at_desk, case, wanted("withdraw-filing", docs=()))
    assert refused.value.code == "case-closed"


def test_an_objection_marks_at_its_receipt(network: Network) -> None:
    filer, owner = network[BEIJING], network[TIANJIN]
    about, at_desk = record(network), desk()
    case = parts(filer).cases.file(at_desk, filing(about, "objection"))
    assert parts(filer).views.show(at_desk, case)["acts"] == [], "the chain has them of the owner"
    deliver(filer, TIANJIN)
    send_all(owner.node, owner.anvil)
    assert word(owner.node, about).flags == Flag.DISPUTED
    assert parts(filer).views.show(at_desk, case)["status"]["flags"] == ["disputed"]
    head = parts(owner).views.show(clerk(owner), case)
    assert head["stage"]["name"] == "objection-answer"
    assert head["stage"]["deadline"] != "unknown"
    parts(filer).cases.step(at_desk, case, wanted("withdraw-filing", docs=()))
    deliver(filer, TIANJIN)
    send_all(owner.node, owner.anvil)
    assert parts(owner).views.show(clerk(owner), case)["state"] == "withdrawn"
    assert word(owner.node, about).flags == 0


def test_only_who_filed_sees_it_at_the_filer(network: Network) -> None:
    filer = network[BEIJING]
    case = parts(filer).cases.file(desk(), filing(record(network)))
    for caller in (desk(8), centre(9)):
        assert parts(filer).views.show(caller, case)["state"] == "filed"
        assert case.hex() in {
            one["case"] for one in parts(filer).listing.cases(caller, None, overdue=False)["cases"]
        }
    other = desk(10, "别的部门")
    with pytest.raises(NotAllowed) as refused:
        parts(filer).views.show(other, case)
    assert refused.value.code == "not-found"
    assert parts(filer).listing.cases(other, None, overdue=False)["cases"] == []
    with pytest.raises(NotAllowed):
        parts(filer).cases.step(other, case, wanted("withdraw-filing", docs=()))


def test_each_makes_its_own_steps(network: Network) -> None:
    filer, owner = network[BEIJING], network[TIANJIN]
    at_desk, judge = desk(), clerk(owner)
    case = parts(filer).cases.file(at_desk, filing(record(network)))
    deliver(filer, TIANJIN)
    with pytest.raises(CaseRefused) as refused:
        parts(filer).cases.step(at_desk, case, wanted("accept", docs=()))
    assert refused.value.code == "not-the-owner"
    with pytest.raises(CaseRefused) as refused:
        parts(filer).decisions.propose(at_desk, case, grant())
    assert refused.value.code == "not-the-owner"
    for caller in (judge, centre(3)):
        with pytest.raises(CaseRefused) as refused:
            parts(owner).cases.step(caller, case, wanted("withdraw-filing", docs=()))
        assert refused.value.code == "cannot-follow"


def test_the_paper_of_a_filing(network: Network) -> None:
    """Whoever filed here takes one home, though the record is another member's; so it is printed
    there for whoever sees the case."""
    filer, owner = network[BEIJING], network[TIANJIN]
    case = parts(filer).cases.file(desk(), filing(record(network)))
    deliver(filer, TIANJIN)
    made = {}
    for member, caller in ((filer, desk()), (owner, clerk(owner))):
        papers = Papers(member.node.ctx, parts(member).cases, parts(member).views)
        made[member.node.ctx.settings.node.code] = paper = papers.paper(caller, case)
        assert draw(paper).startswith(b"%PDF-")
        assert (paper.case, paper.kind, paper.state) == (case, "repair", "filed")
    at_filer, at_owner = made[BEIJING], made[TIANJIN]
    assert (at_filer.document, at_filer.unit) == (None, AUTHORITY), "its content is not here"
    assert at_owner.document is not None
    assert at_filer.found_by == at_owner.found_by
    with pytest.raises(NotAllowed):
        papers = Papers(filer.node.ctx, parts(filer).cases, parts(filer).views)
        papers.paper(desk(10, "别的部门"), case)


def test_an_owner_that_is_none(network: Network) -> None:
    about = record(network)
    for code in ("990000", "demo-bank"):
        with pytest.raises(InputError) as refused:
            parts(network[BEIJING]).cases.file(desk(), filing(about, owner=code))
        assert refused.value.field == "owner"
    with pytest.raises(CaseRefused) as named:
        parts(network[TIANJIN]).cases.file(clerk(network[TIANJIN]), filing(about, owner=BEIJING))
    assert named.value.code == "not-the-owner"
