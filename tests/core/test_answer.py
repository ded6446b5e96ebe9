"""Answers about subjects: what is one, and what is said twice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ledger.core import answer as answers
from ledger.core.answer import MAX_ITEMS, Answer, Cover, check_given, given_from_json, parse_answer
from ledger.core.canonical import b64u_encode
from ledger.core.errors import EvidenceError, Malformed, ProofMismatch, VersionUnknown
from ledger.core.ids import Digest, sha256
from ledger.core.opening import MAX_OPENING
from ledger.core.signed import Item
from tests.core.answers import ANSWER, AT, KEY, LOG, OTHER_LOG, SUBJECT, given, jws_of, opening_of
from tests.core.statements import promised, statement


def test_one_is_read_as_it_was_written() -> None:
    found, jws = parse_answer(jws_of())
    assert found == ANSWER
    assert (jws.kid, jws.iat) == (KEY.key_id, AT)
    assert found.size_of(LOG) == 9
    assert found.size_of(OTHER_LOG) == found.size_of(LOG[:-1] + b"\0") == 0  # type: ignore[arg-type]


def test_one_without_authorisation_and_items() -> None:
    bare = replace(ANSWER, authorisation=None, items=())
    assert parse_answer(jws_of(bare))[0] == bare


@pytest.mark.parametrize(
    "changes",
    [
        {"at": "gone"},
        {"more": 1},
        {"_type": "credit-ledger/answer@0"},
        {"_type": "credit-ledger/reply@1"},
        {"iss": "a b"},
        {"to": ""},
        {"authorisation": "00"},
        {"block": -1},
        {"block": True},
        {"covers": []},
        {"covers": [{"log": "11" * 32, "size": 1}] * 2},
        {"covers": [{"log": "12" * 32, "size": 1}, {"log": "11" * 32, "size": 1}]},
        {"covers": [{"log": "11" * 32}]},
        {"covers": [{"log": "11" * 32, "size": -1}]},
        {"items": [{"leaf": "11" * 32, "receipt": "12" * 32}] * 2},
        {"items": {}},
        {"nonce": "A" * 21},
        {"nonce": "A" * 21 + "="},
        {"nonce": "A" * 21 + "B"},
        {"question": []},
        {"question": {"code": SUBJECT, "purpose": "pre-loan"}},
        {"question": {"code": SUBJECT.lower(), "purpose": "pre-loan", "types": ["penalty"]}},
        {"question": {"code": SUBJECT, "purpose": "fun", "types": ["penalty"]}},
        {"question": {"code": SUBJECT, "purpose": "pre-loan", "types": []}},
        {"question": {"code": SUBJECT, "purpose": "pre-loan", "types": ["b", "a"]}},
    ],
)
def test_what_is_no_answer(changes: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        parse_answer(jws_of(**changes))


SM2 = b'{"alg":"SM2"}'


def test_what_is_newer() -> None:
    """Whatever else it holds or lacks: nothing of it is judged by the rules of now."""
    header, payload, signature = jws_of().split(".")
    newer = b'{"_type":"credit-ledger/answer@2","x":[[[[1.5]]]]}'
    for jws in (
        jws_of(_type="credit-ledger/answer@2"),
        jws_of(_type="credit-ledger/answer@2", iss="gone"),
        f"{header}.{b64u_encode(newer)}.{signature}",
        f"{b64u_encode(SM2)}.{payload}.{signature}",
    ):
        with pytest.raises(VersionUnknown):
            parse_answer(jws)
    for bad in (b'{"alg":"none"}', b'{"alg":"S M"}', b'{"alg":1}', b"[]", b"x"):
        with pytest.raises(Malformed):
            parse_answer(f"{b64u_encode(bad)}.{payload}.{signature}")


def test_bounds() -> None:
    items = tuple(
        Item(leaf=sha256(b"%d" % n), receipt=Digest(bytes(32))) for n in range(MAX_ITEMS + 1)
    )
    assert len(parse_answer(jws_of(replace(ANSWER, items=items[:-1])))[0].items) == MAX_ITEMS
    with pytest.raises(Malformed):
        parse_answer(jws_of(replace(ANSWER, items=items)))
    logs = tuple(Cover(log=LOG[:-2] + n.to_bytes(2, "big"), size=n) for n in range(257))  # type: ignore[arg-type]
    assert len(parse_answer(jws_of(replace(ANSWER, covers=logs[:-1])))[0].covers) == 256
    with pytest.raises(Malformed):
        parse_answer(jws_of(replace(ANSWER, covers=logs)))
    with pytest.raises(Malformed):
        parse_answer("a" * (answers.MAX_JWS + 1))


def test_header_and_payload_name_one_time() -> None:
    with pytest.raises(ProofMismatch):
        parse_answer(jws_of(at=AT + 1))


# ---- as it is handed over


def test_what_is_handed_over_agrees_with_itself() -> None:
    found = given()
    check_given(found)
    assert given_from_json(found.to_json()) == found
    assert found.own == ("one", "two")
    assert found.more == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"asker": "other-bank"},
        {"authorisation": None},
        {"items": 3},
        {"purpose": "in-loan"},
        {"subject": "911300007W0LM5R39G"},
        {"iss": "130000"},
    ],
)
def test_the_query_is_that_of_the_answer(changes: dict[str, Any]) -> None:
    with pytest.raises(ProofMismatch):
        check_given(given(**changes))


def test_another_sort_is_no_query() -> None:
    jws = jws_of()
    value = {
        "answer": jws,
        "opening": promised(statement()).to_json(),
        "receipts": ["one", "two"],
    }
    with pytest.raises(Malformed, match="query"):
        check_given(given_from_json(value))


def test_receipts_are_those_of_the_items_in_order() -> None:
    value = given().to_json()
    for receipts in (["two", "one"], ["one", "three"], ["one"], []):
        with pytest.raises(EvidenceError):
            check_given(given_from_json(value | {"receipts": receipts}))


def test_what_contradicts_it_stands_behind() -> None:
    found = given(more=("three",))
    check_given(found)
    assert (found.own, found.more) == (("one", "two"), ("three",))
    with pytest.raises(Malformed):
        given_from_json(found.to_json(), more=0)
    with pytest.raises(Malformed):
        given_from_json(found.to_json() | {"receipts": ["x"] * (2 + answers.MAX_MORE + 1)})


@pytest.mark.parametrize("gone", ["answer", "opening", "receipts"])
def test_what_is_handed_over_is_whole(gone: str) -> None:
    value = given().to_json()
    del value[gone]
    with pytest.raises(Malformed):
        given_from_json(value)


def test_hostile_members() -> None:
    value = given().to_json()
    for change in ({"answer": 1}, {"opening": 1}, {"opening": {"a": "b" * MAX_OPENING}},
                   {"receipts": [1, 2]}, {"receipts": "one"}):  # fmt: skip
        with pytest.raises(Malformed):
            given_from_json(value | change)


def test_the_opening_of_another_answer() -> None:
    other: Answer = replace(ANSWER, block=71)
    value = given().to_json() | {"opening": opening_of(jws_of(other), other).to_json()}
    with pytest.raises(ProofMismatch):
        check_given(given_from_json(value))
