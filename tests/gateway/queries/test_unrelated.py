"""What others report counts where it rests on an answer that they were given, and once; what rests
on none is kept apart with the reason."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from gateway.base.settings import QuerySettings
from gateway.peers.outbox import listed
from gateway.queries.inboxes import REASONS
from gateway.statements.interfaces import Said
from ledger.core.ids import Digest, sha256
from ledger.core.query import Use
from ledger.core.reports import Feedback
from ledger.records.rules import newest
from tests.gateway.queries.bank import bundle_of, firm, given_by, of, send, token, use
from tests.gateway.queries.conftest import BANK, BEIJING, TIANJIN
from tests.support.peers import Member, Network

MEASURE = newest().tables.measures[0].name["zh"]


def told(member: Member, to: Member, sort: str, said: Any) -> None:
    """A statement of a member, handed to another."""
    [opening] = member.node.statements.issue([Said(sort=sort, members=said.members())])
    assert member.node.peers.asking.send(to.code, opening.encode())


def used(answer: bytes, decision: str = "approved", purpose: str = "pre-loan") -> Use:
    return Use(answer=Digest(answer), decision=decision, product=None, purpose=purpose)


def done(member: Member, query: bytes) -> Feedback:
    day = member.node.ctx.clock.today()
    return Feedback(day=day, matter="m", measure=MEASURE, query=Digest(query), result="")


class Usage:
    """What a member is told of what others did, since it was made."""

    def __init__(self, member: Member) -> None:
        self._member = member
        self._before = self._all()

    def new(self, what: str) -> dict[tuple[str, ...], int]:
        """How many more there are now, by all that names them."""
        before, now = self._before[what], self._all()[what]
        return {key: n - before.get(key, 0) for key, n in now.items() if n != before.get(key, 0)}

    def _all(self) -> dict[str, dict[tuple[str, ...], int]]:
        headers = token(self._member, department=None)
        days = "?first=2026-01-01&last=2099-12-31"
        answer = send(self._member, "GET", f"/v1/usage{days}", **headers)
        assert answer.status_code == 200, answer.text
        return {
            what: {
                tuple(value for value in one.values() if isinstance(value, str)): next(
                    value for value in one.values() if isinstance(value, int)
                )
                for one in rows
            }
            for what, rows in answer.json().items()
        }


def test_a_use_counts_where_that_answer_was_given(network: Network) -> None:
    bank, beijing, tianjin, code = (network[BANK], network[BEIJING], network[TIANJIN], firm(651))
    given = given_by(bundle_of(use(network, code)), TIANJIN)
    answer, usage = sha256(given.jws.text.encode()), Usage(tianjin)
    told(bank, tianjin, "use", used(answer, "none"))
    assert usage.new("uses") == {(BANK, "pre-loan", "none"): 1}
    told(bank, tianjin, "use", used(answer))
    told(bank, tianjin, "use", used(answer))
    told(bank, tianjin, "use", used(answer, "none"))
    assert usage.new("uses") == {(BANK, "pre-loan", "approved"): 1}, "each answer once"
    assert usage.new("unrelated") == {}
    told(bank, tianjin, "use", used(hashlib.sha256(b"made up").digest()))
    told(bank, tianjin, "use", used(answer, purpose="guarantee"))
    told(beijing, tianjin, "use", used(answer))  # that another was given
    assert usage.new("uses") == {(BANK, "pre-loan", "approved"): 1}
    assert usage.new("unrelated") == {
        (BANK, "answer-unknown", "use"): 1,
        (BANK, "purpose-differs", "use"): 1,
        (BEIJING, "answer-unknown", "use"): 1,
    }


def test_feedback_counts_where_that_query_was_stated(network: Network) -> None:
    bank, beijing, tianjin, code = (network[BANK], network[BEIJING], network[TIANJIN], firm(652))
    query = given_by(bundle_of(use(network, code)), TIANJIN).opening.statement.commitment
    usage = Usage(tianjin)
    told(bank, tianjin, "feedback", done(bank, query))
    told(bank, tianjin, "feedback", done(bank, query))
    assert usage.new("measures") == {(BANK, MEASURE): 1}, "one measure about one answer once"
    told(beijing, tianjin, "feedback", done(beijing, query))
    told(bank, tianjin, "feedback", done(bank, hashlib.sha256(b"made up").digest()))
    assert usage.new("measures") == {(BANK, MEASURE): 1}
    assert usage.new("unrelated") == {
        (BEIJING, "query-unknown", "feedback"): 1,
        (BANK, "query-unknown", "feedback"): 1,
    }


def test_the_reason_is_told_in_both_languages(network: Network) -> None:
    bank, tianjin = network[BANK], network[TIANJIN]
    told(bank, tianjin, "use", used(hashlib.sha256(b"another").digest()))
    days = "?first=2026-01-01&last=2099-12-31"
    answer = send(tianjin, "GET", f"/v1/usage{days}", **token(tianjin, department=None))
    texts = [one["text"] for one in answer.json()["unrelated"] if one["code"] == "answer-unknown"]
    assert texts and all(one == REASONS["answer-unknown"] for one in texts)


# ---- how often


@contextmanager
def bound(member: Member, most: int) -> Iterator[None]:
    settings = member.node.ctx.settings
    changed = settings.model_copy(update={"queries": QuerySettings(changes=most)})
    member.node.ctx.settings = changed
    yield
    member.node.ctx.settings = settings


def test_a_decision_changes_so_often_and_no_more(network: Network) -> None:
    bank, clerk = network[BANK], token(network[BANK])
    name = use(network, firm(653), headers=clerk).headers["credit-ledger-use"]

    def decide(decision: str) -> Any:
        path = f"/v1/uses/{name}/decision"
        return send(bank, "POST", path, {"decision": decision}, **clerk)

    def statements() -> int:
        with bank.node.ctx.engine.connect() as connection:
            return len(listed(connection))

    with bound(bank, 2):
        for decision in ("approved", "declined", "declined"):
            assert decide(decision).status_code == 200
        before = statements()
        for _ in range(2):
            answer = decide("approved")
            problem = answer.json()
            assert (answer.status_code, problem["code"]) == (409, "too-many-changes")
            assert (problem["field"], problem["most"]) == ("decision", 2)
            assert "changes" in problem["text"]["zh"] and "changes" in problem["text"]["en"]
        assert statements() == before
        assert decide("declined").status_code == 200, "what is stated already is no change"
    assert decide("approved").status_code == 200, "the operator has raised it"


@pytest.mark.parametrize("at_once", [True, False])
def test_measures_are_stated_so_often_and_no_more(network: Network, at_once: bool) -> None:
    bank, clerk = network[BANK], token(network[BANK])
    code = firm(654 + at_once)
    network[TIANJIN].file(of(code, 780 + at_once))
    query = given_by(bundle_of(use(network, code, headers=clerk)), TIANJIN)
    day = bank.node.ctx.clock.today().isoformat()
    named = query.opening.statement.commitment.hex()
    row = {"day": day, "measure": MEASURE, "result": "", "query": named}
    asked = [row | {"matter": f"m{n}"} for n in range(3)]  # the same again would be no change
    with bound(bank, 2):
        found = []
        for rows in [asked] if at_once else [[one] for one in asked]:
            answer = send(bank, "POST", "/v1/feedback", {"rows": rows}, **clerk)
            found += answer.json()["rows"]
    assert [bool(one["statement"]) for one in found] == [True, True, False]
    (error,) = found[2]["errors"]
    assert (error["field"], error["code"]) == ("query", "too-many-changes")
