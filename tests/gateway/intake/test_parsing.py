"""Record JSON is read strictly: one object, no key twice, known members, bounded."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.intake import parsing
from gateway.intake.lines import MAX_LINE
from gateway.intake.parsing import MAX_FIELDS, parse_lines, parse_record
from ledger.records.schema import all_schemas

GOOD = b'{"type":"penalty","schema":"1","class":"minor","corrects":"ab","fields":{"A":"x"}}'


def fault(data: bytes) -> str | None:
    found = parse_record(data, 1).fault
    return found.code if found else None


def test_a_whole_record() -> None:
    row = parse_record(GOOD, 7)
    assert (row.row, row.type, row.schema) == (7, "penalty", "1")
    assert (row.class_, row.corrects, row.fields) == ("minor", "ab", {"A": "x"})
    assert row.fault is None


def test_only_type_and_fields_are_needed() -> None:
    row = parse_record(b'{"type":"t","fields":{}}', None)
    assert (row.row, row.schema, row.class_, row.corrects, row.fault) == (None,) * 5


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" ",
        b"{",
        b"null",
        b"[]",
        b'"x"',
        b"1",
        b"{}",
        b'{"type":"t"}',
        b'{"fields":{}}',
        b'{"type":1,"fields":{}}',
        b'{"type":"t","fields":[]}',
        b'{"type":"t","fields":{},"more":1}',
        b'{"type":"t","fields":{},"schema":1}',
        b'{"type":"t","fields":{},"class":null}',
        b'{"type":"t","fields":{},"corrects":{}}',
        b'{"type":"t","fields":{}} x',
        b'{"type":"t","fields":{"A":NaN}}',
        b'{"type":"t","fields":{"A":Infinity}}',
        b'{"type":"t","fields":{"A":"\\ud800"}}',
        b'{"type":"t","fields":{"A":"\x01"}}',
        b"{'type':'t','fields':{}}",
        b'{"type":"t","fields":{},}',
    ],
)
def test_what_is_no_record(data: bytes) -> None:
    assert fault(data) == "schema-invalid"


@pytest.mark.parametrize(
    "data",
    [
        b'{"type":"t","type":"t","fields":{}}',
        b'{"type":"t","fields":{"A":"1","A":"1"}}',
        b'{"type":"t","fields":{"A":"1","\\u0041":"2"}}',
        b'{ "type" : "t" , "fields" : { "A" : "1", "A" : "2" } }',
        b'{"fields":{"A":{"B":1,"B":2}},"type":"t"}',
        b'{"type":{"x":1,"x":1},"type":"t","fields":{}}',
    ],
)
def test_a_key_twice(data: bytes) -> None:
    orjson.loads(data)  # plain readers take it and keep the last
    assert fault(data) == "schema-invalid"


@pytest.mark.parametrize("depth", [2_000, 100_000])
def test_deep_nesting(depth: int) -> None:
    assert fault(b"[" * depth) == "schema-invalid"
    nested = b'{"a":' * depth + b"1" + b"}" * depth
    assert fault(b'{"type":"t","fields":{"A":' + nested + b"}}") == "schema-invalid"


def test_nesting_hidden_behind_a_second_key() -> None:
    """Deeper than Python's own reader goes, shallower than the fast one's bound."""
    nested = b"[" * 1000 + b"]" * 1000
    assert fault(b'{"type":' + nested + b',"type":"t","fields":{}}') == "schema-invalid"


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16", "utf-32"])
def test_other_encodings(encoding: str) -> None:
    text = '{"type":"penalty","fields":{"CF_SY":"处罚"}}'
    assert fault(text.encode(encoding)) in ("encoding", "schema-invalid")
    assert fault(text.encode("gb18030")) == "encoding"
    assert fault(text.encode()) is None


def test_too_many_members() -> None:
    fields = {f"F{n}": "x" for n in range(MAX_FIELDS)}
    assert fault(orjson.dumps({"type": "t", "fields": fields})) is None
    assert fault(orjson.dumps({"type": "t", "fields": fields | {"G": "x"}})) == "schema-invalid"


def test_values_are_left_to_the_schema() -> None:
    data = b'{"type":"penalty","fields":{"CF_NR_FK":0.1,"CF_SY":null,"CF_CFLB":[1]}}'
    row = parse_record(data, 1)
    assert row.fault is None
    assert row.fields == {"CF_NR_FK": 0.1, "CF_SY": None, "CF_CFLB": [1]}


def nested(levels: int) -> bytes:
    """A record with so many levels in one another."""
    inner = b"[" * (levels - 2) + b"]" * (levels - 2)
    return b'{"type":"t","fields":{"A":' + inner + b"}}"


@pytest.mark.parametrize("levels", [17, 253, 254, 1000, 1024, 1025, 100_000])
def test_deep_records_are_refused(levels: int) -> None:
    assert fault(nested(levels)) == "schema-invalid"
    assert fault(nested(levels).replace(b":", b": ")) == "schema-invalid"


def test_as_deep_as_allowed() -> None:
    assert fault(nested(16)) is None


def test_whatever_breaks_one_row_is_its_own_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(data: bytes) -> None:
        raise TypeError("recursion limit")

    monkeypatch.setattr(parsing, "_refuse_duplicates", broken)
    rows = parse_lines([GOOD, GOOD.replace(b":", b": "), GOOD], 1)
    assert [row.fault.code if row.fault else None for row in rows] == [None, "schema-invalid", None]


def test_lines_are_numbered_and_each_stands_alone() -> None:
    rows = parse_lines([GOOD, b"", None, b"{", GOOD + b"\r"], 10)
    assert [row.row for row in rows] == [10, 11, 12, 13, 14]
    assert [row.fault.code if row.fault else None for row in rows] == [
        None,
        "schema-invalid",
        "too-large",
        "schema-invalid",
        None,
    ]


def test_byte_order_mark_on_the_first_line_only() -> None:
    marked = b"\xef\xbb\xbf" + GOOD
    first, second = parse_lines([marked, marked], 1)
    assert first.fault is None
    assert second.fault is not None


def test_the_longest_lawful_record_fits_a_line() -> None:
    """Every text of every schema at its longest, each character escaped."""
    longest = max(sum(field.max or 40 for field in schema.fields) for schema in all_schemas())
    assert longest * len("\\ud83d\\ude00") < MAX_LINE


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(fields=st.dictionaries(st.text(max_size=4), json_values, max_size=5), spaced=st.booleans())
def test_spelling_does_not_matter(fields: dict[str, Any], spaced: bool) -> None:
    """Compact or spaced, escaped or not: the same row."""
    value = {"type": "t", "fields": fields}
    if spaced:
        data = json.dumps(value, indent=1).encode()
    else:
        data = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    row = parse_record(data, 1)
    assert row.fault is None
    assert row.fields == fields


@given(st.binary(max_size=60))
def test_no_bytes_raise(data: bytes) -> None:
    parse_record(data, 1)
    parse_record(b'{"type":"t","fields":{"A":' + data + b"}}", 1)
