"""Authorisations, queries, uses and answers rebuilt from openings: each fault planted in a story
that is right without it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from ledger.audit.replay import Report
from ledger.chain.contracts.structs import PUBLIC
from ledger.chain.governing.actions import set_roles
from ledger.chain.visibility import widest_of_families
from ledger.core.ids import ProductId, sha256
from ledger.core.keys import Purpose, Role
from ledger.core.statement import Statement
from tests.audit.banker import AUDITOR, BANK, BEIJING, BUREAU, DAY, HOUR, TIANJIN, Banker
from tests.audit.conftest import Ledger
from tests.audit.desk import Desk
from tests.support.ledger import OTHER
from tests.support.products import Maker
from tests.support.revocations import take_back
from tests.support.votes import compromise, suspend

LATER = 73 * HOUR
MODEL = ProductId(sha256(b"a model"))


@pytest.fixture
def bank(ledger: Ledger, tmp_path: Path) -> Banker:
    return Banker(Desk(ledger, tmp_path))


def closed(bank: Banker, *papers: Path, after: int = LATER) -> Report:
    """The report once everything is batched, with what was handed over."""
    for member in list(bank.desk.waiting):
        bank.desk.batch(member)
    return bank.desk.report(bank.desk.answers(), *papers, after=after)


def told(report: Report) -> list[tuple[str, str, str]]:
    """Code, member, and in a word why."""
    return [
        (one["code"], one["member"], one["evidence"].get("why", ""))
        for one in report.document["findings"]
    ]


# ---- clean


def test_a_loan_from_authorisation_to_use(bank: Banker) -> None:
    paper = bank.authorise()
    answered = bank.answer(paper)
    Maker(bank.desk.ledger.network, BEIJING).register(MODEL)
    Maker(bank.desk.ledger.network, BEIJING).publish(MODEL, 1)
    bank.use(answered)
    bank.use(answered, product=MODEL)
    report = closed(bank, *bank.hand(answered))
    assert (told(report), report.exit) == ([], 0)
    assert report.document["finance"] == {
        "authorisations": 1,
        "revocations": 0,
        "queries": 1,
        "uses": 2,
        "answers": 1,
        "manifests": 0,
        "outcomes": 0,
        "sums": 0,
        "unseen": {},
        "products": [
            {
                "member": BEIJING,
                "product": MODEL.hex(),
                "kind": 1,
                "versions": 1,
                "retired": False,
            }
        ],
    }


def test_single_openings_accuse_nobody_of_what_they_do_not_hold(bank: Banker) -> None:
    """Neither the authorisation nor the answer, nor the query of what was used."""
    paper = bank.authorise()
    answered = bank.answer(paper, types=("licence",))
    use = bank.use(answered)
    for member in list(bank.desk.waiting):
        bank.desk.batch(member)
    desk = bank.desk
    alone = desk.report(*desk.keep(desk.promised(use)), after=LATER)
    assert (told(alone), alone.document["finance"]["unseen"]) == ([], {"answers": 1})
    both = desk.report(*desk.keep(desk.promised(use), desk.promised(answered.query)))
    assert told(both) == []
    assert both.document["finance"]["unseen"] == {"authorisations": 2}
    [jws] = [bank.put("answer.json", answered.jws.encode())]
    only = desk.report(jws)
    assert (told(only), only.document["finance"]["unseen"]) == ([], {"queries": 1})


@pytest.mark.parametrize(
    ("asker", "purpose"), [(BEIJING, "regulation"), (TIANJIN, "own"), (BEIJING, "bidding")]
)
def test_what_needs_no_authorisation(bank: Banker, asker: str, purpose: str) -> None:
    """A province for a purpose of government, and whoever asks itself, whatever the type."""
    answered = bank.answer(None, to=asker, types=("licence-internal",), purpose=purpose)
    assert told(closed(bank, *bank.hand(answered))) == []


# ---- without an authorisation in force


def restricted() -> str:
    """A family of which no record is public."""
    return min(name for name, least in widest_of_families().items() if least > PUBLIC)


def test_no_authorisation_at_all(bank: Banker) -> None:
    """Of a public family none is needed; of another one it is, and only the answer tells which."""
    open_, closed_ = bank.answer(None), bank.answer(None, types=(restricted(),))
    use = bank.use(closed_)
    assert use.iss == BANK
    report = closed(bank)
    assert told(report) == []
    report = bank.desk.report(bank.desk.answers(), *bank.hand(open_, closed_))
    assert told(report) == [
        ("query-without-authorisation", TIANJIN, "missing"),
        ("use-without-authorisation", BANK, "missing"),
    ]


def test_a_bank_for_a_purpose_of_government(bank: Banker) -> None:
    """It is for provinces alone that this needs no consent."""
    answered = bank.answer(None, types=(restricted(),), purpose="regulation")
    report = closed(bank, *bank.hand(answered))
    assert told(report) == [("query-without-authorisation", TIANJIN, "missing")]


def day(bank: Banker, days: int) -> date:
    return date.fromisoformat(bank.desk.today) + timedelta(days=days)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (lambda bank: {"subject": OTHER}, "other-subject"),
        (lambda bank: {"purpose": "guarantee"}, "other-purpose"),
        (lambda bank: {"grantee": "another"}, "other-grantee"),
        (lambda bank: {"regions": (BEIJING,)}, "other-region"),
        (lambda bank: {"types": ("licence",)}, "other-type"),
        (lambda bank: {"start": day(bank, -9), "until": day(bank, -3)}, "expired"),
        (lambda bank: {"start": day(bank, 3)}, "expired"),
        (lambda bank: {"custodian": BANK, "grantee": BANK}, "custodian"),
        (lambda bank: {"custodian": AUDITOR}, "custodian"),
        (lambda bank: {"custodian": BUREAU}, None),
        (lambda bank: {"custodian": BEIJING}, None),
    ],
)
def test_an_authorisation_that_does_not_cover_the_question(
    bank: Banker, changes: Callable[[Banker], dict[str, Any]], why: str | None
) -> None:
    answered = bank.answer(bank.authorise(**changes(bank)))
    bank.use(answered)
    found = told(closed(bank, *bank.hand(answered)))
    assert found == (
        []
        if why is None
        else [
            ("query-without-authorisation", TIANJIN, why),
            ("use-without-authorisation", BANK, why),
        ]
    )


@pytest.mark.parametrize("before", [True, False])
def test_an_authorisation_that_was_taken_back(bank: Banker, before: bool) -> None:
    """What was asked before, and used before, stays right."""
    paper = bank.authorise(BEIJING)
    if not before:
        bank.use(bank.answer(paper))
        bank.desk.wait(HOUR)
    take_back(bank.desk.ledger.network, BEIJING, paper.commitment)
    bank.desk.wait(HOUR)
    if before:
        bank.use(bank.answer(paper))
    found = told(closed(bank))
    assert [code for code, _, why in found if why == "revoked"] == (
        ["query-without-authorisation", "use-without-authorisation"] if before else []
    )
    assert len(found) == (2 if before else 0)


def test_a_use_after_it_was_taken_back(bank: Banker) -> None:
    paper = bank.authorise(BEIJING)
    answered = bank.answer(paper)
    bank.desk.wait(HOUR)
    take_back(bank.desk.ledger.network, BEIJING, paper.commitment)
    bank.desk.wait(HOUR)
    bank.use(answered)
    assert told(closed(bank)) == [("use-without-authorisation", BANK, "revoked")]


def test_an_authorisation_that_was_made_later(bank: Banker) -> None:
    """Its commitment was named before there was one."""
    paper = bank.authorise()
    bank.desk.waiting.pop(BUREAU)
    bank.desk.made.remove(paper)
    bank.answer(paper)
    bank.desk.wait(HOUR)
    later = Statement(
        sort="authorisation",
        at=bank.desk.now,
        iss=paper.iss,
        log=paper.log,
        salt=paper.salt,
        members=paper.members,
    )
    bank.desk.made.append(later)
    bank.desk.waiting[BUREAU] = [later]
    assert told(closed(bank)) == [("query-without-authorisation", TIANJIN, "unknown")]


def test_an_authorisation_that_says_it_is_of_tomorrow(bank: Banker) -> None:
    desk, today = bank.desk, bank.desk.now
    paper = bank.authorise()
    desk.made.remove(paper)
    moved = Statement(
        sort="authorisation",
        at=today + DAY,
        iss=BUREAU,
        log=paper.log,
        salt=paper.salt,
        members=paper.members,
    )
    desk.made.append(moved)
    desk.waiting[BUREAU] = [moved]
    bank.answer(moved)
    assert told(closed(bank)) == [("query-without-authorisation", TIANJIN, "later")]


def test_an_authorisation_that_nobody_made(bank: Banker) -> None:
    """Known only where every statement was opened, and once it had to be in a log."""
    bank.answer(sha256(b"nothing"))
    assert told(closed(bank, after=0)) == []
    report = bank.desk.report(bank.desk.answers(), after=LATER)
    assert told(report) == [("query-without-authorisation", TIANJIN, "unknown")]


def test_an_authorisation_that_is_another_statement(bank: Banker) -> None:
    other = bank.answer(bank.authorise())
    bank.answer(other.query)
    assert told(closed(bank)) == [("query-without-authorisation", TIANJIN, "unknown")]


def test_an_asker_that_was_suspended(bank: Banker) -> None:
    paper = bank.authorise()
    bank.answer(paper)
    bank.desk.wait(HOUR)
    suspend(bank.desk.ledger.network, BANK)
    bank.desk.wait(HOUR)
    for member in list(bank.desk.waiting):
        bank.desk.batch(member)
    assert told(bank.desk.report()) == []
    bank.answer(paper)
    assert told(closed(bank)) == [("query-without-authorisation", TIANJIN, "asker")]


def test_roles_of_the_time_of_the_question(bank: Banker) -> None:
    """A province that is none any more: what it asked is judged by what it was then."""
    terms: dict[str, Any] = {"types": (restricted(),), "purpose": "regulation", "to": "140000"}
    before = bank.answer(None, **terms)
    bank.desk.wait(HOUR)
    bank.desk.ledger.network.decide(set_roles("140000", Role.BUREAU))
    bank.desk.wait(HOUR)
    after = bank.answer(None, **terms)
    report = closed(bank, *bank.hand(before, after))
    assert told(report) == [("query-without-authorisation", TIANJIN, "missing")]
    where = f"opening/{after.query.commitment.hex()}"
    assert report.document["findings"][0]["where"] == where


# ---- uses


@pytest.mark.parametrize("opened", [True, False])
def test_a_use_of_an_answer_that_nobody_gave(bank: Banker, opened: bool) -> None:
    """Where a statement was not opened, it may have been that one."""
    other = bank.answer(bank.authorise())
    bank.use(sha256(b"nothing"))
    if not opened:
        bank.desk.unanswered.add(other.query.commitment)
    expected = [
        ("use-without-answer", BANK, "never-given"),
        ("statement-unopened", TIANJIN, ""),
    ]
    assert told(closed(bank)) == expected[:1] if opened else expected[1:]


def test_a_use_of_what_another_was_given(bank: Banker) -> None:
    bank.use(bank.answer(bank.authorise()), by=BUREAU)
    assert told(closed(bank)) == [("use-without-answer", BUREAU, "other-asker")]


def test_a_use_before_the_answer(bank: Banker) -> None:
    desk = bank.desk
    answered = bank.answer(bank.authorise())
    use = Statement(
        sort="use",
        at=desk.now - HOUR,
        iss=BANK,
        log=desk.log(BANK).log_id,
        salt=desk.salt(),
        members=bank.use(answered).members,
    )
    desk.made.append(use)
    desk.waiting[BANK].append(use)
    assert told(closed(bank)) == [("use-without-answer", BANK, "later")]


def test_a_use_for_something_else(bank: Banker) -> None:
    bank.use(bank.answer(bank.authorise()), purpose="post-loan")
    assert told(closed(bank)) == [("use-without-authorisation", BANK, "other-purpose")]


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda maker: None, "unknown"),
        (lambda maker: maker.register(MODEL), "not-published"),
        (
            lambda maker: [maker.register(MODEL), maker.publish(MODEL, 1), maker.retire(MODEL)],
            "retired",
        ),
        (lambda maker: [maker.register(MODEL), maker.publish(MODEL, 1)], None),
    ],
)
def test_a_use_in_a_product(bank: Banker, make: Callable[[Maker], Any], why: str | None) -> None:
    make(Maker(bank.desk.ledger.network, BEIJING))
    bank.desk.wait(HOUR)
    bank.use(bank.answer(bank.authorise()), product=MODEL)
    expected = [] if why is None else [("use-of-no-product", BANK, why)]
    assert told(closed(bank)) == expected


# ---- answers


def test_an_answer_whose_query_is_in_no_log(bank: Banker) -> None:
    """By its promise it is that member's, who breaks it."""
    paper = bank.authorise()
    answered = bank.answer(paper, silent=True)
    papers = bank.hand(answered)
    assert told(closed(bank, *papers, after=0)) == []
    report = bank.desk.report(bank.desk.answers(), *papers, after=LATER)
    assert told(report) == [
        ("answer-without-query", TIANJIN, "not-anchored"),
        ("promise-broken", TIANJIN, ""),
    ]


def test_an_answer_without_any_query(bank: Banker) -> None:
    """The signed answer alone: nothing in the log states it."""
    answered = bank.answer(bank.authorise(), silent=True)
    bank.desk.batch(TIANJIN)
    path = bank.put("answer.json", answered.jws.encode())
    assert told(closed(bank, path)) == [("answer-without-query", TIANJIN, "not-stated")]


def test_an_answer_whose_query_has_another_digest(bank: Banker) -> None:
    answered = bank.answer(bank.authorise(), stated={"answer": sha256(b"another")})
    report = closed(bank, *bank.hand(answered))
    assert told(report) == [("answer-differs-from-query", TIANJIN, "answer")]


@pytest.mark.parametrize(
    ("stated", "what"),
    [
        ({"items": 3}, "items"),
        ({"asker": BUREAU}, "asker"),
        ({"subject": OTHER}, "subject"),
        ({"purpose": "own"}, "purpose"),
        ({"authorisation": None}, "authorisation"),
    ],
)
def test_an_answer_that_says_something_else(
    bank: Banker, stated: dict[str, Any], what: str
) -> None:
    answered = bank.answer(bank.authorise(), stated=stated)
    found = told(closed(bank, *bank.hand(answered)))
    assert ("answer-differs-from-query", TIANJIN, what) in found


def test_a_query_that_was_anchored_after_its_promise(bank: Banker) -> None:
    answered = bank.answer(bank.authorise())
    bank.desk.batch(BUREAU)
    bank.desk.wait(2 * HOUR)
    opening = bank.desk.promised(answered.query, due=answered.query.at + HOUR)
    bank.desk.batch(TIANJIN)
    report = bank.desk.report(*bank.desk.keep(opening))
    assert told(report) == [("query-after-promise", TIANJIN, "")]
    kept = bank.desk.promised(answered.query, due=answered.query.at + 9 * HOUR)
    assert told(bank.desk.report(*bank.desk.keep(kept))) == []


def test_a_promise_of_somebody_else_binds_nobody(bank: Banker) -> None:
    answered = bank.answer(bank.authorise())
    bank.desk.batch(BUREAU)
    bank.desk.wait(2 * HOUR)
    key = bank.desk.ledger.network.keys[BANK, Purpose.ANCHOR]
    opening = bank.desk.promised(answered.query, due=answered.query.at + HOUR, signer=key)
    bank.desk.batch(TIANJIN)
    assert told(bank.desk.report(*bank.desk.keep(opening))) == []


@pytest.mark.parametrize("what", ["signature", "key", "stolen", "form", "opening"])
def test_papers_that_are_none(bank: Banker, what: str) -> None:
    """They say nothing against anybody."""
    network = bank.desk.ledger.network
    answered = bank.answer(bank.authorise())
    data = bank.hand(answered)[0].read_bytes()
    if what == "signature":
        data = data.replace(answered.jws[-20:-4].encode(), b"A" * 16)
    elif what == "key":
        data = bank.answer(None, silent=True, signer=BEIJING).jws.encode()
    elif what == "stolen":
        compromise(network, network.keys[TIANJIN, Purpose.PRESENT].key_id, answered.answer.at - 1)
    elif what == "form":
        data = data.replace(b'"receipts":[]', b'"receipts":7')
    else:
        data = data.replace(b'"index":0', b'"index":1')
    path = bank.put("paper.json", data)
    assert [one[:2] for one in told(closed(bank, path))] == [("answer-false", "")]


def test_an_answer_of_a_later_version(bank: Banker) -> None:
    path = bank.put("bundle.json", b'{"_type":"credit-ledger/bundle@9"}')
    report = closed(bank, path)
    assert told(report) == []
    assert [gap["code"] for gap in report.document["incomplete"]] == ["paper-version-unknown"]
    assert report.exit == 4
