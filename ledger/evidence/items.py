"""RLP (Ethereum yellow paper, appendix B): byte strings, and lists of items; one spelling each.

Not the package `rlp`: it keeps a copy of every level, so that a nested item of a megabyte takes a
gigabyte, and loading it takes longer than a whole check. A test holds the two side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NoReturn, TypeAlias

from ledger.core.errors import Malformed

Item: TypeAlias = "bytes | Sequence[Item]"
MAX_DEPTH: Final = 16
"""Lists in lists: receipts have four, and no node stands inside so many others."""
MAX_ITEMS: Final = 1 << 20
"""Items of one encoding, of which each empty one takes a byte there and sixty in memory. A receipt
with all events that a block has room for has half as many."""
_STRING, _LIST = 0x80, 0xC0
_SHORT: Final = 56  # bytes of a content whose length stands in the first byte


def decode(data: bytes, what: str) -> Item:
    """The item that `data` is the one encoding of. what: the name of the format, for the error.
    Raises Malformed."""
    item, end = _Reading(data, what).item(0, len(data), MAX_DEPTH)
    if end != len(data):
        _refuse(what, "bytes behind its end")
    return item


def encode(item: Item) -> bytes:
    """The encoding of a byte string, or of a list of items."""
    if not isinstance(item, bytes):
        return _headed(_LIST, b"".join(map(encode, item)))
    if len(item) == 1 and item[0] < _STRING:
        return item
    return _headed(_STRING, item)


def of_number(value: int) -> bytes:
    """A number as RLP has it: big-endian, without zeros in front; 0 is the empty string."""
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def number_of(item: Item, what: str, bits: int) -> int:
    """The number that such a string is. Raises Malformed where it is none of so many bits."""
    if not isinstance(item, bytes) or item[:1] == b"\0" or int.from_bytes(item, "big") >> bits:
        _refuse(what, f"no number of {bits} bits")
    return int.from_bytes(item, "big")


def strings(item: Item, what: str, least: int, most: int | None = None) -> Sequence[bytes]:
    """The strings of a list that holds nothing else, `least` of them, or up to `most`. Raises
    Malformed."""
    if not isinstance(item, bytes) and least <= len(item) <= (most or least):
        found = [one for one in item if isinstance(one, bytes)]
        if len(found) == len(item):
            return found
    _refuse(what, "not a list of so many strings")


def _headed(base: int, content: bytes) -> bytes:
    if len(content) < _SHORT:
        return bytes([base + len(content)]) + content
    length = of_number(len(content))
    return bytes([base + _SHORT - 1 + len(length)]) + length + content


class _Reading:
    """The bytes of one encoding, and how many items may still be in them."""

    def __init__(self, data: bytes, what: str) -> None:
        self._data = data
        self._what = what
        self._left = MAX_ITEMS

    def item(self, at: int, end: int, depth: int) -> tuple[Item, int]:
        """The item that begins at `at`, and where it ends, at `end` at the latest."""
        data, what = self._data, self._what
        self._left -= 1
        if self._left < 0:
            _refuse(what, f"more than {MAX_ITEMS} items")
        if at < end and data[at] < _STRING:
            return data[at : at + 1], at + 1
        start, stop, is_list = _bounds(data, at, end, what)
        if not is_list:
            return data[start:stop], stop
        if depth == 0:
            _refuse(what, "nested too deep")
        items: list[Item] = []
        while start < stop:
            item, start = self.item(start, stop, depth - 1)
            items.append(item)
        return items, stop


def _bounds(data: bytes, at: int, end: int, what: str) -> tuple[int, int, bool]:
    """Where the content behind a head begins and ends, and whether it is a list's."""
    if at >= end:
        _refuse(what, "cut short")
    is_list = data[at] >= _LIST
    length, start = data[at] - (_LIST if is_list else _STRING), at + 1
    if length >= _SHORT:
        start += length - _SHORT + 1
        told = data[at + 1 : start]
        length = int.from_bytes(told, "big")
        if not told[0:1].strip(b"\0") or length < _SHORT:
            _refuse(what, "a length with another spelling")
    if start + length > end:
        _refuse(what, "cut short")
    if not is_list and length == 1 and data[start] < _STRING:
        _refuse(what, "a byte with another spelling")
    return start, start + length, is_list


def _refuse(what: str, problem: str) -> NoReturn:
    raise Malformed(what, f"no RLP: {problem}", code="proof-malformed")
