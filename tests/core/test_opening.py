"""Openings: the worked examples, both forms, one spelling, and that every byte is bound."""

from dataclasses import replace
from typing import Any

import pytest
from eth_keys.datatypes import PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from ledger.core import canonical, merkle, opening, promise
from ledger.core.entry import parse_entry
from ledger.core.errors import EvidenceError, Malformed, ProofMismatch, VersionUnknown
from ledger.core.ids import Digest, LogId
from ledger.core.opening import Opening, check, is_opening, parse_opening
from ledger.core.statement import Statement
from tests.core.material import cases, flip, fuzz, refuses
from tests.core.statements import PART_2, STATEMENTS, anchored, promised, statement, worked
from tests.support.flipping import bits

KEY = PrivateKey(bytes([7]) * 32)
PLACE: dict[str, Any] = {"chain_id": 31337, "log_anchor": "0x" + "cd" * 20}


def signed() -> Opening:
    """An opening whose promise KEY signed as that of the member."""
    bare = promised(statement())
    held = bare.promised
    assert held is not None
    values: dict[str, Any] = {
        "log": held.promise.log,
        "leaves_root": held.promise.leaves_root,
        "count": held.promise.count,
        "issued_at": held.promise.issued_at,
        "due": held.promise.due,
    }
    digest = promise.digest(**values, **PLACE, member=bare.statement.iss)
    made = KEY.sign_msg_hash(digest).to_bytes()
    return promised(statement(), signature=made[:64] + bytes([27 + made[64]]))


@pytest.mark.parametrize("name", PART_2)
def test_worked_examples_are_read_and_written_byte_for_byte(name: str) -> None:
    given_, expected = worked(name)
    data = expected["opening"].encode()
    found = parse_opening(data)
    assert found.encode() == data
    assert found.statement.encode().decode() == expected["statementBytes"]
    assert found.leaf.hex() == expected["leaf"]
    assert found.receipt is None
    assert found.promised is not None
    assert found.promised.index == given_["promiseIndex"]
    assert is_opening(data)
    check(found)


@fuzz
@given(STATEMENTS, st.sampled_from([promised, anchored]), st.integers(0, 5))
def test_both_forms_are_read_as_they_were_written(made: Statement, form: Any, others: int) -> None:
    whole = form(made, others)
    data = whole.encode()
    assert parse_opening(data) == whole
    assert not data.endswith(b"\n")
    assert len(data) <= opening.MAX_OPENING
    check(whole)


@pytest.mark.parametrize("whole", [promised(statement()), anchored(statement())], ids=str)
def test_what_of_another_statement_is_told(whole: Opening) -> None:
    other = statement(at=whole.statement.at + 1)
    assert refuses(ProofMismatch, check, replace(whole, statement=other))
    elsewhere = statement(log=LogId(bytes(32)))
    failed = [
        item.id
        for item in opening.internal_checks(replace(whole, statement=elsewhere))
        if item.error
    ]
    assert failed == ["commitment", "log"]


def test_a_record_is_no_statement() -> None:
    whole = promised(statement())
    wrong = opening.statement_checks(whole.statement, replace(whole.entry, kind="record"))
    assert [item.id for item in wrong if item.error] == ["kind"]


def test_a_promise_of_another_log_or_leaf() -> None:
    whole = promised(statement())
    held = whole.promised
    assert held is not None
    elsewhere = replace(held, promise=replace(held.promise, log=LogId(bytes(32))))
    moved = replace(held, index=1)
    longer = replace(held, path=(*held.path, Digest(bytes(32))))
    other = replace(held, promise=replace(held.promise, leaves_root=Digest(bytes(32))))
    for proof, told in (
        (elsewhere, "promise-log"),
        (moved, "promise-path"),
        (longer, "promise-path"),
        (other, "promise-path"),
    ):
        changed = replace(whole, proof=proof)
        checks = opening.internal_checks(changed)
        assert [item.id for item in checks if item.error] == [told]
        assert refuses(EvidenceError, check, changed)


def test_a_receipt_of_another_root() -> None:
    whole = anchored(statement())
    assert whole.receipt is not None
    wrong = replace(whole, proof=replace(whole.receipt, index=1))
    failed = [item.id for item in opening.internal_checks(wrong) if item.error]
    assert failed == ["receipt-path"]


def _stands(data: bytes, leaf: bytes) -> bool:
    """Whether a changed opening would still pass for one that KEY promised or the chain holds."""
    found = parse_opening(data)
    check(found)
    if found.promised is not None:
        by = found.promised.promise.signer(**PLACE, member=found.statement.iss)
        return by.address == KEY.public_key.to_address()
    assert found.receipt is not None
    kept = anchored(statement()).receipt
    # What the chain and the registered keys hold of a receipt; the verifier compares it.
    compared = ("anchor", "checkpoint", "network", "log", "size")
    same = all(getattr(found.receipt, name) == getattr(kept, name) for name in compared)
    return same and found.leaf == leaf


@pytest.mark.parametrize("whole", [signed(), anchored(statement())], ids=["promise", "receipt"])
def test_one_flipped_bit_never_verifies(whole: Opening) -> None:
    data = whole.encode()
    assert _stands(data, whole.leaf)
    for bit in bits(data):
        try:
            assert not _stands(flip(data, bit), whole.leaf), bit
        except (EvidenceError, VersionUnknown):
            continue


def _changed(whole: Opening, **members: Any) -> bytes:
    return canonical.encode(whole.to_json() | members, allow_null=True)


@pytest.mark.parametrize(
    "members",
    [
        {"_type": "credit-ledger/openings@1"},
        {"_type": 1},
        {"more": 1},
        {"entry": None},
        {"promise": None},
        {"promise": []},
        {"promise": {"index": 0, "path": []}},
        {"statement": None},
        {"statement": {}},
        {"statement": []},
    ],
    ids=str,
)
def test_what_is_no_opening(members: dict[str, Any]) -> None:
    assert refuses(Malformed, parse_opening, _changed(promised(statement()), **members))


@pytest.mark.parametrize(
    "change",
    [
        *({"index": None}, {"index": True}, {"path": None}, {"path": [1]}, {"path": ["00"]}),
        *({"path": ["00" * 32] * 13}, {"promise": None}, {"more": 1}, {"index": "0"}),
    ],
    ids=str,
)
def test_what_is_no_promise_of_one(change: dict[str, Any]) -> None:
    whole = promised(statement())
    value = whole.to_json()["promise"] | change
    assert refuses(Malformed, parse_opening, _changed(whole, promise=value))


def test_what_is_no_receipt_of_one() -> None:
    whole = anchored(statement())
    inner = whole.to_json()["receipt"]
    wrong: list[Any] = [None, {}, [], inner | {"index": None}, inner | {"presentation": "a.b.c~"}]
    for value in wrong:
        assert refuses(Malformed, parse_opening, _changed(whole, receipt=value)), value
    (shown, *_) = cases("presentation/presentation", 3)
    with_presentation = inner | {"presentation": shown["text"]}
    with pytest.raises(Malformed, match="presentation of a statement"):
        parse_opening(_changed(whole, receipt=with_presentation))
    both = whole.to_json() | promised(statement()).to_json()
    assert refuses(Malformed, parse_opening, canonical.encode(both, allow_null=True))


def test_spelling() -> None:
    good = promised(statement()).encode()
    for data in (good + b"\n", b" " + good, b"\xef\xbb\xbf" + good, good[:-1], b"", b"[]", b"{}"):
        assert refuses(Malformed, parse_opening, data), data[:20]
    assert refuses(Malformed, parse_opening, good + b" " * opening.MAX_OPENING)
    for data in (
        good,
        b" " + good,
        b"\xef\xbb\xbf" + good,
        b'{ "_type" : "credit-ledger/opening@7"',
    ):
        assert is_opening(data)
    for data in (b"", b"{}", b'{"_type":"credit-ledger/receipt@1"}', statement().encode()):
        assert not is_opening(data)


def test_what_is_newer() -> None:
    first, second = promised(statement()), anchored(statement())
    inner = second.to_json()["receipt"]
    for data in (
        _changed(first, _type="credit-ledger/opening@2", x=None),
        _changed(first, _type="credit-ledger/opening@2") + b"\n",
        _changed(first, statement={"_type": "credit-ledger/case@2", "x": [[[1]]]}),
        _changed(first, entry={"_type": "credit-ledger/entry@2"}),
        _changed(first, promise={"promise": {"_type": "credit-ledger/promise@2"}}),
        _changed(second, receipt={"_type": "credit-ledger/receipt@2"}),
        _changed(second, receipt=inner | {"entry": inner["entry"] | {"suite": "sm3"}}),
        _changed(second, receipt=inner | {"entry": {"_type": "credit-ledger/entry@2"}}) + b"\n",
        _changed(first, promise={"_type": "credit-ledger/promise@2"}),
    ):
        assert refuses(VersionUnknown, parse_opening, data), data[:80]


def test_a_line_that_is_not_known_excuses_nothing() -> None:
    whole = anchored(statement())
    receipt = whole.to_json()["receipt"]
    line = f"— example.com/w {canonical.b64_encode(bytes(76))}\n"
    carried = receipt | {"checkpoint": receipt["checkpoint"] + line}
    opened = parse_opening(_changed(whole, receipt=carried))
    assert opened.receipt is not None and opened.receipt.checkpoint.newer
    said = whole.to_json()["statement"] | {"iss": "a b"}
    for wrong in ({"statement": said}, {"receipt": carried | {"index": True}}, {"x": 1}):
        assert refuses(Malformed, parse_opening, _changed(whole, **{"receipt": carried} | wrong))


def test_a_line_of_the_owner_that_is_not_known_goes_before_all() -> None:
    whole = anchored(statement())
    receipt = whole.to_json()["receipt"]
    body, _, line = receipt["checkpoint"].partition("\n\n")
    longer = f"{line.rsplit(' ', 1)[0]} {canonical.b64_encode(bytes(4 + 65))}\n"
    signed = receipt | {"checkpoint": f"{body}\n\n{longer}"}
    opened = parse_opening(_changed(whole, receipt=signed))
    assert opened.receipt is not None and not opened.receipt.checkpoint.signed_by_known_type
    said = whole.to_json()["statement"] | {"iss": "a b"}
    for wrong in ({"statement": said}, {"receipt": signed | {"index": True}}, {"x": 1}):
        data = _changed(whole, **{"receipt": signed} | wrong)
        assert refuses(VersionUnknown, parse_opening, data), wrong.keys()


def test_a_statement_logged_again_says_what_it_replaces() -> None:
    old, made = statement(), statement(log=LogId(bytes([9]) * 32))
    entry = parse_entry(made.entry(replaces=old.record_id))
    leaf = merkle.leaf_hash(entry.encode())
    held = promise.Promise(
        log=made.log, leaves_root=leaf, count=1, issued_at=1, due=2, signature=bytes(65)
    )
    proof = opening.Promised(index=0, path=(), promise=held)
    whole = Opening(statement=made, entry=entry, proof=proof)
    check(whole)
    assert parse_opening(whole.encode()).entry.replaces == old.record_id
