"""What a special credit report says: one spelling, whole, and that of its statement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ledger.core import canonical
from ledger.core.errors import Malformed, ProofMismatch, VersionUnknown
from ledger.core.ids import Digest, LogId, sha256
from ledger.core.report_content import (
    CODE_ALPHABET,
    DRAWN_LENGTH,
    Content,
    Field,
    Source,
    check_content,
    fold_code,
    is_number,
    make_number,
    parse_content,
    parse_number,
)
from ledger.core.signed import Item
from ledger.core.statement import Statement
from tests.core.answers import ANSWER
from tests.core.material import fuzz, refuses

DAY = date(2026, 11, 20)
DRAWN = "K7M2P9QXRT"
AT = 1_795_000_000
TEXTS = ("one\n", "two\n", "three\n")
ITEMS = tuple(Item.of(sha256(text.encode()), text.encode()) for text in TEXTS)
UNIT, OTHER = "11110000000013338W", "11110000000020000X"
CONTENT = Content(
    iss="110000",
    number=make_number("110000", DAY, DRAWN),
    at=AT,
    block=70,
    covers=ANSWER.covers,
    network="eip155:31337:0x" + "11" * 20,
    field_list="report-fields@1:" + "ab" * 32,
    rules="publicity@1:" + "cd" * 32,
    start=date(2023, 11, 20),
    end=DAY,
    code="911300007W0LM5R39F",
    name="样例一有限公司",
    until=date(2026, 12, 20),
    fields=(
        Field(field="market", records=ITEMS[:2], sources=(Source(unit=UNIT, through=DAY),)),
        Field(
            field="tax",
            records=(),
            sources=(Source(unit=UNIT, through=DAY), Source(unit=OTHER, through=DAY)),
        ),
        Field(field="fire", records=(), sources=()),
        Field(field="other", records=ITEMS[2:], sources=()),
    ),
)
Change = Callable[[dict[str, Any]], Any]


def statement(content: Content = CONTENT, **changes: Any) -> Statement:
    values: dict[str, Any] = {
        "sort": "report",
        "at": AT,
        "iss": content.iss,
        "log": LogId(b"\x04" * 32),
        "salt": bytes(32),
        "members": content.report.members(),
    }
    return Statement(**values | changes)


def changed(change: Change) -> bytes:
    value = canonical.parse(CONTENT.encode())
    change(value)
    return canonical.encode(value, allow_null=True)


def test_read_back() -> None:
    found = parse_content(CONTENT.encode())
    assert found == CONTENT
    assert [one.state for one in found.fields] == [
        "records",
        "none-known",
        "not-supplied",
        "records",
    ]
    assert found.items == ITEMS
    for at in (AT - 3600, AT, AT + 10**6):  # logged again later
        check_content(found, statement(at=at), TEXTS)


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value.pop("name", value.pop("until")),
        lambda value: value.update(more=1),
        lambda value: value.update(_type="credit-ledger/report@1"),
        lambda value: value.update(iss="1 0"),
        lambda value: value.update(number=make_number("120000", DAY, DRAWN)),
        lambda value: value.update(number="110000-20261120-0000070"),
        lambda value: value.update(number=7),
        lambda value: value.update(at="2026-11-20"),
        lambda value: value.update(block=-1 + 2**54),
        lambda value: value.update(covers=[]),
        lambda value: value.update(network="eip155:1"),
        lambda value: value.update(list="report-fields@1"),
        lambda value: value.update(rules="publicity@0:" + "cd" * 32),
        lambda value: value["period"].update({"to": "2023-11-19"}),
        lambda value: value["period"].update({"day": "2023-11-19"}),
        lambda value: value["subject"].update(code="9113"),
        lambda value: value["subject"].update(name="名" * 201),
        lambda value: value["subject"].pop("name"),
        lambda value: value.update(until="2026-13-01"),
        lambda value: value.update(fields=[]),
        lambda value: value.update(fields={}),
        lambda value: value.update(fields=value["fields"] * 33),
        lambda value: value["fields"].append(value["fields"][2]),
        lambda value: value["fields"][2].update(field="Fire"),
        lambda value: value["fields"][2].update(state="none-known"),
        lambda value: value["fields"][2].update(state="empty"),
        lambda value: value["fields"][2].pop("sources"),
        lambda value: value["fields"][1]["sources"].reverse(),
        lambda value: value["fields"][1]["sources"][1].update(unit=UNIT),
        lambda value: value["fields"][1]["sources"][1].update(unit="1"),
        lambda value: value["fields"][1]["sources"][1].update(through="2026-11-20T00:00:00Z"),
        lambda value: value["fields"][0]["records"].append(value["fields"][0]["records"][0]),
        lambda value: value["fields"][3]["records"].append(value["fields"][0]["records"][0]),
        lambda value: value["fields"][0]["records"][0].update(leaf="00"),
    ],
)
def test_nothing_else_is_a_report(change: Change) -> None:
    with pytest.raises(Malformed):
        parse_content(changed(change))


def test_one_spelling() -> None:
    for data in (CONTENT.encode() + b"\n", b" " + CONTENT.encode(), CONTENT.encode()[:-1]):
        with pytest.raises(Malformed):
            parse_content(data)
    with pytest.raises(VersionUnknown):
        parse_content(changed(lambda value: value.update(_type="credit-ledger/report-content@2")))


def test_too_many_records() -> None:
    many = [Item.of(sha256(bytes([n // 256, n % 256])), b"") for n in range(1001)]
    fields = [
        {"field": name, "records": [one.to_json() for one in part], "sources": [], "state": state}
        for name, part, state in (("a", many[:600], "records"), ("b", many[600:], "records"))
    ]
    whole = changed(lambda value: value.update(fields=fields))
    with pytest.raises(Malformed, match="more than 1000"):
        parse_content(whole)
    fields[1]["records"] = fields[1]["records"][:-1]
    assert len(parse_content(changed(lambda value: value.update(fields=fields))).items) == 1000


@pytest.mark.parametrize(
    ("content", "stated", "receipts", "what"),
    [
        (CONTENT, statement(iss="120000"), TEXTS, "issuer"),
        (replace(CONTENT, name="样例二有限公司"), statement(), TEXTS, "content"),
        (CONTENT, statement(at=AT - 3601), TEXTS, "at"),
        (CONTENT, statement(), TEXTS[:2], "receipts"),
        (CONTENT, statement(), (*TEXTS[:2], "three"), "receipt"),
        (CONTENT, statement(), (TEXTS[1], TEXTS[0], TEXTS[2]), "receipt"),
    ],
)
def test_parts_that_do_not_agree(
    content: Content, stated: Statement, receipts: tuple[str, ...], what: str
) -> None:
    with pytest.raises(ProofMismatch) as caught:
        check_content(content, stated, receipts)
    assert caught.value.what == what


@pytest.mark.parametrize(
    ("member", "value", "what"),
    [
        ("period", {"from": "2023-11-21", "to": "2026-11-20"}, "period"),
        ("subject", "91110000600037341L", "subject"),
        ("until", "2027-12-20", "until"),
    ],
)
def test_a_statement_that_says_something_else(member: str, value: Any, what: str) -> None:
    members = CONTENT.report.members() | {member: value}
    with pytest.raises(ProofMismatch) as caught:
        check_content(CONTENT, statement(members=members), TEXTS)
    assert caught.value.what == what


def test_a_statement_of_another_sort() -> None:
    with pytest.raises(Malformed, match="not that of a report"):
        check_content(CONTENT, statement(sort="dummy", members={}), TEXTS)


# ---- numbers and codes


def test_numbers() -> None:
    """Nobody counts them up: but for the day they are drawn."""
    number = make_number("110000", DAY, DRAWN)
    assert number[:-1] == "110000-20261120-K7M2P9QXRT"
    assert is_number(number)
    assert parse_number(number) == ("110000", DAY)
    assert parse_number(make_number("demo-bank", DAY, DRAWN)) == ("demo-bank", DAY)
    for drawn in (DRAWN[1:], DRAWN + "2", DRAWN[1:] + "0", DRAWN[1:] + "L", DRAWN.lower()):
        with pytest.raises(Malformed):
            make_number("110000", DAY, drawn)
    with pytest.raises(Malformed):
        make_number("a b", DAY, DRAWN)


@given(
    some.text(CODE_ALPHABET, min_size=DRAWN_LENGTH, max_size=DRAWN_LENGTH),
    some.integers(0, 26),
    some.sampled_from(CODE_ALPHABET),
)
def test_one_wrong_character_is_seen(drawn: str, place: int, character: str) -> None:
    number = make_number("110000", DAY, drawn)
    slipped = number[:place] + character + number[place + 1 :]
    if slipped == number or number[place] == "-":
        return
    with pytest.raises(Malformed):
        parse_number(slipped)


@pytest.mark.parametrize(
    "number",
    ["", "110000", "110000-20261120-12", "110000-20261320-0000120", "-20261120-0000120"],
)
def test_what_is_no_number(number: str) -> None:
    with pytest.raises(Malformed):
        parse_number(number)
    assert not is_number(number)


def test_codes_are_read_as_people_type_them() -> None:
    assert fold_code(" abcd-2345 ") == "ABCD2345"
    assert len(fold_code("A" * 1000)) == 32
    assert len(set(CODE_ALPHABET)) == 31
    assert not set("01ILO") & set(CODE_ALPHABET)


@fuzz
@given(some.binary(max_size=64))
def test_anything_may_be_sent(data: bytes) -> None:
    assert refuses(Malformed, parse_content, data)


def test_digest_is_of_all_of_it() -> None:
    assert CONTENT.report.content == sha256(CONTENT.encode())
    moved = replace(CONTENT, until=date(2026, 12, 21))
    assert moved.report.content != Digest(CONTENT.report.content)
