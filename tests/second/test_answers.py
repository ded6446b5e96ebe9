"""Check answers, and what whoever asked compares."""

from typing import Any

import pytest

from tests.second import answer, asked, receipt
from tests.second.answering import (
    AT,
    BLOCK,
    NONCE,
    REVOCATIONS,
    SUBJECT,
    Given,
    authorisation,
    facts_of,
    leaf,
    opening,
)
from tests.second.answering import receipt as receipt_of
from tests.second.changes import Change, act, after, both, set_key, set_top, stolen
from tests.second.codec import canonical, write_instant
from tests.second.curves import sha256
from tests.second.facts import World
from tests.second.making import (
    ANCHORED,
    FIELDS,
    HEAD,
    LOG,
    OWNER,
    SHELF,
    WITNESS,
    Record,
    read_world,
    root_over,
    statement,
)
from tests.second.question import of_object

GOVERNMENT = {"code": SUBJECT, "purpose": "listing", "types": ["penalty"]}


def found(given: Given, change: Change | None = None) -> set[str]:
    """Give what is found of an answer in a world."""
    facts = facts_of()
    if change:
        change(facts)
    return asked.problems(given.read, read_world(facts), SHELF)


def test_all_is_well() -> None:
    """Find nothing where all is well."""
    assert found(Given()) == set()
    assert found(Given(receipts=[], leaves=[])) == set()


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (Given(query={"asker": WITNESS}), "parts-differ"),
        (Given(query={"items": 0}), "parts-differ"),
        (Given(query={"answer": "00" * 32}), "parts-differ"),
        (Given(query={"purpose": "own"}), "parts-differ"),
        (Given(header={"iat": AT + 1}), "parts-differ"),
        (Given(parts={"receipts": []}), "parts-differ"),
        (Given(parts={"opening": opening(statement())}), "parts-differ"),
        (Given(header={"kid": "ab" * 32}), "key-unknown"),
        (Given(payload={"block": BLOCK + 2}), "block-not-final"),
        (Given(payload={"block": BLOCK + 3}), "chain-unread"),
        (Given(payload={"block": 5}), "time-wrong"),
        (Given(payload={"covers": [{"log": LOG, "size": 2}]}), "covers-wrong"),
        (Given(payload={"covers": [{"log": "22" * 32, "size": 3}]}), "covers-wrong"),
        (Given(issued=AT + 60), ""),
        (Given(query={"at": write_instant(AT - 3600)}), ""),
        (Given(leaves=["ab" * 32]), "other-record"),
        (Given(receipts=["{}\n"]), "receipt-false"),
        (Given(receipts=['{"_type":"credit-ledger/receipt@2"}\n']), "receipt-unchecked"),
        (Given(receipts=[receipt_of("CF_XDR_SHXYM")]), ""),
    ],
)
def test_an_answer(given: Given, code: str) -> None:
    """Tell what is wrong with an answer."""
    assert code in found(given) if code else found(given) == set()


def test_a_query_that_came_late() -> None:
    """Let a query count from its own time only where its promise followed within three days."""
    assert found(Given(issued=AT + 61)) == set()
    assert found(Given(issued=AT + 61, query={"at": write_instant(AT + 61)})) == {"query-late"}
    early = Given(issued=AT + 61, query={"at": write_instant(AT + 60 - 3 * 86_400)})
    assert found(early) == {"query-late"}


def test_a_query_that_is_false() -> None:
    """Tell a query that nobody promised from one of which too little is known."""
    assert found(Given(), set_key(0, member=WITNESS)) >= {"query-false"}
    assert "query-unchecked" in found(Given(), stolen(0, AT))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (set_key(1, purpose=7), "key-unknown"),
        (set_key(1, notBefore=AT + 1), "key-not-valid"),
        (stolen(1, AT), "key-disputed"),
        (set_top(now=AT - 61), "time-wrong"),
        (set_top(unread="no-node"), "chain-unread"),
        (set_top(final=7), "block-not-final"),
        (set_top(blocks=[{"number": BLOCK, "time": AT - 3601}]), "time-wrong"),
        (set_top(blocks=[{"number": BLOCK, "time": AT + 1}]), "time-wrong"),
        (set_top(anchors=[]), "covers-wrong"),
        (set_top(members=[]), "not-a-province"),
    ],
)
def test_the_world_of_an_answer(change: Change, code: str) -> None:
    """Tell what the chain says against an answer."""
    assert code in found(Given(), change)


def test_a_log_of_size_0_may_be_left_out() -> None:
    """Ask for the logs that have something alone."""

    def more(facts: dict[str, Any]) -> None:
        facts["logs"] += [{**facts["logs"][0], "log": "22" * 32}]

    named = {"covers": [{"log": LOG, "size": 3}, {"log": "22" * 32, "size": 0}]}
    assert found(Given(), more) == found(Given(payload=named), more) == set()
    assert found(Given(payload=named)) == {"covers-wrong"}


def shown(made: Record) -> Given:
    """Answer with a record."""
    return Given(leaves=[leaf(made)], receipts=[receipt_of(made=made)])


def world_of(made: Record) -> World:
    """Make a world in which a record is anchored."""
    facts, root = facts_of(), root_over(made.entry)
    facts["anchors"][0]["root"] = facts["roots"][0]["root"] = root
    return read_world(facts)


def test_what_the_asker_may_be_given() -> None:
    """List nothing that is stricter than what the asker may be given."""
    mild = Record(class_="minor", until="2026-08-10")
    warned = Record(fields={**FIELDS, "CF_CFLB": ["警告"]})
    for made in (mild, warned):
        given, world = shown(made), world_of(made)
        assert "not-for-the-asker" in asked.problems(given.read, world, SHELF)
        given.payload = {"authorisation": "ab" * 32}
        assert "not-for-the-asker" not in asked.problems(given.read, world, SHELF)
        given.payload = {"question": GOVERNMENT}
        assert "not-for-the-asker" in asked.problems(given.read, world, SHELF)
        given.payload = {"question": GOVERNMENT, "to": WITNESS}
        assert "not-for-the-asker" not in asked.problems(given.read, world, SHELF)


def test_acts_behind_the_block_are_nothing_to_an_answer() -> None:
    """Judge receipts by what was recorded up to the block."""
    late = act(9, 8, time=HEAD - 99)
    assert found(Given(), after(late)) == set()
    early = act(7, 8, time=HEAD - 100)
    assert found(Given(), after(early)) == set()


def compared(given: Given, **ask: Any) -> str:
    """Judge an answer as whoever asked."""
    question: dict[str, Any] = {"audience": "demo-bank", "nonce": NONCE, "subject": SUBJECT}
    question |= {"purpose": "pre-loan", "types": ["penalty"], **ask}
    world = read_world(facts_of())
    return asked.judge_given(given.read, None, of_object(question), world, SHELF)


def test_another_question() -> None:
    """Compare who asked, the nonce and the question."""
    assert compared(Given()) == "valid"
    assert compared(Given(), audience=WITNESS) == "false"
    assert compared(Given(), nonce=NONCE[::-1]) == "false"
    assert compared(Given(), subject="91110105MARELG1L56") == "false"
    assert compared(Given(), purpose="own") == "false"
    assert compared(Given(), types=["licence", "penalty"]) == "false"


def authorised(held: Any, change: Change | None = None, named: str | None = None) -> str | None:
    """Check an authorisation under which was asked."""
    facts = facts_of()
    facts["logs"] += [{**facts["logs"][0], "log": "33" * 32, "owner": "bureau"}]
    if change:
        change(facts)
    commitment = named or sha256(canonical(held["statement"])).hex()
    given = Given(payload={"authorisation": commitment}).read
    return asked.authorisation(given.answer, canonical(held), read_world(facts), SHELF)


@pytest.mark.parametrize(
    ("held", "code"),
    [
        (authorisation(), None),
        (authorisation(due=AT), None),
        (authorisation(issued=AT - 7200, due=AT - 1), "unknown"),
        (authorisation(issued=AT + 60), None),
        (authorisation(issued=AT + 60, at=write_instant(AT + 1)), "unknown"),
        (authorisation(grantee="bureau"), "unknown"),
        (authorisation(grantee=OWNER), "unknown"),
        (authorisation(subject="91110105MARELG1L56"), "other-subject"),
        (authorisation(purpose="own"), "other-purpose"),
        (authorisation(regions=["130000"]), "out-of-scope"),
        (authorisation(types=["licence"]), "out-of-scope"),
        (authorisation(until="2026-11-18"), "expired"),
        (authorisation(until="2026-11-19"), None),
    ],
)
def test_authorisation(held: Any, code: str | None) -> None:
    """Check the authorisation by the first of its steps that does not hold."""
    assert authorised(held) == (None if code is None else f"authorisation-{code}")


def test_authorisation_and_the_chain() -> None:
    """Ask the chain whether it was taken back, and whether its custodian may make one."""
    held = authorisation()
    commitment = sha256(canonical(held["statement"])).hex()
    told = {"contract": REVOCATIONS, "custodian": OWNER, "commitment": commitment}
    assert authorised(held, named="00" * 32) == "authorisation-unknown"
    assert authorised(held, set_top(unread="no-node")) == "authorisation-unchecked"
    at = set_top(revocations=[{**told, "time": AT}])
    assert authorised(held, at) == "authorisation-revoked"
    assert authorised(held, set_top(revocations=[{**told, "time": AT + 1}])) is None
    other = set_top(revocations=[{**told, "custodian": WITNESS, "time": AT}])
    assert authorised(held, other) is None

    def without(facts: dict[str, Any]) -> None:
        del facts["contracts"]["Revocations"]

    def no_custodian(facts: dict[str, Any]) -> None:
        facts["members"][0]["roles"] = [{"since": 0, "roles": 1}, {"since": ANCHORED, "roles": 4}]

    assert authorised(held, without) == "authorisation-unchecked"
    assert authorised(held, no_custodian) == "authorisation-unknown"
    assert authorised(held, both(stolen(0, AT), at)) == "authorisation-unknown"


def refusal(given: Given) -> str:
    """Give the code with which an answer is refused."""
    with pytest.raises(receipt.Refused) as refused:
        answer.read_given(given.file)
    return str(refused.value)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (Given(header={"alg": "SM2"}), "version-unknown"),
        (Given(header={"alg": "none"}), "malformed"),
        (Given(header={"typ": "dc+sd-jwt"}), "malformed"),
        (Given(payload={"_type": "credit-ledger/answer@2", "more": 1}), "version-unknown"),
        (Given(payload={"_type": "credit-ledger/query@1"}), "malformed"),
        (Given(payload={"covers": []}), "malformed"),
        (Given(payload={"nonce": NONCE[:-1]}), "malformed"),
        (Given(payload={"block": None}), "malformed"),
        (Given(leaves=[leaf()] * 2, receipts=[receipt_of()] * 2), "malformed"),
        (Given(parts={"receipts": [receipt_of()] * 2}), "malformed"),
        (Given(parts={"opening": {"_type": "credit-ledger/opening@2"}}), "version-unknown"),
        (Given(parts={"opening": {}, "more": 1}), "malformed"),
        (Given(parts={"opening": "", "answer": ""}), "malformed"),
        (Given(parts={"_type": "credit-ledger/answer@2"}), "version-unknown"),
    ],
)
def test_form(given: Given, code: str) -> None:
    """Refuse what is not of its form, or of another version."""
    assert refusal(given) == code
