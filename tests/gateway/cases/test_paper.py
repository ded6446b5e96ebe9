"""The paper that a filer takes home."""

import re
import threading

import httpx
import pytest

from gateway.app import create_app
from gateway.base import printing
from gateway.cases.errors import CaseRefused
from gateway.cases.paper import PREFIX, Paper, draw
from gateway.cases.paper_words import NEXT, STATES, TITLES, next_of
from gateway.cases.papers import Papers
from gateway.node import Node
from ledger.core.case_chain import CaseState, Kind
from tests.gateway.cases.desk import (
    filing,
    of_authority,
    send_all,
    take_in,
    wanted,
)
from tests.gateway.erasures.desk import follow
from tests.gateway.intake.material import OF_BEIJING, bearer, new_token, number
from tests.support.anvil import Anvil
from tests.support.asgi import Client
from tests.support.callers import CENTRE


def papers(node: Node) -> Client:
    return Client(create_app(node))


def filled(node: Node) -> Papers:
    return Papers(node.ctx, node.case_parts.cases, node.case_parts.views)


def asked(node: Node, case: bytes, authority: str = OF_BEIJING) -> httpx.Response:
    token = new_token(node, "read", authorities=[authority], name=f"reader {case.hex()[:8]}")
    return papers(node).get(f"/v1/cases/{case.hex()}/receipt.pdf", headers=bearer(token))


def test_what_it_says(node: Node, anvil: Anvil) -> None:
    (leaf,) = take_in(node, anvil, 50)
    clerk = of_authority(node, 1)
    case = node.case_parts.cases.file(clerk, filing(leaf))
    paper = filled(node).paper(clerk, case)
    told = node.case_parts.views.show(clerk, case)
    assert (paper.kind, paper.state, paper.document) == ("repair", "filed", number(50))
    assert paper.deadline == told["stage"]["deadline"]
    assert paper.found_by == f"{PREFIX}{case.hex()}:{told['steps'][0]['commitment']}"
    assert paper.received == told["steps"][0]["day"]
    found = asked(node, case)
    assert (found.status_code, found.headers["content-type"]) == (200, "application/pdf")
    assert found.content == draw(paper), "the same facts, the same bytes"
    assert found.content.startswith(b"%PDF-") and len(found.content) < 100_000
    assert found.headers["cache-control"] == "no-store"


def test_who_waits_for_a_paper_is_told_when_too_many_do(
    node: Node, anvil: Anvil, monkeypatch: pytest.MonkeyPatch
) -> None:
    (leaf,) = take_in(node, anvil, 59)
    case = node.case_parts.cases.file(of_authority(node, 1), filing(leaf))
    monkeypatch.setattr(printing, "_WAITING", threading.BoundedSemaphore(1))
    assert asked(node, case).status_code == 200
    with printing._WAITING:
        refused = asked(node, case)
    assert (refused.status_code, refused.json()["code"]) == (503, "not-ready")
    assert "papers" in refused.text
    assert refused.headers["retry-after"] == "3"
    assert asked(node, case).status_code == 200, "its place is free again"


def test_no_content_of_a_closed_record(node: Node, anvil: Anvil) -> None:
    (leaf,) = take_in(node, anvil, 51)
    clerk, chief = of_authority(node, 1), of_authority(node, 2)
    parts = node.case_parts
    case = parts.cases.file(clerk, filing(leaf, "objection"))
    parts.decisions.propose(clerk, case, wanted("uphold", basis=7, withdraw=True))
    parts.decisions.release(chief, case)
    send_all(node, anvil)
    follow(node)
    assert filled(node).paper(clerk, case).document == number(51)
    paper = filled(node).paper(CENTRE, case)
    assert (paper.document, paper.state) == (None, "upheld")
    assert paper.deadline is None
    with pytest.raises(CaseRefused, match="not-found"):
        filled(node).paper(clerk, bytes(32))


def test_of_the_owners_own_decision_there_is_none(node: Node, anvil: Anvil) -> None:
    (leaf,) = take_in(node, anvil, 52)
    decisions = node.case_parts.decisions
    decisions.propose_own(of_authority(node, 1), leaf, wanted("shield", basis=5))
    decisions.release_own(of_authority(node, 2), leaf)
    shown = node.case_parts.views.of_record(of_authority(node, 1), leaf)
    assert asked(node, bytes.fromhex(shown["case"])).status_code == 404


@pytest.mark.parametrize("kind", list(TITLES))
@pytest.mark.parametrize("state", list(STATES))
def test_every_state_has_words(kind: str, state: str) -> None:
    assert all(next_of(kind, state))
    open_ = state in (CaseState.FILED, CaseState.ACCEPTED)
    assert ((kind, state) in NEXT) is open_


def test_it_is_one_page_with_its_font(node: Node) -> None:
    made = draw(
        Paper(
            case=bytes(32),
            commitment=bytes(range(32)),
            record=bytes(32),
            kind=Kind.OBJECTION,
            state=CaseState.FILED,
            document="样罚〔2026〕" + "长" * 180 + "号",
            received="2026-11-30",
            deadline="unknown",
            unit="某市某区" + "很长名称的" * 20 + "局",
            member="北京市信用中心",
            opened=1_800_000_000,
        )
    )
    assert len(re.findall(rb"/Type /Page\b", made)) == 1
    assert b"NotoSansSC" in made
