"""Histories of subjects: what is one, and what is said twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from ledger.chain.keys.signers import LocalSigner
from ledger.core import canonical, history
from ledger.core.errors import Malformed, ProofMismatch, VersionUnknown
from ledger.core.history import Given, History, act_json, check_file, parse_file
from ledger.core.ids import Digest, KeyId, LogId, bytes32_ascii, sha256
from ledger.core.jws import sign_statement
from ledger.core.keys import Alg
from ledger.core.signed import Item, Left
from ledger.core.status import ZERO, Act, Action, RecordedAct

AT = 1_780_000_000
KEY = LocalSigner(Alg.ED25519, b"\x07" * 32)
TEXTS = ("one", "two")
OPENINGS = (b'{"a":null}', b'{"b":1}')
ACTED = RecordedAct(
    act=Act(
        log=LogId(Digest(b"\x01" * 32)),
        commitment=Digest(b"\x02" * 32),
        action=Action.DISPUTE,
        expected_version=0,
        basis=7,
        doc=Digest(b"\x03" * 32),
        effective_at=AT - 500,
    ),
    member=bytes32_ascii("110000"),
    signed_by=KeyId(Digest(b"\x05" * 32)),
    recorded_at=AT - 100,
    block=7,
)
ACT = act_json(ACTED)
RECORDS = tuple(
    Given(item=Item.of(sha256(text.encode()), text.encode()), acts=acts)
    for text, acts in zip(TEXTS, ((ACT,), ()), strict=True)
)
HISTORY = History(
    iss="110000",
    subject="91110000600037341L",
    purpose="relocation",
    to="130000",
    as_of=date(2026, 5, 28),
    network="eip155:31337:0x" + "11" * 20,
    at=AT,
    known=AT - 5,
    records=RECORDS,
    openings=tuple(sha256(one) for one in OPENINGS),
    left=(Left(reason="not-granted", count=2),),
)


def make(made: History = HISTORY, at: int | None = None, **changes: Any) -> bytes:
    payload = made.encode()
    if changes:
        value = canonical.parse(payload, max_depth=5) | changes
        kept = {name: one for name, one in value.items() if one != "gone"}
        payload = canonical.encode(kept, max_depth=5)
    iat = made.at if at is None else at
    jws = sign_statement(history.TYP, payload, sign=KEY.sign, kid=KEY.key_id, alg=KEY.alg, iat=iat)
    return history.encode_file(jws, OPENINGS, TEXTS)


def test_one_is_read_as_it_was_written() -> None:
    data = make()
    assert history.is_history(data)
    assert not history.is_history(b'{"_type":"credit-ledger/list@1"}')
    file = parse_file(data)
    check_file(file)
    assert file.encode() == data
    assert file.history == HISTORY
    assert [text for _, text in file.entries()] == list(TEXTS)
    own = replace(HISTORY, purpose="own", to="")
    assert parse_file(make(own)).history == own


def test_an_act_as_it_is_written() -> None:
    assert (ACT["member"], ACT["action"], ACT["effectiveAt"]) == (
        "110000",
        1,
        canonical.instant(AT - 500),
    )
    by_vote = act_json(replace(ACTED, member=ZERO))
    assert by_vote["member"] == ""


def test_a_time_that_nobody_can_write() -> None:
    """Whoever acts chooses `refiledFrom`, and the contract takes any: it must not keep a record out
    of every history."""
    for time in (canonical.MAX_INSTANT, canonical.MAX_INSTANT + 1, 2**64 - 1):
        told = act_json(replace(ACTED, act=replace(ACTED.act, refiled_from=time)))
        assert told["refiledFrom"] == "9999-12-31T23:59:59Z"


@pytest.mark.parametrize(
    "made",
    [
        replace(HISTORY, openings=HISTORY.openings[:1]),
        replace(HISTORY, openings=HISTORY.openings[::-1]),
        replace(HISTORY, records=RECORDS[:1]),
        replace(HISTORY, records=RECORDS[::-1]),
        replace(HISTORY, records=(RECORDS[0], RECORDS[0])),
    ],
)
def test_what_is_said_twice(made: History) -> None:
    file = parse_file(make(made))
    with pytest.raises(ProofMismatch):
        check_file(file)


def test_the_header_tells_the_same_time() -> None:
    with pytest.raises(ProofMismatch):
        parse_file(make(at=AT + 1))


RECORD = RECORDS[0].to_json()


@pytest.mark.parametrize(
    "changes",
    [
        {"more": 1},
        {"left": "gone"},
        {"_type": "credit-ledger/history@1"},
        {"iss": ""},
        {"subject": "9111"},
        {"purpose": "funding"},
        {"purpose": "own"},
        {"to": ""},
        {"to": "a b"},
        {"asOf": "2026-13-01"},
        {"known": "2026"},
        {"network": "x"},
        {"records": {}},
        {"records": [RECORD | {"more": 1}]},
        {"records": [RECORD | {"leaf": "00"}]},
        {"records": [RECORD | {"acts": [ACT | {"block": "7"}]}]},
        {"records": [RECORD | {"acts": [ACT | {"doc": "07"}]}]},
        {"records": [RECORD | {"acts": [ACT | {"recordedAt": 7}]}]},
        {"records": [RECORD | {"acts": [ACT | {"member": "a b"}]}]},
        {"records": [RECORD | {"acts": [{}]}]},
        {"openings": ["00"]},
    ],
)
def test_a_history_of_another_form(changes: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        parse_file(make(**changes))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data + b"\n",
        lambda data: data.replace(b'"receipts"', b'"receiptz"', 1),
        lambda data: data.replace(b'"receipts":["one"', b'"receipts":[1', 1),
        lambda data: b"{}",
    ],
)
def test_a_file_of_another_form(spoil: Callable[[bytes], bytes]) -> None:
    with pytest.raises(Malformed):
        parse_file(spoil(make()))


def test_a_newer_one_is_no_bad_one() -> None:
    with pytest.raises(VersionUnknown):
        parse_file(make().replace(b"history@1", b"history@2", 1))
