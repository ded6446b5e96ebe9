"""What finance says: authorisations, queries, uses, reports, outcomes, feedback; what is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given

from ledger.core import authorisation, query, reports
from ledger.core.authorisation import Authorisation, fault_of
from ledger.core.docs import Doc
from ledger.core.errors import Malformed
from ledger.core.ids import Digest, LogId
from ledger.core.query import Query, Use
from ledger.core.reports import Feedback, Outcome, SpecialReport
from ledger.core.statement import MAX_STATEMENT, SORTS, Statement, parse_statement
from tests.core.material import fuzz, refuses
from tests.core.statements import SAID, authorisations

ANSWER = Digest(b"\x07" * 32)
SUBJECT = "911300007W0LM5R39F"
PAPER = Doc(name="授权书.pdf", salt=bytes(32), sha256=b"\x01" * 32, size=9)
DAY = date(2026, 11, 20)
CONSENT = Authorisation(
    subject=SUBJECT,
    grantee="demo-bank",
    purpose="pre-loan",
    types=("licence", "penalty"),
    regions=("120000", "130000"),
    start=DAY,
    until=DAY + timedelta(days=30),
    docs=(PAPER,),
)
MADE: Mapping[str, Any] = {
    "authorisation": CONSENT,
    "query": Query(
        answer=ANSWER,
        asker="demo-bank",
        authorisation=ANSWER,
        items=3,
        purpose="pre-loan",
        subject=SUBJECT,
    ),
    "use": Use(answer=ANSWER, decision="declined", product=ANSWER, purpose="guarantee"),
    "report": SpecialReport(content=ANSWER, start=DAY, end=DAY, subject=SUBJECT, until=DAY),
    "outcome": Outcome(
        granted="1200.5",
        households=17,
        lent="0",
        period="2026-11",
        product=ANSWER,
        region="140000",
        seq=1,
        version=4,
    ),
    "feedback": Feedback(
        day=DAY, matter="招标〔2026〕7号", measure="限制市场或行业准入", query=ANSWER, result=""
    ),
}
READ: Mapping[str, Any] = {
    "authorisation": authorisation.from_members,
    "query": query.query_from_members,
    "use": query.use_from_members,
    "report": reports.report_from_members,
    "outcome": reports.outcome_from_members,
    "feedback": reports.feedback_from_members,
}


def said(sort: str, members: Mapping[str, Any]) -> Statement:
    log, salt = LogId(b"\x04" * 32), bytes(32)
    return Statement(sort=sort, at=0, iss="110000", log=log, salt=salt, members=members)


def test_every_sort_is_here() -> None:
    assert {*MADE, "case", "dummy"} == SORTS == {*SAID, "dummy"}


@pytest.mark.parametrize("sort", MADE)
def test_what_is_said_is_read_as_it_was(sort: str) -> None:
    data = said(sort, MADE[sort].members()).encode()
    assert READ[sort](parse_statement(data).members) == MADE[sort]


@pytest.mark.parametrize("sort", MADE)
def test_every_member_must_be_there_and_no_other(sort: str) -> None:
    members = MADE[sort].members()
    for name in members:
        less = {key: value for key, value in members.items() if key != name}
        assert refuses(Malformed, said, sort, less), name
        assert refuses(Malformed, said, sort, {**members, name: 1.5}), name
    assert refuses(Malformed, said, sort, {**members, "more": 1})


@pytest.mark.parametrize(
    ("sort", "change"),
    [
        ("authorisation", {"docs": []}),
        ("authorisation", {"docs": [PAPER.to_json()] * 17}),
        ("authorisation", {"from": "2026-12-21"}),
        ("authorisation", {"from": "20261120"}),
        ("authorisation", {"grantee": ""}),
        ("authorisation", {"grantee": "银行"}),
        ("authorisation", {"purpose": "loan"}),
        ("authorisation", {"regions": []}),
        ("authorisation", {"regions": "120000"}),
        ("authorisation", {"regions": ["130000", "120000"]}),
        ("authorisation", {"regions": ["120000", "120000"]}),
        ("authorisation", {"regions": ["12"]}),
        ("authorisation", {"regions": [120000]}),
        ("authorisation", {"subject": "911300007w0lm5r39f"}),
        ("authorisation", {"types": []}),
        ("authorisation", {"types": ["Penalty"]}),
        ("authorisation", {"types": [f"t{n:03}" for n in range(65)]}),
        ("authorisation", {"until": "2026-11-19"}),
        ("query", {"answer": "00"}),
        ("query", {"answer": None}),
        ("query", {"asker": "a b"}),
        ("query", {"items": -1}),
        ("query", {"items": True}),
        ("query", {"purpose": None}),
        ("query", {"subject": "1"}),
        ("use", {"decision": "maybe"}),
        ("use", {"product": "x"}),
        ("use", {"purpose": ""}),
        ("report", {"period": []}),
        ("report", {"period": {"from": "2026-11-20"}}),
        ("report", {"period": {"from": "2026-11-20", "to": "2026-11-19"}}),
        ("report", {"until": "2026"}),
        ("outcome", {"granted": "1200.50"}),
        ("outcome", {"granted": "01"}),
        ("outcome", {"granted": "-1"}),
        ("outcome", {"granted": "1e3"}),
        ("outcome", {"granted": ".5"}),
        ("outcome", {"lent": "0.00001"}),
        ("outcome", {"lent": 7}),
        ("outcome", {"period": "2026-13"}),
        ("outcome", {"region": "tj"}),
        ("outcome", {"seq": 0}),
        ("outcome", {"version": 2**32}),
        ("feedback", {"matter": ""}),
        ("feedback", {"matter": "长" * 201}),
        ("feedback", {"measure": ""}),
        ("feedback", {"measure": "x" * 201}),
        ("feedback", {"result": "长" * 2_001}),
    ],
    ids=str,
)
def test_what_is_none(sort: str, change: dict[str, Any]) -> None:
    assert refuses(Malformed, said, sort, MADE[sort].members() | change)


def test_null_where_it_may_stand() -> None:
    for sort, name in (("query", "authorisation"), ("use", "product"), ("outcome", "product")):
        members = MADE[sort].members() | {name: None}
        assert READ[sort](members).members() == members


def test_the_longest_of_each_is_no_longer_than_a_statement_may_be() -> None:
    paper = Doc(name="\x01" * 200, salt=bytes(32), sha256=bytes(32), size=2**53 - 1)
    longest = replace(
        CONSENT,
        docs=(paper,) * 16,
        grantee="a" * 32,
        types=tuple(f"{n:032}".replace("0", "t", 1) for n in range(64)),
        regions=tuple(f"{n:06}" for n in range(64)),
    )
    for sort, made in {**MADE, "authorisation": longest}.items():
        assert len(said(sort, made.members()).encode()) < MAX_STATEMENT / 2
    told = replace(MADE["feedback"], matter="\x01" * 200, result="\x01" * 2_000)
    assert len(said("feedback", told.members()).encode()) < MAX_STATEMENT / 2


# ---- what an authorisation covers


def fault(given_: Authorisation = CONSENT, **changes: Any) -> str | None:
    asked: dict[str, Any] = {
        "grantee": "demo-bank",
        "subject": SUBJECT,
        "purpose": "pre-loan",
        "region": "120000",
        "types": ("penalty",),
        "on": DAY,
    }
    return fault_of(given_, **asked | changes)


def test_what_it_covers() -> None:
    assert fault() is None
    assert fault(on=CONSENT.until) is None, "the last day counts whole"
    assert fault(types=("licence", "penalty"), region="130000") is None


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"grantee": "other-bank"}, "other-grantee"),
        ({"subject": "911300007W0LM5R39G"}, "other-subject"),
        ({"purpose": "post-loan"}, "other-purpose"),
        ({"region": "110000"}, "out-of-scope"),
        ({"types": ("penalty", "severe-list")}, "out-of-scope"),
        ({"on": DAY - timedelta(days=1)}, "expired"),
        ({"on": CONSENT.until + timedelta(days=1)}, "expired"),
    ],
    ids=str,
)
def test_what_it_does_not_cover(change: dict[str, Any], wanted: str) -> None:
    assert fault(**change) == wanted
    assert fault(**change, grantee="nobody") == "other-grantee" if "grantee" not in change else True


@fuzz
@given(authorisations())
def test_it_covers_what_it_says_and_nothing_beside(made: Authorisation) -> None:
    def asked(**changes: Any) -> str | None:
        own: dict[str, Any] = {
            "grantee": made.grantee,
            "subject": made.subject,
            "purpose": made.purpose,
            "region": made.regions[0],
            "types": made.types,
            "on": made.until,
        }
        return fault_of(made, **own | changes)

    assert asked() is None
    assert asked(on=made.start) is None
    other = made.types[-1][:31] + "z" if made.types[-1][31:] != "z" else "a"
    if other not in made.types:
        assert asked(types=(*made.types, other)) == "out-of-scope"
    assert asked(subject=made.subject[:-1] + ("0" if made.subject[-1] != "0" else "1")) == (
        "other-subject"
    )
