"""RLP encoding (Ethereum yellow paper, appendix B), of integers, bytes and lists of these."""

from collections.abc import Sequence

Item = int | bytes | Sequence["Item"]

_STRING, _LIST = 0x80, 0xC0
_SHORT = 55  # longest payload whose length fits into the first byte


def encode(item: Item) -> bytes:
    """The encoding of `item`; integers are big-endian without leading zeros, 0 is empty."""
    if isinstance(item, int):
        item = item.to_bytes((item.bit_length() + 7) // 8, "big")
    if isinstance(item, bytes):
        if len(item) == 1 and item[0] < _STRING:
            return item
        return _with_length(_STRING, item)
    return _with_length(_LIST, b"".join(encode(part) for part in item))


def _with_length(offset: int, payload: bytes) -> bytes:
    size = len(payload)
    if size <= _SHORT:
        return bytes([offset + size]) + payload
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([offset + _SHORT + len(digits)]) + digits + payload
