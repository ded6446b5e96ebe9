"""Statements: the worked examples, one spelling, and what is none."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core import canonical, case, ids
from ledger.core import statement as statements
from ledger.core.docs import Doc
from ledger.core.errors import Malformed, VersionUnknown
from ledger.core.ids import LogId, sha256
from ledger.core.statement import Statement, parse_statement
from tests.core.material import flip, fuzz, refuses
from tests.core.statements import PART_2, STATEMENTS, statement, step, worked


@pytest.mark.parametrize("name", PART_2)
def test_worked_examples_are_read_and_written_byte_for_byte(name: str) -> None:
    _, expected = worked(name)
    data = expected["statementBytes"].encode()
    found = parse_statement(data)
    assert found.sort == name
    assert found.encode() == data
    assert found.commitment.hex() == expected["commitment"]
    assert found.entry().decode() == expected["entry"]
    assert found.record_id == ids.record_id(found.log, found.commitment)


@pytest.mark.parametrize("name", PART_2)
def test_the_doc_of_an_act_is_that_of_the_first_document_or_of_the_statement(name: str) -> None:
    given_, expected = worked(name)
    found = parse_statement(expected["statementBytes"].encode())
    docs = [
        Doc(
            name=item["name"],
            salt=canonical.b64u_decode(item["salt"]),
            sha256=bytes.fromhex(item["sha256"]),
            size=item["size"],
        )
        for item in given_["docs"]
    ]
    assert [item.to_json() for item in docs] == given_["docs"]
    assert case.doc_of(found.commitment, found.salt, docs).hex() == expected["doc"]
    assert case.doc_of(found.commitment, found.salt, []).hex() == expected["docOfNone"]


def test_a_step_names_its_own_doc() -> None:
    made = statement()
    assert made.doc() == step().docs[0].digest
    bare = statement(members=step(docs=()).members())
    assert bare.doc() == ids.doc(bare.salt, bare.commitment)
    assert refuses(Malformed, statement(sort="dummy", members={}).doc)


@fuzz
@given(STATEMENTS)
def test_what_is_written_is_read_as_it_was(made: Statement) -> None:
    data = made.encode()
    assert len(data) <= statements.MAX_STATEMENT
    assert not data.endswith(b"\n")
    assert parse_statement(data) == made
    assert made.commitment == sha256(data)
    if made.sort == "case":
        assert made.step().members() == made.members


@fuzz
@given(STATEMENTS, st.data())
def test_one_flipped_bit_is_another_statement_or_none(made: Statement, data: st.DataObject) -> None:
    whole = made.encode()
    changed = flip(whole, data.draw(st.integers(0, len(whole) * 8 - 1)))
    try:
        found = parse_statement(changed)
    except (Malformed, VersionUnknown):
        return
    assert found.encode() == changed
    assert found.commitment != made.commitment


@pytest.mark.parametrize(
    "change",
    [
        {"act": "forgive"},
        {"authority": "1113000000000000"},
        {"authority": "11130000000000001x"},
        {"basis": 0},
        {"basis": 65_536},
        {"basis": True},
        {"basis": "1"},
        {"case": "00"},
        {"case": None},
        {"channel": "post"},
        {"channel": None},
        {"class": "grave"},
        {"day": "2026-11-31"},
        {"day": "20261120"},
        {"docs": None},
        {"docs": ["x"]},
        {"docs": [{"name": "x"}]},
        {"docs": [step().docs[0].to_json()] * 17},
        {"docs": [step().docs[0].to_json() | {"name": ""}]},
        {"docs": [step().docs[0].to_json() | {"name": "长" * 201}]},
        {"docs": [step().docs[0].to_json() | {"size": 2**53}]},
        {"docs": [step().docs[0].to_json() | {"size": None}]},
        {"docs": [step().docs[0].to_json() | {"salt": "AA"}]},
        {"docs": [step().docs[0].to_json() | {"salt": "A" * 42 + "B"}]},
        {"docs": [step().docs[0].to_json() | {"sha256": "AB" * 32}]},
        {"more": 1},
        {"nationalNo": ""},
        {"nationalNo": "7" * 65},
        {"note": "长" * 2_001},
        {"note": None},
        {"prev": None},
        {"prev": "00"},
        {"step": 1},
        {"step": 0},
        {"step": None},
        {"record": None},
        {"role": "张三"},
        {"role": "officer"},
        {"role": "a:b:c"},
        {"role": 7},
    ],
    ids=str,
)
def test_what_is_no_step_of_a_case(change: dict[str, Any]) -> None:
    value = statement().to_json()
    statements.from_json(value)
    assert refuses(Malformed, statements.from_json, value | change)


def test_members_that_are_missing() -> None:
    value = statement().to_json()
    for name in value:
        less = {key: item for key, item in value.items() if key != name}
        assert refuses(Malformed, statements.from_json, less), name


@pytest.mark.parametrize("name", ["basis", "class", "day", "nationalNo", "pushed", "received"])
def test_null_where_it_may_stand(name: str) -> None:
    value = statement().to_json() | {name: None}
    assert statements.from_json(value).to_json() == value
    first = statement().to_json() | {"prev": None, "step": 1, "note": "", "docs": []}
    assert statements.from_json(first).to_json() == first


@pytest.mark.parametrize(
    "change",
    [
        {"_type": "credit-ledger/cases@1"},
        {"_type": "credit-ledger/entry@1"},
        {"_type": "other/case@1"},
        {"_type": "case"},
        {"_type": 1},
        {"at": 7},
        {"at": "2026-11-18"},
        {"iss": "十三"},
        {"iss": ""},
        {"log": "00"},
        {"salt": "AA"},
        {"salt": "=" * 43},
    ],
    ids=str,
)
def test_what_is_no_statement(change: dict[str, Any]) -> None:
    assert refuses(Malformed, statements.from_json, statement().to_json() | change)


def test_what_is_never_made() -> None:
    for change in (
        {"salt": bytes(31)},
        {"log": LogId(bytes(31))},
        {"at": -1},
        {"at": canonical.MAX_INSTANT + 1},
        {"iss": " "},
        {"sort": "entry"},
        {"sort": "dummy", "members": {"x": 1}},
        {"members": {"at": 1}},
        {"members": step(note="\ud800").members()},
    ):
        with pytest.raises(Malformed):
            statement(**change)


def test_the_longest_case_is_no_longer_than_a_statement_may_be() -> None:
    made = Doc(name="\x01" * 200, salt=bytes(32), sha256=bytes(32), size=2**53 - 1)
    longest = step(docs=(made,) * 16, note="\x01" * 2_000, national_no="\x01" * 64)
    data = statement(members=longest.members()).encode()
    assert 30_000 < len(data) < statements.MAX_STATEMENT
    assert parse_statement(data).step() == longest


def test_spelling_and_versions() -> None:
    good = statement().encode()
    for data in (
        b"",
        b"{",
        b"[]",
        b'"x"',
        b"{}",
        good + b"\n",
        b" " + good,
        b"\xef\xbb\xbf" + good,
    ):
        assert refuses(Malformed, parse_statement, data), data[:20]
    newer = good.replace(b"case@1", b"case@2")
    assert refuses(VersionUnknown, parse_statement, newer)
    assert refuses(VersionUnknown, parse_statement, newer + b"\n")
    for sort in ("authorisation", "rumour"):
        other = b'{"_type":"credit-ledger/%s@2"}' % sort.encode()
        assert refuses(VersionUnknown, parse_statement, other)
        assert refuses(Malformed, parse_statement, other.replace(b"@2", b"@1"))
    assert refuses(Malformed, parse_statement, b'{"_type":"credit-ledger/query@1"}' + b" " * 2**16)


def test_every_sort_has_a_check() -> None:
    assert statements.CHECKS.keys() == statements.SORTS
    made = statements.dummy(at=1, iss="130000", log=LogId(bytes(32)), salt=bytes(32))
    assert parse_statement(made.encode()) == made


@fuzz
@given(st.binary(max_size=300) | st.from_regex(rb'\s*\{"_type":"[a-z/@0-9-]*".*', fullmatch=True))
def test_arbitrary_bytes_are_malformed_or_newer(data: bytes) -> None:
    with pytest.raises((Malformed, VersionUnknown)):
        parse_statement(data)
