"""What waits for its release: by whom it may be released, until when, what stays of it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.base.clock import Clock
from gateway.base.policy import Caller, NotAllowed
from gateway.base.settings import TokenSettings
from gateway.cases.errors import CaseRefused
from gateway.cases.models import materials, proposals
from gateway.cases.two_persons import TwoPersons
from gateway.node import Node
from gateway.tokens.services import add_token, revoke_token
from tests.gateway.cases.desk import PDF, centre, filing, grant, of_authority, pdf, take_in, wanted
from tests.gateway.intake.material import OF_BEIJING, new_token
from tests.support.anvil import Anvil

SCOPES = ("submit", "read", "decide", "release")


@pytest.fixture(scope="module")
def leaves(node: Node, anvil: Anvil) -> Iterator[bytes]:
    return iter(take_in(node, anvil, *range(600, 620)))


def holder(node: Node, name: str, **more: Any) -> Caller:
    token = new_token(node, *SCOPES, authorities=[OF_BEIJING], name=name, **more)
    found = node.holders.find(token)
    assert found is not None
    return found


def accepted(node: Node, leaf: bytes) -> bytes:
    clerk = of_authority(node, 1)
    case = node.case_parts.cases.file(clerk, filing(leaf))
    node.case_parts.cases.step(clerk, case, wanted("accept", docs=()))
    return case


def kept(node: Node) -> int:
    with node.ctx.engine.connect() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(materials)) or 0


@pytest.mark.parametrize("name", ["张三", "张 三", "张三　"])
def test_two_tokens_of_one_person(node: Node, leaves: Iterator[bytes], name: str) -> None:
    """Whoever has two tokens, or got a new one in place of an old one, is one person."""
    decisions, case = node.case_parts.decisions, accepted(node, next(leaves))
    decisions.propose(holder(node, "张三"), case, grant())
    with pytest.raises(CaseRefused) as refused:
        decisions.release(holder(node, name), case)
    assert refused.value.code == "same-person"
    assert decisions.release(holder(node, "李四"), case)


def issued(node: Node, name: str, by: Caller | None, *scopes: str) -> Caller:
    """The holder of a token that another one issued; by: None = the operator."""
    number, _ = add_token(
        node.ctx.engine,
        name=name,
        scopes=scopes or SCOPES,
        department="市监局",
        now=node.ctx.clock.now(),
        authorities=[OF_BEIJING],
        issued_by=None if by is None else by.id,
    )
    found = node.holders.in_force(number)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def desk(node: Node) -> dict[str, Caller]:
    """A head who issues, and whom it issued: one of them through a token between."""
    head = issued(node, "处长", None, "admin")
    between = issued(node, "副处长", head, "admin")
    return {
        "head": head,
        "clerk": issued(node, "甲", head),
        "officer": issued(node, "乙", head),
        "below": issued(node, "丙", between),
        "head's second": issued(node, "处 长", None),
        "operator's": issued(node, "丁", None),
        "operator's other": issued(node, "戊", None),
    }


@pytest.mark.parametrize(
    ("proposes", "releases", "barred"),
    [
        ("clerk", "officer", (None, "same-issuer")),
        ("below", "officer", (None, "same-issuer")),
        ("clerk", "operator's", (None, None)),
        ("operator's", "operator's other", (None, None)),
        ("operator's", "head", (None, None)),
        ("clerk", "head", ("issued-by-party", "issued-by-party")),
        ("head", "clerk", ("issued-by-party", "issued-by-party")),
        ("below", "head", ("issued-by-party", "issued-by-party")),
        ("clerk", "head's second", ("issued-by-party", "issued-by-party")),
        ("head's second", "below", ("issued-by-party", "issued-by-party")),
        ("head", "head's second", ("same-person", "same-person")),
    ],
)
def test_who_issued_a_token_is_no_second_person_beside_it(
    node: Node,
    desk: dict[str, Caller],
    proposes: str,
    releases: str,
    barred: tuple[str | None, str | None],
) -> None:
    """A head who issues one token that decides must not be who releases; whom it issued tokens are
    two persons, unless the settings say that one issuer is not enough. barred: by default, and
    by that setting."""
    settings = node.ctx.settings
    strict = settings.model_copy(update={"tokens": TokenSettings(issuers_apart=True)})
    for found, code in zip((settings, strict), barred, strict=True):
        two = TwoPersons(replace(node.ctx, settings=found), node.holders)
        with node.ctx.engine.connect() as connection:
            told = two.barred(connection, desk[releases], desk[proposes].id)
        assert told == code, found.tokens


def test_a_release_by_whoever_issued_the_token(
    node: Node, leaves: Iterator[bytes], desk: dict[str, Caller]
) -> None:
    decisions, case = node.case_parts.decisions, accepted(node, next(leaves))
    decisions.propose(desk["clerk"], case, grant())
    for name, may in (("head", False), ("operator's", True)):
        told = node.case_parts.views.show(desk[name], case)
        assert told["may"]["release"] is may, name
        assert told["proposed"]["barred"] == (None if may else "issued-by-party")
        assert told["proposed"]["yours"] is False
    with pytest.raises(CaseRefused) as refused:
        decisions.release(desk["head"], case)
    assert refused.value.code == "issued-by-party"
    assert decisions.release(desk["officer"], case)


def test_a_proposal_ends_with_its_token(node: Node, leaves: Iterator[bytes]) -> None:
    decisions, case = node.case_parts.decisions, accepted(node, next(leaves))
    first, chief = holder(node, "王五"), holder(node, "赵六")
    number = decisions.propose(first, case, grant())
    assert revoke_token(node.ctx.engine, first.id, now=node.ctx.clock.now())
    with pytest.raises(CaseRefused) as refused:
        decisions.release(chief, case, number)
    assert refused.value.code == "nothing-proposed"
    assert node.case_parts.views.show(chief, case)["proposed"] is None
    decisions.propose(holder(node, "周七"), case, grant())
    assert decisions.release(chief, case)


def test_a_proposal_lapses(
    node: Node, leaves: Iterator[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    decisions, case = node.case_parts.decisions, accepted(node, next(leaves))
    number = decisions.propose(of_authority(node, 1), case, grant())
    before, later = kept(node), node.ctx.clock.now() + timedelta(days=31)
    monkeypatch.setattr(Clock, "now", lambda _: later)
    with pytest.raises(CaseRefused) as refused:
        decisions.release(of_authority(node, 2), case, number)
    assert refused.value.code == "nothing-proposed"
    node.case_parts.waiting.tidy()
    assert kept(node) == before - 1, "its document is gone"
    with node.ctx.engine.connect() as connection:
        row = connection.execute(sa.select(proposals).where(proposals.c.id == number)).one()
    assert (row.state, row.content) == ("lapsed", b"")
    again = decisions.propose(of_authority(node, 1), case, grant())
    assert again != number
    assert decisions.release(of_authority(node, 2), case, again)


def test_what_was_released_is_shown_whatever_lapsed_since(
    node: Node, leaves: Iterator[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    parts, clerk, chief, leaf = node.case_parts, of_authority(node, 1), centre(3), next(leaves)
    parts.decisions.propose_own(clerk, leaf, wanted("shield", basis=5))
    parts.decisions.release_own(chief, leaf)
    shown = parts.views.of_record(clerk, leaf)
    assert [act["action"] for act in shown["acts"]] == ["shield"]
    number = parts.decisions.propose_own(clerk, leaf, wanted("end", basis=11))
    assert parts.views.of_record(clerk, leaf)["proposed"]["proposal"] == number
    later = node.ctx.clock.now() + timedelta(days=31)
    monkeypatch.setattr(Clock, "now", lambda _: later)
    again = parts.views.of_record(clerk, leaf)
    assert (again["proposed"], again["case"]) == (None, shown["case"])
    with pytest.raises(CaseRefused) as refused:
        parts.decisions.release_own(chief, leaf, number)
    assert refused.value.code == "nothing-proposed", "and not the one released before"


def test_what_is_replaced_leaves_no_documents(node: Node, leaves: Iterator[bytes]) -> None:
    decisions, case = node.case_parts.decisions, accepted(node, next(leaves))
    clerk = of_authority(node, 1)
    decisions.propose(clerk, case, grant(docs=(pdf("甲.pdf"), pdf("乙.pdf"))))
    before = kept(node)
    decisions.propose(clerk, case, grant(docs=(pdf("丙.pdf"),)))
    assert kept(node) == before - 1
    assert decisions.release(of_authority(node, 2), case)
    assert kept(node) == before - 1, "what was released keeps them"


def test_whoever_releases_reads_the_documents_first(node: Node, leaves: Iterator[bytes]) -> None:
    parts, case = node.case_parts, accepted(node, next(leaves))
    data = PDF + b"to be read"
    number = parts.decisions.propose(of_authority(node, 1), case, grant(docs=(pdf(data=data),)))
    chief = of_authority(node, 2)
    assert parts.views.proposed_document(chief, case, number, 0) == data
    for other, n in ((number + 1, 0), (number, 1)):
        with pytest.raises(CaseRefused) as refused:
            parts.views.proposed_document(chief, case, other, n)
        assert refused.value.code in ("case-moved", "not-found")
    stranger = holder_of_department(node)
    with pytest.raises(NotAllowed):
        parts.views.proposed_document(stranger, case, number, 0)
    parts.decisions.release(chief, case, number)
    with pytest.raises(CaseRefused) as refused:
        parts.views.proposed_document(chief, case, number, 0)
    assert refused.value.code == "case-moved", "it is a step now, for whoever may read that"


def holder_of_department(node: Node) -> Caller:
    """A token of a department without any authority."""
    token = new_token(node, *SCOPES, department="档案室", name="archive")
    found = node.holders.find(token)
    assert found is not None
    assert not found.authorities
    return found


def test_a_department_without_authorities_is_not_the_centre(
    node: Node, leaves: Iterator[bytes]
) -> None:
    parts, leaf, archive = node.case_parts, next(leaves), holder_of_department(node)
    case = accepted(node, leaf)
    for work in (
        lambda: parts.decisions.propose(archive, case, grant()),
        lambda: parts.decisions.propose_own(archive, leaf, wanted("end", basis=11)),
        lambda: parts.cases.step(archive, case, wanted("ask-supplement")),
        lambda: parts.decisions.release(archive, case),
        lambda: parts.views.show(archive, case),
    ):
        with pytest.raises(NotAllowed):
            work()
    assert parts.decisions.propose(centre(4), case, grant())
    mine = parts.cases.file(archive, filing(leaf, reason="窗口收件"))
    assert parts.views.show(archive, mine)["state"] == "filed", "its own desk's filing it sees"
