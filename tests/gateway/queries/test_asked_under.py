"""A firm is told by the desk that keeps its consent who asked under it, and nobody else is."""

from __future__ import annotations

import json
from threading import Event
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.accesses.models import accesses
from gateway.queries import store
from gateway.queries.models import answered_queries
from ledger.cli.main import run
from ledger.core.opening import Opening
from ledger.core.query import Use
from tests.gateway.abroad.desk import deliver
from tests.gateway.authorisations import desk
from tests.gateway.intake.material import new_token
from tests.gateway.queries.bank import FAMILY, firm, of, send, token, use
from tests.gateway.queries.conftest import BANK, CUSTODIAN, TIANJIN
from tests.support.peers import Network

PATH = "/v1/authorisations"


def ask(network: Network, code: str, opening: Opening | None, **more: Any) -> str:
    """The number under which the bank keeps a question about a firm."""
    if opening is not None:
        more["authorisation"] = opening.statement.commitment.hex()
    answer = use(network, code, headers=token(network[BANK], name="bank"), **more)
    assert answer.status_code == 200, answer.text
    return str(answer.headers["credit-ledger-use"])


def name_of(opening: Opening) -> str:
    return opening.statement.commitment.hex()


def shown(network: Network, name: str, *, at: str = CUSTODIAN, query: str = "", **who: Any) -> Any:
    """The answer of a node to its clerk."""
    wanted = {"department": None} | who
    headers = token(network[at], *wanted.pop("scopes", ("consent",)), **wanted)
    return send(network[at], "GET", f"{PATH}/{name}/queries{query}", **headers)


def items(network: Network, opening: Opening, **more: Any) -> list[dict[str, Any]]:
    answer = shown(network, name_of(opening), **more)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def report(network: Network, use_id: str, decision: str) -> None:
    """The bank states what came of a question, and the custodian takes it in."""
    path = f"/v1/uses/{use_id}/decision"
    headers = token(network[BANK], name="centre", department=None)
    answer = send(network[BANK], "POST", path, {"decision": decision}, **headers)
    assert answer.status_code == 200, answer.text
    take_in(network)


def take_in(network: Network) -> None:
    deliver(network[BANK], CUSTODIAN)
    network[CUSTODIAN].node.peers.messages.hand_on(Event())


def test_who_asked_when_for_what_and_what_came_of_it(network: Network) -> None:
    code = firm(401)
    network[CUSTODIAN].file(of(code, 401), of(code, 402, "minor"))
    opening = desk.granted(network, CUSTODIAN, subject=code)
    assert items(network, opening) == []
    asked = ask(network, code, opening)
    answer = shown(network, name_of(opening))
    assert {key: answer.json()[key] for key in ("authorisation", "custodian", "grantee")} == {
        **{"authorisation": name_of(opening), "custodian": CUSTODIAN, "grantee": BANK},
    }
    assert answer.headers["cache-control"] == "no-store"
    (one,) = answer.json()["items"]
    assert len(one.pop("query")) == 64 and one.pop("at").endswith("Z")
    assert one == {
        **{"member": BANK, "day": network[CUSTODIAN].node.ctx.clock.today().isoformat()},
        **{"purpose": "pre-loan", "types": [FAMILY], "records": 2, "use": None},
    }
    take_in(network)
    (one,) = items(network, opening)
    assert one["use"]["decision"] == "none"
    report(network, asked, "declined")
    (one,) = items(network, opening)
    assert one["use"]["decision"] == "declined" and one["use"]["at"].endswith("Z")
    assert code not in json.dumps(answer.json()), "nor is its code anywhere"


def test_only_what_was_answered_under_it(network: Network) -> None:
    code = firm(402)
    opening = desk.granted(network, CUSTODIAN, subject=code)
    other = desk.granted(network, CUSTODIAN, subject=code)
    ask(network, code, None)  # what is public needs none
    refused = use(network, code, authorisation=name_of(opening), purpose="post-loan")
    assert refused.status_code == 403
    ask(network, code, other)
    assert items(network, opening) == []
    assert [one["member"] for one in items(network, other)] == [BANK]


def test_after_it_was_taken_back(network: Network) -> None:
    """What was asked before is still told."""
    code = firm(403)
    opening = desk.granted(network, CUSTODIAN, subject=code)
    ask(network, code, opening)
    desk.revoke(network[CUSTODIAN], opening.statement.commitment)
    assert len(items(network, opening)) == 1


def test_page_by_page(network: Network) -> None:
    code = firm(404)
    opening = desk.granted(network, CUSTODIAN, subject=code)
    for _ in range(3):
        ask(network, code, opening)
    every = [one["query"] for one in items(network, opening)]
    first = shown(network, name_of(opening), query="?limit=2").json()
    rest = shown(network, name_of(opening), query=f"?limit=2&before={first['next']}").json()
    assert [one["query"] for one in first["items"] + rest["items"]] == every
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (2, 1, None)
    for wrong in ("?limit=0", "?limit=101", "?before=0", "?before=x"):
        assert shown(network, name_of(opening), query=wrong).status_code == 422


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ({}, 200),
        ({"department": "信用办"}, 404),
        ({"scopes": ("read", "submit", "product")}, 403),
    ],
)
def test_whoever_may_see_the_authorisation(
    network: Network, who: dict[str, Any], status: int
) -> None:
    opening = desk.granted(network, CUSTODIAN, subject=firm(405))
    assert shown(network, name_of(opening), **who).status_code == status


def test_what_is_not_there(network: Network) -> None:
    opening = desk.granted(network, CUSTODIAN, subject=firm(406))
    for name in ("00" * 32, "zz", name_of(opening)[:-2]):
        assert shown(network, name).status_code == 404
    told = shown(network, name_of(opening), at=TIANJIN)
    assert told.status_code == 404, "it keeps none"
    for language in ("zh", "en"):
        assert "accesses list" in told.json()["text"][language]
    strange = shown(network, name_of(opening), department="信用办")
    assert strange.json()["text"] == told.json()["text"], "as of what there is not"


def test_at_the_grantee_it_is_what_that_node_answered(network: Network) -> None:
    code = firm(407)
    opening = desk.granted(network, CUSTODIAN, subject=code)
    ask(network, code, opening)
    assert items(network, opening, at=BANK) == []


def test_it_is_logged(network: Network) -> None:
    opening = desk.granted(network, CUSTODIAN, subject=firm(408))
    items(network, opening)
    named = accesses.c.record == bytes(opening.statement.commitment)
    query = sa.select(accesses.c.purpose, accesses.c.answer).where(named)
    with network[CUSTODIAN].node.ctx.engine.connect() as connection:
        lines = connection.execute(query.order_by(accesses.c.id.desc())).all()
    assert tuple(lines[0]) == ("see-authorisation", "allowed")


def test_nothing_of_the_subject_stands_open(network: Network) -> None:
    code = firm(409)
    ask(network, code, desk.granted(network, CUSTODIAN, subject=code))
    with network[CUSTODIAN].node.ctx.engine.connect() as connection:
        rows = connection.execute(sa.select(answered_queries)).all()
    assert rows and code not in repr(rows)


def test_a_decision_counts_more_than_what_came_later_without_one(network: Network) -> None:
    """And what another member reports of the same answer is not this one's."""
    answer = b"a" * 32
    with network[CUSTODIAN].node.ctx.engine.connect() as connection, connection.begin() as held:
        for n, (member, at, decision) in enumerate(
            ((BANK, 3, "none"), (BANK, 1, "declined"), (BANK, 2, "approved"), (TIANJIN, 9, "none"))
        ):
            said = Use(answer=answer, decision=decision, product=None, purpose="pre-loan")  # type: ignore[arg-type]
            commitment = bytes([n]) * 32
            store.report(connection, commitment=commitment, member=member, at=at, use=said)
        found = store.uses_of(connection, [answer])
        held.rollback()
    assert {member: row.decision for (member, _), row in found.items()} == {
        **{BANK: "approved", TIANJIN: "none"},
    }


@pytest.mark.parametrize(("language", "words"), [("zh", "贷前"), ("en", "before a loan")])
def test_the_command(
    network: Network,
    monkeypatch: pytest.MonkeyPatch,
    capsysbinary: pytest.CaptureFixture[bytes],
    language: str,
    words: str,
) -> None:
    monkeypatch.setenv("CREDIT_LEDGER_LANG", language)
    custodian, code = network[CUSTODIAN], firm(410 + len(language + words))
    opening = desk.granted(network, CUSTODIAN, subject=code)
    for _ in range(2):
        ask(network, code, opening)
    at = ["--to", custodian.url, "--token", new_token(custodian.node, "consent", department=None)]
    assert run(["auth", "queries", name_of(opening), *at]) == 0
    out = capsysbinary.readouterr().out.decode()
    assert (out.count(words), out.count(BANK)) == (2, 2)
    assert run(["auth", "queries", name_of(opening), "--limit", "1", "--json", *at]) == 0
    told = json.loads(capsysbinary.readouterr().out)
    assert (len(told["queries"]), told["more"], told["grantee"]) == (1, True, BANK)
    assert run(["auth", "queries", "00" * 32, *at]) == 1
