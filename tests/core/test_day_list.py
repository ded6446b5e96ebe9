"""Lists of a day: what is one, and what is said twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from ledger.chain.keys.signers import LocalSigner
from ledger.core import canonical, day_list
from ledger.core.day_list import DayList, Missing, Part, check_file, check_parts
from ledger.core.errors import EvidenceError, Malformed, ProofMismatch, VersionUnknown
from ledger.core.ids import Digest, sha256
from ledger.core.jws import sign_statement
from ledger.core.keys import Alg
from ledger.core.signed import Item, Left, demand_receipts

AT = 1_780_000_000
DAY = date(2026, 5, 28)
NETWORK = "eip155:31337:0x" + "11" * 20
KEY = LocalSigner(Alg.ED25519, b"\x07" * 32)
TEXTS = ("one", "two", "three")
ITEMS = tuple(Item.of(sha256(f"leaf {text}".encode()), text.encode()) for text in TEXTS)

PART = Part(
    iss="110000",
    list="abnormal-list",
    day=DAY,
    network=NETWORK,
    at=AT,
    known=AT - 5,
    start=0,
    until=3,
    last=True,
    items=ITEMS[:2],
    left=(Left(reason="ended", count=1),),
)
SECOND = replace(PART, iss="120000", until=1, items=ITEMS[2:], left=())
DAY_LIST = DayList(
    iss="110000",
    list="abnormal-list",
    day=DAY,
    network=NETWORK,
    at=AT,
    missing=(Missing(member="130000", reason="unreachable"),),
    parts=(),
)


def sign(typ: str, payload: bytes, at: int = AT) -> str:
    return sign_statement(typ, payload, sign=KEY.sign, kid=KEY.key_id, alg=KEY.alg, iat=at)


def signed(part: Part, at: int | None = None) -> str:
    return sign(day_list.PART_TYP, part.encode(), part.at if at is None else at)


def make(*parts: Part, texts: tuple[str, ...] = TEXTS, **changes: Any) -> bytes:
    held = [signed(part) for part in parts or (PART, SECOND)]
    named = tuple(sha256(one.encode()) for one in held)
    told = replace(DAY_LIST, **{"parts": named} | changes)
    return day_list.encode_file(sign(day_list.LIST_TYP, told.encode(), told.at), held, texts)


def test_one_is_read_as_it_was_written() -> None:
    data = make()
    assert day_list.is_list(data)
    file = day_list.parse_file(data)
    check_file(file)
    assert file.encode() == data
    assert [one.part for one in file.parts] == [PART, SECOND]
    assert file.list.missing == DAY_LIST.missing
    told = [(part.iss, item, text) for part, item, text in file.entries()]
    assert told == [
        ("110000", ITEMS[0], "one"),
        ("110000", ITEMS[1], "two"),
        ("120000", ITEMS[2], "three"),
    ]


def test_parts_go_on() -> None:
    first = replace(PART, last=False)
    second = replace(PART, start=3, until=4, items=ITEMS[2:], left=())
    check_file(day_list.parse_file(make(first, second)))
    check_parts([])


@pytest.mark.parametrize(
    "parts",
    [
        [replace(PART, last=False)],
        [replace(PART, start=1, until=4)],
        [PART, replace(PART, start=3, until=4, items=ITEMS[2:], left=())],
        [replace(PART, last=False), SECOND],
        [replace(PART, last=False), replace(PART, start=4, until=5, items=ITEMS[2:], left=())],
        [SECOND, PART],
        [PART, replace(SECOND, items=ITEMS[:1])],
    ],
    ids=["no last", "no first", "again", "another within", "a gap", "order", "a leaf twice"],
)
def test_parts_that_are_not_whole(parts: list[Part]) -> None:
    with pytest.raises(ProofMismatch):
        check_parts(parts)


@pytest.mark.parametrize(
    "data",
    [
        lambda: make(parts=()),
        lambda: make(parts=(Digest(bytes(32)),) * 2),
        lambda: make(replace(PART, day=date(2026, 5, 27)), SECOND),
        lambda: make(replace(PART, list="severe-list-entry"), SECOND),
        lambda: make(replace(PART, network=NETWORK[:-1] + "2"), SECOND),
        lambda: make(missing=(Missing(member="120000", reason="unreachable"),)),
        lambda: make(texts=TEXTS[:2]),
        lambda: make(texts=(*TEXTS, "four")),
        lambda: make(texts=("two", "one", "three")),
        lambda: make(texts=("x" * ((1 << 20) + 1), "two", "three")),
    ],
)
def test_what_is_said_twice(data: Callable[[], bytes]) -> None:
    file = day_list.parse_file(data())
    with pytest.raises(EvidenceError):
        check_file(file)


def changed(payload: bytes, **changes: Any) -> bytes:
    value = canonical.parse(payload) | changes
    return canonical.encode({name: one for name, one in value.items() if one != "gone"})


ITEM = ITEMS[0].to_json()


@pytest.mark.parametrize(
    "changes",
    [
        {"more": 1},
        {"items": "gone"},
        {"_type": "credit-ledger/list-part@0"},
        {"last": 1},
        {"iss": "a b"},
        {"list": "A"},
        {"day": "2026-02-30"},
        {"network": "eip155:31337"},
        {"at": "2026"},
        {"from": -1 + 2},
        {"until": "3"},
        {"items": {}},
        {"items": [1]},
        {"items": [ITEM, ITEM]},
        {"items": [ITEM | {"receipt": "00"}, ITEM]},
        {"items": [ITEM | {"leaf": 1}, ITEM]},
        {"items": [ITEM] * 501},
        {"left": [{"count": 0, "reason": "ended"}]},
        {"left": [{"count": 1, "reason": "Ended"}]},
        {"left": [{"count": 1, "reason": "ended"}] * 2},
        {"left": []},
        {"known": 5},
    ],
)
def test_a_part_of_another_form(changes: dict[str, Any]) -> None:
    jws = sign(day_list.PART_TYP, changed(PART.encode(), **changes))
    with pytest.raises(Malformed):
        day_list.parse_part(jws)


@pytest.mark.parametrize(
    "changes",
    [
        {"more": 1},
        {"_type": "credit-ledger/list@1"},
        {"missing": [{"member": "130000"}]},
        {"missing": [{"member": "130000", "reason": "x"}] * 2},
        {"missing": [{"member": "130000", "reason": "Two words"}]},
        {"parts": ["00"]},
    ],
)
def test_a_list_of_another_form(changes: dict[str, Any]) -> None:
    jws = sign(day_list.LIST_TYP, changed(DAY_LIST.encode(), **changes))
    with pytest.raises(Malformed):
        day_list.parse_file(day_list.encode_file(jws, [], []))


def test_the_header_tells_the_same_time() -> None:
    with pytest.raises(ProofMismatch):
        day_list.parse_part(signed(PART, AT + 1))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: b" " + data,
        lambda data: data.replace(b'"list"', b'"last"', 1),
        lambda data: data.replace(b'"receipts":["one"', b'"receipts":[1', 1),
        lambda data: b"{}",
        lambda data: b"",
    ],
)
def test_a_file_of_another_form(spoil: Callable[[bytes], bytes]) -> None:
    with pytest.raises(Malformed):
        day_list.parse_file(spoil(make()))
    assert not day_list.is_list(b'{"_type":"credit-ledger/receipt@1"}')


def test_a_newer_one_is_no_bad_one() -> None:
    with pytest.raises(VersionUnknown):
        day_list.parse_file(make().replace(b"list@1", b"list@2", 1))
    with pytest.raises(VersionUnknown):
        changed_part = changed(PART.encode(), _type="credit-ledger/list-part@2", at="gone")
        day_list.parse_part(sign(day_list.PART_TYP, changed_part))


def test_a_receipt_is_named_by_its_bytes() -> None:
    demand_receipts(ITEMS, TEXTS)
    with pytest.raises(Malformed):
        demand_receipts(ITEMS[:1], ["\ud800"])
