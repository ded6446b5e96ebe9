"""The verdict on a statement: valid, and everything that only looks like it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from eth_keys.datatypes import PrivateKey

from ledger.core import merkle, promise
from ledger.core.entry import parse_entry
from ledger.core.errors import Malformed, VersionUnknown
from ledger.core.ids import Address, Digest, LogId, key_id, sha256
from ledger.core.keys import Alg, Purpose
from ledger.core.opening import Opening, Promised
from ledger.core.statement import Statement
from ledger.core.verdict import statement as judging
from ledger.core.verdict.facts import (
    Compromise,
    LogFact,
    PromiseFacts,
    Question,
    Unread,
)
from ledger.core.verdict.reasons import CODES
from ledger.core.verdict.statement import StatementVerdict
from tests.core.statements import statement
from tests.core.verdicts import (
    ANCHOR_ID,
    ANCHORED,
    HEAD,
    LOG,
    NETWORK,
    NOTE_ID,
    NOTHING_ASKED,
    OWNER,
    TRUST,
    World,
    _in_log,
    make_key,
)

SAID = statement(iss=OWNER, log=LOG, at=ANCHORED - 100)
SIGNER = PrivateKey(bytes([7]) * 32)
SIGNER_ID = key_id(Alg.SECP256K1, SIGNER.public_key.to_bytes())
LOG_ANCHOR, OLDER = Address("0x" + "a1" * 20), Address("0x" + "a0" * 20)
READ = PromiseFacts(
    head=_in_log(SAID.entry(), None, None).chain.head,
    log=LogFact(member=OWNER),
    keys={SIGNER_ID: make_key(Purpose.ANCHOR, Alg.SECP256K1, SIGNER.public_key.to_bytes())},
    log_anchors=(OLDER, LOG_ANCHOR),
)
ISSUED, DUE = HEAD - 3600, HEAD + 3600


def judged(world: World, said: Statement = SAID) -> StatementVerdict:
    examined = judging.examine_statement(
        digest=sha256(b"file"),
        statement=said,
        receipt=world.receipt,
        question=world.question,
        trust=world.trust,
    )
    return judging.judge_statement(examined, facts=world.facts, now=world.now)


def why(verdict: StatementVerdict) -> list[tuple[str, str]]:
    return [(check.id, check.code) for check in verdict.standing.checks if check.verdict]


WORLD = _in_log(SAID.entry(), None, None)


def test_valid_means_that_it_is_that_member_s_and_anchored() -> None:
    found = judged(WORLD)
    assert (found.verdict, found.exit, why(found)) == ("valid", 0, [])
    told = found.as_dict()
    assert (told["verdict"], told["authentic"], told["usable"]) == ("valid", True, None)
    assert told["usableReason"] == judging.NO_RECORD
    assert told["statement"] == SAID.to_json()
    assert (told["issuer"], told["due"], told["record"]) == (OWNER, None, None)
    assert told["leaf"] == merkle.leaf_hash(SAID.entry()).hex()
    ran = {check["n"]: check["result"] for check in told["checks"]}
    assert ran == dict.fromkeys([1, 2, 3, 4, 5, 7, 8, 9, 10, 15, 16, 17, 18, 22, 27], "pass") | {
        14: "not-run",
        28: "not-run",
    }


@pytest.mark.parametrize(("before", "late"), [(0, False), (72 * 3600, False), (259_201, True)])
def test_an_anchor_after_more_than_72_hours_is_what_counts(before: int, late: bool) -> None:
    said = replace(SAID, at=ANCHORED - before)
    told = judged(_in_log(said.entry(), None, None), said).as_dict()
    assert told["verdict"] == "valid"
    assert told["countsFrom"] == (told["anchoredAt"] if late else told["statement"]["at"])


def test_the_member_that_was_asked_for() -> None:
    assert why(judged(WORLD.asking(issuer=OWNER))) == []
    found = judged(WORLD.asking(issuer="999999"))
    assert (found.verdict, why(found)) == (
        "other-subject",
        [("asked", "statement-issuer-not-asked")],
    )


@pytest.mark.parametrize(
    "question",
    [
        {"subject": "91110000600037341L"},
        {"type": "case"},
        {"audience": "demo-bank", "nonce": "1"},
        {"witnesses": 1},
        {"as_of": "2026-03-02", "end_of_as_of": 1},
    ],
    ids=str,
)
def test_what_can_be_asked_of_records_only(question: dict[str, Any]) -> None:
    for found in (
        judged(WORLD.asking(**question)),
        promised(question=Question(**question)),
        promised(question=Question(**question), facts=Unread(code="no-node", problem="x")),
    ):
        assert ("asked", "only-of-records") in why(found)
        assert found.verdict == "other-subject"
        assert found.standing.usable is None


Bent = tuple[str, str, str, Callable[[], StatementVerdict]]
RECEIPTS: dict[str, Bent] = {
    "another statement": (
        *("proof-mismatch", "statement", "statement-mismatch"),
        lambda: judged(WORLD, replace(SAID, at=SAID.at + 1)),
    ),
    "the same of another log": (
        *("proof-mismatch", "statement", "statement-mismatch"),
        lambda: judged(WORLD, replace(SAID, log=LogId(bytes(32)))),
    ),
    "of another member": (
        *("proof-mismatch", "issuer", "issuer-differs"),
        lambda: judged(WORLD.with_facts(log=LogFact(member="120000"))),
    ),
    "another network": (
        *("other-network", "network", "other-network"),
        lambda: judged(WORLD.resent(network="eip155:1:0x" + "c0" * 20)),
    ),
    "another place in the tree": (
        *("proof-mismatch", "inclusion", "inclusion-mismatch"),
        lambda: judged(WORLD.resent(index=1)),
    ),
    "a log that nobody registered": (
        *("unknown-issuer", "issuer", "log-unknown"),
        lambda: judged(WORLD.with_facts(log=None)),
    ),
    "a root that is not there": (
        *("not-anchored", "anchored", "root-not-anchored"),
        lambda: judged(WORLD.with_facts(root=Digest(bytes(32)))),
    ),
    "no event": (
        *("undetermined", "anchor", "anchor-event-missing"),
        lambda: judged(WORLD.with_facts(anchor=None)),
    ),
    "an anchor that moved": (
        *("anchor-moved", "anchor", "anchor-differs"),
        lambda: judged(WORLD.with_block(number=51)),
    ),
    "a closed log": (
        *("log-closed", "log", "log-closed"),
        lambda: judged(WORLD.with_facts(log=LogFact(member=OWNER, trusted_size=3))),
    ),
    "a stolen key": (
        *("key-disputed", "anchor-key", "anchor-key-disputed"),
        lambda: judged(WORLD.with_key(ANCHOR_ID, compromises=(Compromise(ANCHORED, HEAD),))),
    ),
    "a checkpoint of nobody": (
        *("unknown-issuer", "checkpoint-signature", "note-key-unknown"),
        lambda: judged(WORLD.with_key(NOTE_ID, purpose=Purpose.PRESENT)),
    ),
    "not final yet": (
        *("not-final", "final", "anchor-not-final"),
        lambda: judged(WORLD.with_facts(final=49)),
    ),
    "a chain that cannot be read": (
        *("undetermined", "chain", "no-node"),
        lambda: judged(replace(WORLD, facts=Unread(code="no-node", problem="x"))),
    ),
    "an old head": (
        *("undetermined", "chain", "head-too-old"),
        lambda: judged(replace(WORLD, now=HEAD + 61)),
    ),
}


@pytest.mark.parametrize("name", RECEIPTS)
def test_what_only_looks_like_it(name: str) -> None:
    verdict, check, code, bend = RECEIPTS[name]
    found = bend()
    assert found.verdict == verdict
    assert (check, code) in why(found)
    assert found.standing.usable is None
    assert found.as_dict()["usable"] is None
    if found.standing.authentic is False:
        assert found.as_dict()["statement"] is None


# ---- with a promise alone


@dataclass(frozen=True, kw_only=True)
class Given:
    """An opening before it is signed."""

    said: Statement = SAID
    contract: Address = LOG_ANCHOR
    member: str = OWNER
    issued: int = ISSUED
    due: int = DUE
    key: PrivateKey = SIGNER


def opened(given: Given = Given()) -> tuple[Opening, Promised]:
    entry = given.said.entry()
    leaves = [merkle.leaf_hash(b"other"), merkle.leaf_hash(entry)]
    values: dict[str, Any] = {
        "log": given.said.log,
        "leaves_root": merkle.root(leaves),
        "count": 2,
        "issued_at": given.issued,
        "due": given.due,
    }
    digest = promise.digest(
        **values, chain_id=31337, log_anchor=given.contract, member=given.member
    )
    signed = given.key.sign_msg_hash(digest).to_bytes()
    made = promise.Promise(**values, signature=signed[:64] + bytes([27 + signed[64]]))
    held = Promised(index=1, path=tuple(merkle.inclusion_path(leaves, 1)), promise=made)
    return Opening(statement=given.said, entry=parse_entry(entry), proof=held), held


def promised(
    given: Given = Given(),
    *,
    facts: PromiseFacts | Unread = READ,
    now: int = HEAD + 10,
    question: Question = NOTHING_ASKED,
    bend: Callable[[Opening], Opening] = lambda opening: opening,
) -> StatementVerdict:
    opening, held = opened(given)
    changed = bend(opening)
    examined = judging.examine_promised(
        digest=sha256(b"file"),
        opening=changed,
        held=changed.promised or held,
        question=question,
        trust=TRUST,
    )
    return judging.judge_promised(examined, facts=facts, now=now)


def test_it_counts_until_it_is_due() -> None:
    assert NETWORK == TRUST.reference
    for contract in READ.log_anchors:  # one that held the role before as well
        found = promised(Given(contract=contract))
        assert (found.verdict, why(found)) == ("undetermined", [("promise", "promised-only")])
        told = found.as_dict()
        assert (told["authentic"], told["usable"], told["issuer"]) == (None, None, OWNER)
        assert told["due"] == "2026-03-02T22:20:00Z"
        assert told["statement"] == SAID.to_json()
        assert told["leaf"] == merkle.leaf_hash(SAID.entry()).hex()
        assert told["recordId"] == SAID.record_id.hex()
        assert told["head"]["number"] == 60
        assert found.is_promised
    assert why(promised(Given(due=HEAD), now=HEAD)) == [("promise", "promised-only")]


@pytest.mark.parametrize("later", [{"now": DUE + 1}, {"head": DUE + 1}], ids=str)
def test_and_then_no_more(later: dict[str, int]) -> None:
    """By whichever clock is ahead."""
    facts = replace(READ, head=replace(READ.head, time=later.get("head", DUE - 30)))
    found = promised(facts=facts, now=later.get("now", DUE))
    assert (found.verdict, why(found)) == ("undetermined", [("promise", "promise-overdue")])
    assert not found.is_promised


def _stolen(since: int) -> PromiseFacts:
    key = replace(READ.keys[SIGNER_ID], compromises=(Compromise(since, HEAD),))
    return replace(READ, keys={SIGNER_ID: key})


def _with_key(**changes: Any) -> PromiseFacts:
    return replace(READ, keys={SIGNER_ID: replace(READ.keys[SIGNER_ID], **changes)})


def _unsigned(opening: Opening) -> Opening:
    held = opening.promised
    assert held is not None
    return replace(opening, proof=replace(held, promise=replace(held.promise, signature=bytes(65))))


def _moved(opening: Opening) -> Opening:
    held = opening.promised
    assert held is not None
    return replace(opening, proof=replace(held, index=0))


PROMISES: dict[str, Bent] = {
    "another statement": (
        *("proof-mismatch", "statement", "statement-mismatch"),
        lambda: promised(bend=lambda one: replace(one, statement=replace(SAID, at=1))),
    ),
    "another place": (
        *("proof-mismatch", "promise", "promise-mismatch"),
        lambda: promised(bend=_moved),
    ),
    "a signature of nobody": (
        *("proof-mismatch", "promise", "promise-not-signed"),
        lambda: promised(bend=_unsigned),
    ),
    "a key of nobody": (
        *("proof-mismatch", "promise", "promise-not-signed"),
        lambda: promised(Given(key=PrivateKey(bytes([8]) * 32))),
    ),
    "a key for something else": (
        *("proof-mismatch", "promise", "promise-not-signed"),
        lambda: promised(facts=_with_key(purpose=Purpose.CASE)),
    ),
    "signed for another member": (
        *("proof-mismatch", "promise", "promise-not-signed"),
        lambda: promised(Given(member="120000")),
    ),
    "signed for another contract": (
        *("proof-mismatch", "promise", "promise-not-signed"),
        lambda: promised(Given(contract=Address("0x" + "77" * 20))),
    ),
    "of another member": (
        *("proof-mismatch", "issuer", "issuer-differs"),
        lambda: promised(facts=replace(READ, log=LogFact(member="120000"))),
    ),
    "a log that nobody registered": (
        *("unknown-issuer", "issuer", "log-unknown"),
        lambda: promised(facts=replace(READ, log=None)),
    ),
    "a key that had ended": (
        *("key-not-valid-at", "promise", "promise-key-not-valid"),
        lambda: promised(facts=_with_key(not_after=ISSUED - 1)),
    ),
    "a stolen key": (
        *("key-disputed", "promise", "promise-key-disputed"),
        lambda: promised(facts=_stolen(ISSUED)),
    ),
    "a key that is not final": (
        *("not-final", "promise", "key-not-final"),
        lambda: promised(facts=_with_key(final=False)),
    ),
    "signed in the future": (
        *("undetermined", "promise", "promise-in-future"),
        lambda: promised(Given(issued=HEAD + 100, due=HEAD + 200)),
    ),
    "a closed log": (
        *("undetermined", "promise", "promise-log-closed"),
        lambda: promised(facts=replace(READ, log=LogFact(member=OWNER, trusted_size=9))),
    ),
    "a chain that cannot be read": (
        *("undetermined", "chain", "nodes-disagree"),
        lambda: promised(facts=Unread(code="nodes-disagree", problem="x")),
    ),
}


@pytest.mark.parametrize("name", PROMISES)
def test_what_only_looks_like_a_promise(name: str) -> None:
    verdict, check, code, bend = PROMISES[name]
    found = bend()
    assert found.verdict == verdict
    assert (check, code) in why(found)
    assert found.standing.usable is None


def test_every_code_of_statements_has_a_case() -> None:
    codes = {code for *_, code, _ in (*RECEIPTS.values(), *PROMISES.values())}
    elsewhere = {"statement-malformed", "statement-issuer-not-asked", "only-of-records"}
    elsewhere |= {"promised-only", "promise-overdue", "promise-newer-than-head"}
    known = {code for code in CODES if code.startswith(("statement-", "promise", "only-of-"))}
    assert known == {code for code in codes if code in known} | elsewhere


def test_stolen_after_it_signed() -> None:
    assert why(promised(facts=_stolen(ISSUED + 1))) == [("promise", "promised-only")]


def test_what_is_no_statement() -> None:
    for error, verdict, code in (
        (Malformed("opening", "x"), "malformed", "statement-malformed"),
        (VersionUnknown("format", "opening@2"), "undetermined", "version-unknown"),
    ):
        found = judging.unreadable(sha256(b""), error, NOTHING_ASKED, TRUST)
        assert (found.verdict, why(found)) == (verdict, [("format", code)])
        told = found.as_dict()
        assert (told["statement"], told["due"], told["issuer"]) == (None, None, None)
