"""RLP, held against an independent library."""

from __future__ import annotations

from typing import Any

import pytest
import rlp  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.errors import Malformed
from ledger.evidence.items import MAX_DEPTH, decode, encode, number_of, of_number
from tests.core.material import flip, fuzz

STRINGS = st.one_of(st.binary(max_size=3), st.binary(max_size=70))
ITEMS = st.recursive(STRINGS, lambda inner: st.lists(inner, max_size=5), max_leaves=12)


def theirs(data: bytes) -> Any:
    """The item, by the library; None where `data` is not its one encoding."""
    try:
        item = rlp.decode(data, strict=True)
    except rlp.exceptions.DecodingError:
        return None
    return item if rlp.encode(item) == data else None


def ours(data: bytes) -> Any:
    """The same, by us."""
    try:
        return decode(data, "item")
    except Malformed as error:
        assert error.code == "proof-malformed"
        return None


@fuzz
@given(ITEMS)
def test_as_the_library(item: Any) -> None:
    data = encode(item)
    assert data == rlp.encode(item)
    assert decode(data, "item") == item == theirs(data)


@fuzz
@given(ITEMS, st.data())
def test_altered(item: Any, data: st.DataObject) -> None:
    made = encode(item)
    bit = data.draw(st.integers(0, 8 * len(made) - 1))
    cut = data.draw(st.integers(0, len(made)))
    for other in (flip(made, bit), made[:cut], made + b"\0", made[cut:]):
        assert ours(other) == theirs(other)


@fuzz
@given(st.binary(max_size=12))
def test_any_bytes(data: bytes) -> None:
    assert ours(data) == theirs(data)


def test_long_ones() -> None:
    for size in (55, 56, 255, 256, 65_535, 65_536):
        assert decode(encode(bytes(size)), "item") == bytes(size)
        assert encode([b"\x01"] * size) == rlp.encode([b"\x01"] * size)
    assert ours(b"\xbf" + b"\xff" * 8) is None
    assert ours(b"\xb8\x37" + bytes(55)) is None
    assert ours(b"\xb9\x00\x38" + bytes(56)) is None


def test_depth() -> None:
    """What is nested without end is refused, and costs nothing."""
    data = b"\xc0"
    for _ in range(MAX_DEPTH - 1):
        data = encode([decode(data, "item")])
    assert decode(data, "item") == theirs(data)
    assert ours(b"\xc1" * MAX_DEPTH + b"\xc0") is None
    assert ours(b"\xc1" * 1_000_000) is None


def test_many_items(monkeypatch: pytest.MonkeyPatch) -> None:
    """What would take sixty times its bytes in memory is refused; a string of any size is one."""
    monkeypatch.setattr("ledger.evidence.items.MAX_ITEMS", 100)
    assert ours(encode([b""] * 99)) == [b""] * 99
    assert ours(encode([b""] * 100)) is None
    assert ours(encode([[[]] * 48] * 2)) is not None
    assert ours(encode([[[]] * 48] * 3)) is None
    assert ours(encode(bytes(1000))) == bytes(1000)


def test_a_row_of_items_is_read_once() -> None:
    """Each by itself, and not with a copy of all that is behind it."""
    count = 500_000
    data = b"\xfa" + count.to_bytes(3, "big") + b"\xc0" * count
    assert decode(data, "item") == [[]] * count


@pytest.mark.parametrize("value", [0, 1, 127, 128, 255, 256, 2**63 - 1])
def test_numbers(value: int) -> None:
    assert number_of(of_number(value), "n", 63) == value
    for wrong in (b"\0" + of_number(value), of_number(2**63 + value), [], [b"\x01"]):
        with pytest.raises(Malformed):
            number_of(wrong, "n", 63)
