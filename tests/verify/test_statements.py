"""Statements against a real chain: the true one beside another's, another log's, a flipped one."""

from dataclasses import replace
from typing import Any

import pytest

from ledger.core import canonical, merkle, promise
from ledger.core.entry import parse_entry
from ledger.core.ids import LogId
from ledger.core.keys import Purpose
from ledger.core.opening import Opening, Promised, of_receipt
from ledger.core.receipt import parse as parse_receipt
from ledger.core.statement import Statement
from ledger.core.verdict.facts import Question
from ledger.core.verdict.statement import StatementVerdict
from ledger.core.verdict.verdict import Verdict
from ledger.verify import Verifier, ask
from tests.core.statements import statement
from tests.support.ledger import MemberLog
from tests.support.votes import close_log, compromise
from tests.verify.conftest import Ledger

NOTHING = Question()


def verify(
    ledger: Ledger,
    data: bytes,
    question: Question = NOTHING,
    *,
    said: bytes | None = None,
    later: int = 0,
) -> Verdict:
    """The verdict, at the chain's own time."""
    now = ledger.network.anvil.head_time() + later
    verifier = Verifier(ledger.network.file, now=lambda: now)
    try:
        return verifier.verify(data, question, statement=said)
    finally:
        verifier.close()


def codes(verdict: Verdict) -> list[str]:
    return [check.code for check in verdict.standing.checks if check.verdict]


def said_in(log: MemberLog, **changes: Any) -> Statement:
    """A statement of the owner of a log."""
    at = log.network.anvil.head_time()
    return statement(iss=log.member, log=log.log_id, at=at, **changes)


def put(log: MemberLog, *made: Statement) -> list[bytes]:
    """The receipts of statements, anchored and final."""
    first = len(log.entries)
    log.put_raw(*(one.entry() for one in made))
    log.anchor()
    log.network.anvil.mine()
    return [log.receipt(first + at, bare=True) for at in range(len(made))]


def promised(log: MemberLog, made: Statement, due: int = 3600) -> Opening:
    """An opening with a promise that the owner of the log signed."""
    leaves = [merkle.leaf_hash(b"other"), merkle.leaf_hash(made.entry())]
    values: dict[str, Any] = {
        "log": log.log_id,
        "leaves_root": merkle.root(leaves),
        "count": 2,
        "issued_at": made.at,
        "due": made.at + due,
    }
    network = log.network
    digest = promise.digest(
        **values,
        chain_id=network.file.chain_id,
        log_anchor=network.deployment.log_anchor,
        member=log.member,
    )
    signature = log.key(Purpose.ANCHOR).sign_digest(digest)
    held = Promised(
        index=1,
        path=tuple(merkle.inclusion_path(leaves, 1)),
        promise=promise.Promise(**values, signature=signature),
    )
    return Opening(statement=made, entry=parse_entry(made.entry()), proof=held)


def test_it_is_that_member_s_and_anchored(ledger: Ledger) -> None:
    made = said_in(ledger.beijing)
    (receipt,) = put(ledger.beijing, made)
    opening = of_receipt(made, parse_receipt(receipt)).encode()
    for found in (verify(ledger, receipt, said=made.encode()), verify(ledger, opening)):
        assert isinstance(found, StatementVerdict)
        assert (found.verdict, found.exit, codes(found)) == ("valid", 0, [])
        assert (found.issuer, found.standing.usable) == ("110000", None)
    asked = ask(issuer="120000")
    assert codes(verify(ledger, opening, asked)) == ["statement-issuer-not-asked"]


def test_the_receipt_alone_is_a_record_s_question(ledger: Ledger) -> None:
    """Nothing changes for who names no statement."""
    (receipt,) = put(ledger.beijing, said_in(ledger.beijing))
    found = verify(ledger, receipt)
    assert not isinstance(found, StatementVerdict)
    assert (found.verdict, codes(found)) == ("anchored", ["not-a-record"])


def test_what_is_another(ledger: Ledger) -> None:
    one, other = said_in(ledger.beijing), said_in(ledger.beijing, salt=bytes(32))
    receipts = put(ledger.beijing, one, other)
    elsewhere = replace(one, log=ledger.tianjin.log_id)
    pretended = replace(one, iss="120000")
    (of_another,) = put(ledger.beijing, pretended)
    for receipt, said, verdict, code in (
        (receipts[0], other, "proof-mismatch", "statement-mismatch"),
        (receipts[0], elsewhere, "proof-mismatch", "statement-mismatch"),
        (ledger.beijing.receipt(0), one, "proof-mismatch", "statement-mismatch"),
        # It is committed to, in the log of a member whose it is not.
        (of_another, pretended, "proof-mismatch", "issuer-differs"),
    ):
        found = verify(ledger, receipt, said=said.encode())
        assert (found.verdict, found.exit) == (verdict, 1)
        assert code in codes(found)
        assert found.standing.authentic is False


def test_an_opening_put_together_of_two(ledger: Ledger) -> None:
    one, other = said_in(ledger.beijing), said_in(ledger.beijing, salt=bytes(32))
    first, _ = put(ledger.beijing, one, other)
    mixed = of_receipt(other, parse_receipt(first)).encode()
    assert codes(verify(ledger, mixed)) == ["statement-mismatch"]
    for data in (mixed + b"\n", b" " + mixed, mixed.replace(b"opening@1", b"opening@0")):
        assert verify(ledger, data).verdict == "malformed"
    newer = verify(ledger, mixed.replace(b"opening@1", b"opening@2"))
    assert (newer.verdict, codes(newer)) == ("undetermined", ["version-unknown"])


def test_what_is_no_statement_or_receipt(ledger: Ledger) -> None:
    made = said_in(ledger.beijing)
    (receipt,) = put(ledger.beijing, made)
    for said in (b"", b"{}", made.encode() + b"\n", b"\xef\xbb\xbf" + made.encode()):
        found = verify(ledger, receipt, said=said)
        assert (found.verdict, codes(found)) == ("malformed", ["statement-malformed"])
    newer = made.encode().replace(b"case@1", b"case@2")
    assert codes(verify(ledger, receipt, said=newer)) == ["version-unknown"]
    assert codes(verify(ledger, receipt[:-9], said=made.encode())) == ["malformed"]
    newer = receipt.replace(b"receipt@1", b"receipt@2")
    assert codes(verify(ledger, newer, said=made.encode())) == ["version-unknown"]


def test_a_promise_counts_until_it_is_due(ledger: Ledger) -> None:
    made = said_in(ledger.beijing)
    data = promised(ledger.beijing, made).encode()
    found = verify(ledger, data)
    assert (found.verdict, found.exit, codes(found)) == ("undetermined", 4, ["promised-only"])
    assert found.issuer == "110000"
    ledger.network.anvil.call("evm_increaseTime", 3601)
    ledger.network.anvil.mine()
    found = verify(ledger, data)
    assert (found.verdict, codes(found)) == ("undetermined", ["promise-overdue"])
    (receipt,) = put(ledger.beijing, made)
    assert verify(ledger, of_receipt(made, parse_receipt(receipt)).encode()).verdict == "valid"


def test_a_promise_of_another(ledger: Ledger) -> None:
    made = said_in(ledger.beijing)
    opening = promised(ledger.beijing, made)
    held = opening.promised
    assert held is not None
    for bad, code in (
        # Signed by another member, for a log that is not its own.
        (_signed_by(ledger.tianjin, ledger.beijing, made), "promise-not-signed"),
        (replace(opening, proof=replace(held, index=0)), "promise-mismatch"),
        (replace(opening, statement=replace(made, salt=bytes(32))), "statement-mismatch"),
    ):
        found = verify(ledger, bad.encode())
        assert (found.verdict, found.exit) == ("proof-mismatch", 1)
        assert code in codes(found)
    nowhere = replace(made, log=LogId(bytes(32)))
    unknown = verify(ledger, _signed_by(ledger.beijing, ledger.beijing, nowhere).encode())
    assert (unknown.verdict, codes(unknown)) == ("unknown-issuer", ["log-unknown"])


def _signed_by(signer: MemberLog, log: MemberLog, made: Statement) -> Opening:
    """A promise for a log, signed with the key of whoever."""
    leaf = merkle.leaf_hash(made.entry())
    values: dict[str, Any] = {
        "log": made.log,
        "leaves_root": leaf,
        "count": 1,
        "issued_at": made.at,
        "due": made.at + 60,
    }
    digest = promise.digest(
        **values,
        chain_id=log.network.file.chain_id,
        log_anchor=log.network.deployment.log_anchor,
        member=log.member,
    )
    signature = signer.key(Purpose.ANCHOR).sign_digest(digest)
    held = Promised(index=0, path=(), promise=promise.Promise(**values, signature=signature))
    return Opening(statement=made, entry=parse_entry(made.entry()), proof=held)


def test_a_promise_for_a_log_that_was_closed(ledger: Ledger) -> None:
    data = promised(ledger.beijing, said_in(ledger.beijing)).encode()
    close_log(ledger.network, ledger.beijing.log_id, 1)
    assert codes(verify(ledger, data)) == ["promise-log-closed"]


def test_a_promise_of_a_key_that_was_stolen(ledger: Ledger) -> None:
    made = said_in(ledger.beijing)
    data = promised(ledger.beijing, made).encode()
    compromise(ledger.network, ledger.beijing.key(Purpose.ANCHOR).key_id, made.at)
    found = verify(ledger, data)
    assert (found.verdict, codes(found)) == ("key-disputed", ["promise-key-disputed"])


def test_one_changed_byte_never_verifies(ledger: Ledger) -> None:
    """Some hundred places over the whole file, by the chain itself; the core test has every bit."""
    made = said_in(ledger.beijing)
    (receipt,) = put(ledger.beijing, made)
    verifier = Verifier(ledger.network.file, now=ledger.network.anvil.head_time)
    anchored = of_receipt(made, parse_receipt(receipt)).encode()
    for data in (anchored, promised(ledger.beijing, made).encode()):
        for at in range(0, len(data), max(1, len(data) // 120)):
            changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
            found = verifier.verify(changed, NOTHING)
            assert found.verdict != "valid", at
            assert codes(found) != ["promised-only"], at
    verifier.close()


@pytest.mark.parametrize("other", [b'{"_type":"credit-ledger/bundle@1"}', b"{}"])
def test_other_files_are_judged_as_receipts(ledger: Ledger, other: bytes) -> None:
    assert codes(verify(ledger, other)) == ["malformed"]
    assert canonical.parse(other) is not None
