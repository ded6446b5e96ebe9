"""Canonical spellings against a plain encoder written from RFC 8785, and everything refused."""

import base64
import json
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ledger.core import canonical
from ledger.core.canonical import MAX_INTEGER
from ledger.core.errors import Malformed
from tests.core.material import fuzz, refuses

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
KEYS = st.text(st.characters(max_codepoint=127))
LEAVES = TEXTS | st.booleans() | st.integers(0, MAX_INTEGER)
VALUES = st.recursive(
    LEAVES, lambda v: st.lists(v, max_size=4) | st.dictionaries(KEYS, v, max_size=4), max_leaves=12
)
SHORT = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def plain(value: Any) -> str:
    """RFC 8785 3.2, member by member."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return '"' + "".join(_character(c) for c in value) + '"'
    if isinstance(value, dict):
        ordered = sorted(value, key=lambda k: k.encode("utf-16-be"))
        return "{" + ",".join(f"{plain(k)}:{plain(value[k])}" for k in ordered) + "}"
    return "[" + ",".join(plain(item) for item in value) + "]"


def _character(c: str) -> str:
    if c in SHORT:
        return SHORT[c]
    return f"\\u{ord(c):04x}" if c < " " else c


@fuzz
@given(VALUES)
@example("\x00\x1f\x7f\x80\u2028\U0001f600")
@example({"": 0, "a": [], "A": {}, "_": "号"})
def test_encoder_has_a_plain_twin(value: Any) -> None:
    data = canonical.encode(value)
    assert data.decode() == plain(value)
    assert canonical.parse(data) == value
    standard = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert data == standard.encode()


@fuzz
@given(VALUES, st.data())
def test_another_spelling_of_the_same_value_is_refused(value: Any, data: st.DataObject) -> None:
    spelled = canonical.encode(value)
    at = data.draw(st.integers(0, len(spelled)))
    other = spelled[:at] + data.draw(st.sampled_from([b" ", b"\n", b"\t", b"\r"])) + spelled[at:]
    assert refuses(Malformed, canonical.parse, other) or canonical.parse(other) != value


@fuzz
@given(st.binary(max_size=64))
def test_whatever_parses_is_its_own_encoding(data: bytes) -> None:
    if not refuses(Malformed, canonical.parse, data):
        assert canonical.encode(canonical.parse(data)) == data


@pytest.mark.parametrize(
    "value",
    [
        *(None, 1.0, -1, MAX_INTEGER + 1, float("nan"), b"x", {1: 2}, {"号": 1}, {"a": None}),
        *("\ud800", {"\ud800": 1}, {"a"}, object(), date(2024, 1, 1), datetime.now(UTC)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_without_a_spelling(value: Any) -> None:
    with pytest.raises(Malformed):
        canonical.encode(value)


def test_null_only_where_said() -> None:
    assert canonical.encode({"a": None}, allow_null=True) == b'{"a":null}'
    assert canonical.parse(b"[null]", allow_null=True) == [None]
    with pytest.raises(Malformed, match="null"):
        canonical.parse(b"[null]")


def test_bounds() -> None:
    assert canonical.parse(b"[[1]]", max_depth=2) == [[1]]
    with pytest.raises(Malformed, match="deep"):
        canonical.parse(b"[[1]]", max_depth=1)
    assert canonical.parse(b'"abc"', max_bytes=5) == "abc"
    with pytest.raises(Malformed, match="longer"):
        canonical.parse(b'"abc"', max_bytes=4)
    deep: list[Any] = []
    for _ in range(sys.getrecursionlimit()):
        deep = [deep]
    with pytest.raises(Malformed, match="deep"):
        canonical.encode(deep)


@fuzz
@given(st.binary(max_size=100))
def test_base64_round_trips(data: bytes) -> None:
    assert canonical.b64u_decode(canonical.b64u_encode(data)) == data
    assert canonical.b64_decode(canonical.b64_encode(data)) == data


@fuzz
@given(st.binary(max_size=100))
def test_base64_is_that_of_the_library(data: bytes) -> None:
    assert canonical.b64u_encode(data) == base64.urlsafe_b64encode(data).decode().rstrip("=")
    assert canonical.b64_encode(data) == base64.b64encode(data).decode()


@fuzz
@given(st.text("AQgwZ09-_+/=\n \0é\ud800", max_size=12))
def test_base64_has_one_spelling(text: str) -> None:
    for decode, encode in (
        (canonical.b64u_decode, canonical.b64u_encode),
        (canonical.b64_decode, canonical.b64_encode),
    ):
        assert refuses(Malformed, decode, text) or encode(decode(text)) == text


def test_hex() -> None:
    data = bytes(range(32))
    assert canonical.unhex32(canonical.hex32(data)) == data
    assert canonical.unhex0x(canonical.hex0x(data), 32) == data
    wrong: list[tuple[Callable[..., object], tuple[object, ...]]] = [
        (canonical.hex32, (data[:31],)),
        (canonical.unhex32, (data.hex().upper(),)),
        (canonical.unhex32, (data.hex() + "00",)),
        (canonical.unhex32, (data.hex()[:-1],)),
        (canonical.unhex32, ("٠" * 64,)),
        (canonical.unhex32, (data.hex()[:-1] + "\n",)),
        (canonical.unhex0x, (data.hex(), 32)),
        (canonical.unhex0x, ("0X" + data.hex(), 32)),
    ]
    for call, arguments in wrong:
        assert refuses(Malformed, call, *arguments), arguments


@fuzz
@given(st.text("0aAfF9 \n\tgx\u0660", max_size=8))
def test_hex_has_one_spelling(text: str) -> None:
    right = len(text) == 4 and set(text) <= set("0123456789abcdef")
    assert right != refuses(Malformed, canonical.unhex, text, 2)


@fuzz
@given(st.integers(0, canonical.MAX_INSTANT))
def test_instants_round_trip(seconds: int) -> None:
    text = canonical.instant(seconds)
    assert text == f"{datetime.fromtimestamp(seconds, UTC).isoformat()[:19]}Z"
    assert canonical.parse_instant(text) == seconds


@pytest.mark.parametrize("seconds", [-1, canonical.MAX_INSTANT + 1])
def test_instants_that_cannot_be_written(seconds: int) -> None:
    with pytest.raises(Malformed):
        canonical.instant(seconds)


def test_days() -> None:
    assert canonical.parse_day("2024-02-29") == date(2024, 2, 29)
    for text in ("2023-02-29", "2024-2-9", "20240229", "2024-02-29 ", "0000-01-01", "2024-W01-1"):
        assert refuses(Malformed, canonical.parse_day, text), text


def test_utf8() -> None:
    assert canonical.utf8("罚") == "罚".encode()
    with pytest.raises(Malformed):
        canonical.utf8("\udfff")
