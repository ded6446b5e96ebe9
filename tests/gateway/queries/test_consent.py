"""With a firm's consent a bank is given more, and exactly what was consented to; without it, or
with another's, nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.accesses.models import accesses
from gateway.base.db import close_engine, open_engine
from gateway.operations.backup import backup, restore
from gateway.peers.errors import Refused
from gateway.queries import store
from gateway.queries.asking import Asking, Paper
from gateway.queries.interfaces import Wanted
from gateway.queries.records import SubjectRecords
from gateway.statements.models import statements
from ledger.core.bundle import parse_bundle
from ledger.core.canonical import encode
from ledger.core.opening import MAX_DEPTH, Opening
from ledger.files.asked import Asked, verify_answer
from tests.gateway.authorisations import desk
from tests.gateway.queries.bank import (
    FAMILY,
    bundle_of,
    firm,
    given_by,
    judged,
    of,
    send,
    token,
    use,
    verifier,
)
from tests.gateway.queries.conftest import BANK, BEIJING, CUSTODIAN, TIANJIN
from tests.support.peers import Network
from tests.support.postgres import database_url

OTHER_FAMILY = "contract-performance"
NUMBERS = count(220)


def consent(network: Network, code: str, **changes: Any) -> Opening:
    """The bank holds the consent of a firm to penalties in both provinces, before a loan."""
    return desk.granted(network, CUSTODIAN, subject=code, **changes)


def ask(network: Network, code: str, opening: Opening, **more: Any) -> Any:
    commitment = opening.statement.commitment.hex()
    return use(network, code, **({"authorisation": commitment} | more))


def refused(network: Network, code: str, opening: Opening, **more: Any) -> str:
    answer = ask(network, code, opening, **more)
    assert answer.status_code == 403, answer.text
    found: str = answer.json()["code"]
    return found


def reason(answer: Any, member: str) -> str:
    """Why a member is missing in a bundle."""
    return {one.member: one.reason for one in bundle_of(answer).missing}[member]


def stated(network: Network, member: str) -> int:
    """Statements of a member."""
    with network[member].node.ctx.engine.connect() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(statements)) or 0


def refusals(network: Network, member: str) -> Sequence[str]:
    """Codes of refusals in the access log of a member, the newest last."""
    refused = accesses.c.answer != "allowed"
    query = sa.select(accesses.c.answer).where(refused).order_by(accesses.c.id)
    with network[member].node.ctx.engine.connect() as connection:
        return list(connection.scalars(query))


def test_what_was_consented_to_is_given_and_nothing_else(network: Network) -> None:
    code = firm(201)
    public, minor = network[TIANJIN].file(of(code, 201), of(code, 202, "minor"))
    network[TIANJIN].file(of(firm(202), 203, "minor"))
    leaf = network[TIANJIN].leaf
    without = given_by(bundle_of(use(network, code)), TIANJIN)
    assert [one.leaf for one in without.answer.items] == [leaf(public)]
    opening = consent(network, code)
    answer = ask(network, code, opening)
    given = given_by(bundle_of(answer), TIANJIN)
    assert [one.leaf for one in given.answer.items] == [leaf(public), leaf(minor)]
    assert given.answer.authorisation == opening.statement.commitment
    assert judged(network, answer.content).problems == ()


def test_a_subject_is_followed_for_what_was_consented_to_alone(network: Network) -> None:
    """What the bank's own copy of the authorisation says is told at once; of one that it does not
    hold it is told by the first question."""
    code, bank = firm(203), network[BANK]
    opening = consent(network, code)
    commitment = opening.statement.commitment.hex()
    headers = token(bank)

    def follow(**changes: Any) -> Any:
        asked = {"code": code, "purpose": "pre-loan", "authorisation": commitment} | changes
        return send(bank, "POST", "/v1/watched-subjects", asked, **headers)

    def hook(**changes: Any) -> Any:
        asked = {"code": code, "purpose": "pre-loan", "authorisation": commitment} | changes
        value = {"url": "https://hooks.example/", "subject": asked}
        return send(bank, "POST", "/v1/webhooks", value, **headers)

    for way in (follow, hook):
        for changes, wrong in (
            ({"purpose": "post-loan"}, "authorisation-other-purpose"),
            ({"code": firm(204)}, "authorisation-other-subject"),
            ({"types": [OTHER_FAMILY]}, "type-out-of-scope"),
        ):
            answer = way(**changes)
            assert (answer.status_code, answer.json()["code"]) == (403, wrong)
    assert send(bank, "GET", "/v1/watched-subjects", **headers).json()["items"] == []
    assert send(bank, "GET", "/v1/webhooks", **headers).json()["items"] == []
    assert follow().status_code == follow(authorisation="ab" * 32).status_code == 201
    for one in send(bank, "GET", "/v1/watched-subjects", **headers).json()["items"]:
        path = f"/v1/watched-subjects/{one['subject']}"
        assert send(bank, "DELETE", path, **headers).status_code == 204


def test_an_answer_is_judged_with_the_paper_that_the_bank_holds(network: Network) -> None:
    """With the chain alone: the answer, what was asked, and the authorisation."""
    code = firm(230)
    network[TIANJIN].file(of(code, 230, "minor"))
    opening, other = consent(network, code), consent(network, code)
    given = given_by(bundle_of(ask(network, code, opening)), TIANJIN)
    data = encode(given.to_json(), allow_null=True, max_depth=MAX_DEPTH + 1)
    question = given.answer.question
    asked = Asked(
        asker=BANK,
        nonce=given.answer.nonce,
        subject=code,
        purpose=question.purpose,
        types=question.types,
        authorisation=opening.encode(),
    )
    with verifier(network) as chain:

        def codes(**changes: Any) -> Sequence[str]:
            found = verify_answer(chain, data, replace(asked, **changes))
            return [one.code for one in found.problems]

        assert codes() == []
        assert codes(asker=TIANJIN) == ["other-asker"]
        assert codes(nonce="A" * 22) == ["answer-replayed"]
        assert codes(types=(FAMILY, OTHER_FAMILY)) == ["other-question"]
        assert codes(authorisation=other.encode()) == ["authorisation-unknown"]
    desk.revoke(network[CUSTODIAN], opening.statement.commitment)
    with verifier(network) as chain:  # taken back since: it counted when it was answered
        assert codes() == []


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"purpose": "post-loan"}, "authorisation-other-purpose"),
        ({"types": (FAMILY, OTHER_FAMILY)}, "type-out-of-scope"),
        ({"types": (OTHER_FAMILY,)}, "type-out-of-scope"),
    ],
)
def test_beyond_what_was_consented_to_nothing_is_asked(
    network: Network, asked: dict[str, Any], code: str
) -> None:
    subject = firm(203)
    assert refused(network, subject, consent(network, subject), **asked) == code


def test_for_another_firm_nothing_is_asked(network: Network) -> None:
    opening = consent(network, firm(204))
    assert refused(network, firm(205), opening) == "authorisation-other-subject"


def test_one_that_is_over_is_told_as_such_when_its_promise_has_run_out_too(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not handed over anew then, and nothing is wrong with its name."""
    code, bank = firm(207), network[BANK].node
    today = bank.ctx.clock.today()
    short, long = consent(network, code, until=today), consent(network, code)

    def unknown(_: object) -> None:
        raise Refused("authorisation-unknown")

    monkeypatch.setattr(bank.authorisations.papers, "genuine", unknown)
    monkeypatch.setattr(type(bank.ctx.clock), "today", lambda _: today + timedelta(days=1))
    assert refused(network, code, short) == "authorisation-expired"
    assert refused(network, code, long) == "authorisation-unknown"


def test_what_is_over_or_not_yet_or_taken_back_counts_no_more(network: Network) -> None:
    code = firm(206)
    clock = network[BANK].node.ctx.clock
    later = consent(network, code, start=clock.today() + timedelta(days=2))
    assert refused(network, code, later) == "authorisation-expired"
    opening = consent(network, code)
    assert ask(network, code, opening).status_code == 200
    desk.revoke(network[CUSTODIAN], opening.statement.commitment)
    assert refused(network, code, opening) == "authorisation-revoked"


def test_a_province_of_which_it_does_not_speak_is_not_asked(network: Network) -> None:
    code = firm(207)
    network[TIANJIN].file(of(code, 207))
    before = stated(network, TIANJIN)
    answer = ask(network, code, consent(network, code, regions=(BEIJING,)))
    assert reason(answer, TIANJIN) == "out-of-region"
    assert bundle_of(answer).overall == "open"
    assert stated(network, TIANJIN) == before


def blind(monkeypatch: pytest.MonkeyPatch, opening: Opening) -> None:
    """The bank's own node looks at no authorisation: the provinces do."""

    def paper(self: Asking, wanted: Wanted) -> Paper:
        granted = self._papers.genuine(opening.to_json())
        return Paper(opening=opening, says=granted.authorisation)

    monkeypatch.setattr(Asking, "_paper", paper)


@pytest.mark.parametrize(
    ("changes", "asked", "code"),
    [
        ({}, {"purpose": "post-loan"}, "authorisation-other-purpose"),
        ({"subject": firm(209)}, {}, "authorisation-other-subject"),
        ({"types": (OTHER_FAMILY,)}, {}, "not-granted"),
    ],
)
def test_a_bank_that_does_not_care_is_refused_by_the_provinces(
    network: Network,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, Any],
    asked: dict[str, Any],
    code: str,
) -> None:
    subject = firm(208)
    network[TIANJIN].file(of(subject, next(NUMBERS), "minor"))
    opening = desk.granted(network, CUSTODIAN, **({"subject": subject} | changes))
    blind(monkeypatch, opening)
    before = stated(network, TIANJIN)
    answer = ask(network, subject, opening, **asked)
    assert reason(answer, TIANJIN) == code
    assert bundle_of(answer).answers == ()
    assert stated(network, TIANJIN) == before
    assert refusals(network, TIANJIN)[-1] == code


def test_taken_back_between_question_and_answer(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = firm(210)
    network[TIANJIN].file(of(code, 210, "minor"))
    opening = consent(network, code)
    honest = SubjectRecords.in_force

    def slow(self: SubjectRecords, *asked: Any) -> Any:
        found = honest(self, *asked)
        if self._ctx.settings.node.code == TIANJIN:
            desk.revoke(network[CUSTODIAN], opening.statement.commitment)
        return found

    monkeypatch.setattr(SubjectRecords, "in_force", slow)
    before = stated(network, TIANJIN)
    answer = ask(network, code, opening)
    assert reason(answer, TIANJIN) == "authorisation-revoked"
    assert stated(network, TIANJIN) == before


def test_what_was_asked_comes_back_with_a_backup(network: Network, tmp_path: Path) -> None:
    code = firm(211)
    made = ask(network, code, consent(network, code), matter="loan 9")
    node = network[BANK].node
    taken, folder = tmp_path / "backup", tmp_path / "again"
    backup(node.ctx.engine, taken, member=BANK, clock=node.ctx.clock)
    folder.mkdir()
    engine = open_engine(database_url(folder))
    restore(engine, taken, member=BANK)
    with engine.connect() as connection:
        row = store.row_of(connection, made.headers["credit-ledger-use"])
        assert row is not None
        kept = store.bundle_of(connection, node.vault, row)
        ((_, told),) = store.told_of(connection, node.vault, [row])
    close_engine(engine)
    assert parse_bundle(kept).subject == code
    assert told["matter"] == "loan 9"


def test_of_what_is_not_given_nothing_is_looked_up(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or the time that an answer takes would tell who has records that are not public."""
    code = firm(299)
    public, _ = network[TIANJIN].file(of(code, 298), of(code, 299, "minor"))
    looked: list[list[bytes]] = []
    ended = SubjectRecords._ended

    def seen(self: SubjectRecords, at: Any, ids: Any) -> Any:
        looked.append([bytes(one) for one in ids])
        return ended(self, at, ids)

    monkeypatch.setattr(SubjectRecords, "_ended", seen)
    bundle_of(use(network, code))
    assert looked.count([public]) == 1
    assert set().union(*looked) == {public}
