"""A bank asks two provinces of four about firms; the others have no node."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.base.clock import Clock
from gateway.base.who import Who
from gateway.peers.outbox import Outgoing, listed
from gateway.queries.records import SubjectRecords
from ledger.core import canonical
from ledger.core.bundle import parse_bundle
from ledger.core.opening import parse_opening
from ledger.core.query import query_from_members, use_from_members
from ledger.core.status import Action
from tests.gateway.queries.bank import (
    FAMILY,
    bundle_of,
    do,
    firm,
    given_by,
    held_against,
    judged,
    of,
    receipt_of,
    send,
    token,
    use,
)
from tests.gateway.queries.conftest import BANK, BEIJING, TIANJIN
from tests.support.peers import Network

ABSENT = {"130000": "name-unknown", "140000": "name-unknown"}


def test_what_is_public_is_stated_and_verifies_from_the_file(network: Network) -> None:
    code = firm(1)
    network[BEIJING].file(of(code, 1), of(code, 2))
    network[TIANJIN].file(of(code, 3), of(firm(2), 4))
    answer = use(network, code, decision="approved", matter="loan 7")
    bundle = bundle_of(answer)
    assert [one.answer.iss for one in bundle.answers] == [BEIJING, TIANJIN]
    assert [len(one.answer.items) for one in bundle.answers] == [2, 1]
    assert {one.member: one.reason for one in bundle.missing} == ABSENT
    states = {one.member: one.state for one in bundle.completeness}
    assert states == {BEIJING: "stated", TIANJIN: "stated"} | dict.fromkeys(ABSENT, "missing")
    assert bundle.overall == answer.headers["credit-ledger-now"] == "adverse"
    verdict = judged(network, answer.content)
    assert verdict.problems == ()
    assert (verdict.verdict, verdict.exit) == ("adverse", 3)
    assert {row["verdict"] for row in verdict.as_dict()["records"]} == {"valid"}


def test_the_query_is_stated_by_who_answers_and_the_use_by_who_asks(network: Network) -> None:
    code = firm(3)
    network[TIANJIN].file(of(code, 5))
    answer = use(network, code, decision="declined")
    given = given_by(bundle_of(answer), TIANJIN)
    there = network[TIANJIN].node.statements.open(given.opening.statement.commitment)
    query = query_from_members(there.members)
    assert (query.asker, query.subject, query.items) == (BANK, code, 1)
    bank = network[BANK]
    with bank.node.ctx.engine.connect() as connection:
        sent: dict[str, list[Outgoing]] = {member: [] for member in (BEIJING, TIANJIN)}
        for one in listed(connection):
            sent[one.member].append(one)
    said = {
        member: [
            use_from_members(parse_opening(bank.node.peers.outbox.opening(one)).statement.members)
            for one in rows
        ]
        for member, rows in sent.items()
    }
    (use_of_it,) = [one for one in said[TIANJIN] if one.answer == query.answer]
    assert use_of_it.decision == "declined"
    assert "declined" in {one.decision for one in said[BEIJING]}


def test_a_firm_without_records_is_open_while_somebody_is_missing(network: Network) -> None:
    answer = use(network, firm(4))
    bundle = bundle_of(answer)
    assert (bundle.verdicts, bundle.overall) == ((), "open")
    assert judged(network, answer.content).verdict == "open"


def test_what_is_left_out_is_proven_by_whoever_has_the_receipt(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = firm(5)
    tianjin = network[TIANJIN]
    shown, hidden = tianjin.file(of(code, 6), of(code, 7))
    honest = SubjectRecords.in_force
    leaf = tianjin.leaf(hidden)
    monkeypatch.setattr(
        SubjectRecords,
        "in_force",
        lambda self, *asked: [one for one in honest(self, *asked) if one.leaf != leaf],
    )
    answer = use(network, code, types=[FAMILY])
    monkeypatch.undo()
    assert judged(network, answer.content).verdict == "adverse"  # nothing shows from inside
    given = given_by(bundle_of(answer), TIANJIN)
    # It was public, but the receipt does not show the fields that might say that it is not.
    found = held_against(network, given, receipt_of(tianjin, hidden))
    assert (found.proven, found.reason) == (False, "not-for-the-asker")
    assert held_against(network, given, receipt_of(tianjin, shown)).reason == "listed"
    other = network[BEIJING].file(of(code, 8))[0]
    assert (
        held_against(network, given, receipt_of(network[BEIJING], other)).reason == "other-member"
    )


def test_a_province_asks_for_approval_and_gets_what_is_shared(network: Network) -> None:
    code = firm(6)
    public, minor = network[TIANJIN].file(of(code, 9), of(code, 10, "minor"))
    bank = given_by(bundle_of(use(network, code)), TIANJIN)
    assert [one.leaf for one in bank.answer.items] == [network[TIANJIN].leaf(public)]
    answer = use(network, code, purpose="approval", by=BEIJING)
    given = given_by(bundle_of(answer), TIANJIN)
    leaves = [network[TIANJIN].leaf(one) for one in (public, minor)]
    assert [one.leaf for one in given.answer.items] == leaves
    # Its own answer stands beside those of the others.
    assert given_by(bundle_of(answer), BEIJING).answer.to == BEIJING
    assert judged(network, answer.content).problems == ()
    found = held_against(network, bank, receipt_of(network[TIANJIN], minor))
    assert (found.proven, found.reason) == (False, "not-for-the-asker")


def test_what_a_province_hides_from_another_is_proven(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = firm(7)
    tianjin = network[TIANJIN]
    (hidden,) = tianjin.file(of(code, 11, "minor"))
    monkeypatch.setattr(SubjectRecords, "in_force", lambda *_: [])
    answer = use(network, code, purpose="approval", by=BEIJING)
    monkeypatch.undo()
    given = given_by(bundle_of(answer), TIANJIN)
    receipt = receipt_of(tianjin, hidden)
    found = held_against(network, given, receipt)
    assert (found.proven, found.reason, found.family) == (True, "left-out", FAMILY)
    assert found.exit == 0
    later = bundle_of(use(network, code, purpose="approval", by=BEIJING))
    assert held_against(network, given_by(later, TIANJIN), receipt).reason == "listed"
    (new,) = tianjin.file(of(code, 12))
    assert held_against(network, given, receipt_of(tianjin, new)).reason == "not-covered"


def test_acts_count_up_to_the_block_and_what_comes_later_beside_it(network: Network) -> None:
    code = firm(8)
    tianjin = network[TIANJIN]
    (record,) = tianjin.file(of(code, 13))
    before = use(network, code)
    assert bundle_of(before).overall == "adverse"
    do(network, tianjin, Action.DISPUTE, record)
    disputed = use(network, code)
    assert [one["verdict"] for one in bundle_of(disputed).verdicts] == ["disputed"]
    assert bundle_of(disputed).overall == "open"
    do(network, tianjin, Action.REPAIR, record)
    after = use(network, code)
    assert bundle_of(after).verdicts == ()
    verdict = judged(network, before.content)
    assert (verdict.verdict, verdict.exit) == ("adverse", 3)
    assert verdict.as_dict()["now"] == {"overall": "open"}  # nothing adverse, two are missing
    assert verdict.as_dict()["records"][0]["now"] == "repaired"


def test_an_answer_that_an_act_overtakes_is_asked_for_anew(network: Network) -> None:
    """The act is not final yet, so the province must still list the record, and closes it."""
    code = firm(9)
    tianjin = network[TIANJIN]
    (record,) = tianjin.file(of(code, 14))
    network.chain.anvil.call("evm_increaseTime", 2)  # times of blocks may be the same
    do(network, tianjin, Action.REPAIR, record, final=False)
    bundle = bundle_of(use(network, code))
    assert {one.member: one.reason for one in bundle.missing}[TIANJIN] == "answer-overtaken"
    network.chain.anvil.mine()
    assert given_by(bundle_of(use(network, code)), TIANJIN).answer.items == ()


@pytest.mark.parametrize(("ahead", "counts"), [(-400, False), (-200, True), (400, False)])
def test_an_answer_of_another_time_is_none(
    network: Network, monkeypatch: pytest.MonkeyPatch, ahead: int, counts: bool
) -> None:
    """As one of last year would be, from which all that came since is left out."""
    code = firm(10)
    network[TIANJIN].file(of(code, 400 + ahead))
    asking = network[BANK].node.finance.queries.routes.uses._asking
    shifted = replace(asking._ctx, clock=Clock(ahead=timedelta(seconds=ahead)))
    monkeypatch.setattr(asking, "_ctx", shifted)
    bundle = bundle_of(use(network, code))
    reasons = {one.member: one.reason for one in bundle.missing}
    assert (reasons.get(TIANJIN) == "answer-old") is not counts


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"types": ["contract-performance"], "purpose": "pre-loan"}, 403, "authorisation-missing"),
        ({"authorisation": "11" * 32}, 403, "authorisation-unknown"),
        ({"authorisation": "11"}, 422, "schema-invalid"),
        ({"types": ["no-such-family"]}, 422, "schema-invalid"),
        ({"types": []}, 422, "schema-invalid"),
        ({"purpose": "curiosity"}, 422, "schema-invalid"),
        ({"code": "12345"}, 422, "schema-invalid"),
        ({"decision": "maybe"}, 422, "schema-invalid"),
        ({"matter": "x" * 201}, 422, "schema-invalid"),
        ({"more": 1}, 422, "schema-invalid"),
    ],
)
def test_what_is_not_asked(
    network: Network, asked: dict[str, object], status: int, code: str
) -> None:
    bank = network[BANK]
    value = {"code": firm(10), "purpose": "pre-loan", "types": [FAMILY]} | asked
    answer = send(bank, "POST", "/v1/uses", value, **token(bank))
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert set(answer.json()["text"]) == {"zh", "en"}


def test_codes_are_taken_as_people_type_them(network: Network) -> None:
    code = firm(11)
    spaced = f" {code[:4].lower()} {code[4:]}"
    assert bundle_of(use(network, spaced)).subject == code


def test_a_mistyped_code_is_not_asked_about(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing would be known of it, which reads as clear; but some codes are lawful so."""
    code = firm(13)
    mistyped = code[:-1] + ("0" if code[-1] != "0" else "1")
    answer = use(network, mistyped)
    assert (answer.status_code, answer.json()["code"]) == (422, "subject-invalid"), answer.text
    assert "check character" in answer.json()["text"]["en"]
    assert "校验码" in answer.json()["text"]["zh"]
    known = Who(exceptions=frozenset({mistyped}))
    monkeypatch.setattr(network[BANK].node.workers.who, "current", lambda: known)
    assert bundle_of(use(network, mistyped)).subject == mistyped


def test_without_a_scope_nothing_is_asked(network: Network) -> None:
    answer = use(network, firm(12), headers=token(network[BANK], "submit"))
    assert (answer.status_code, answer.json()["code"]) == (403, "scope-missing")


def test_the_log_of_queries_is_for_the_supervisor(network: Network) -> None:
    bank, code = network[BANK], firm(13)
    clerk = token(bank, "read", department="信贷部")
    made = use(network, code, headers=clerk, matter="loan 8")
    name = made.headers["credit-ledger-use"]
    assert send(bank, "GET", f"/v1/uses/{name}", **clerk).content == made.content
    stranger = token(bank, "read", department="个贷部")
    assert send(bank, "GET", f"/v1/uses/{name}", **stranger).status_code == 404
    days, centre = "?first=2026-01-01&last=2099-12-31", token(bank, department=None)
    assert send(bank, "GET", f"/v1/queries{days}", **clerk).status_code == 403
    found = send(bank, "GET", f"/v1/queries{days}", **centre)
    assert found.status_code == 200, found.text
    lines = [json.loads(line) for line in found.content.splitlines()]
    (line,) = [one for one in lines if one["id"] == name]
    assert (line["subject"], line["matter"], line["decision"]) == (code, "loan 8", "none")
    assert line["missing"] == ABSENT
    decided = {"decision": "approved"}
    answer = send(bank, "POST", f"/v1/uses/{name}/decision", decided, **clerk)
    assert answer.status_code == 200, answer.text
    found = send(bank, "GET", f"/v1/queries{days}", **centre)
    (line,) = [one for one in map(json.loads, found.content.splitlines()) if one["id"] == name]
    assert line["decision"] == "approved"


# ---- a bundle that somebody changed


def altered(data: bytes, **changes: object) -> bytes:
    value = canonical.parse(data, allow_null=True, max_bytes=len(data), max_depth=16)
    return canonical.encode(value | changes, allow_null=True, max_depth=16)


def test_a_bundle_says_what_follows_from_it_or_is_false(network: Network) -> None:
    code = firm(14)
    network[TIANJIN].file(of(code, 15), of(code, 16))
    data = use(network, code).content
    bundle = parse_bundle(data)
    assert judged(network, data).verdict == "adverse"
    changed: tuple[dict[str, object], ...] = (
        {"overall": "clear"},
        {"verdicts": []},
        {"completeness": [one.to_json() for one in bundle.completeness[1:]]},
        {"missing": []},
        {"missing": [one.to_json() for one in bundle.missing[1:]]},
        {"subject": firm(15)},
        {"at": "2020-01-01T00:00:00Z"},
        {"answers": [one.to_json() for one in bundle.answers[:1]]},
    )
    for changes in changed:
        found = judged(network, altered(data, **changes))
        assert (found.verdict, found.exit) == ("false", 1), changes
    fewer = [one.to_json() for one in bundle.answers]
    fewer[1]["receipts"].pop()
    assert judged(network, altered(data, answers=fewer)).verdict == "false"
    other = parse_bundle(use(network, firm(16)).content)
    swapped = [bundle.answers[0].to_json(), other.answers[1].to_json()]
    assert judged(network, altered(data, answers=swapped)).verdict == "false"
