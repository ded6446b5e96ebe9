"""RLP (Ethereum yellow paper, appendix B): byte strings, and lists of items; one spelling each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from ledger.core.errors import Malformed

Item: TypeAlias = "bytes | list[Item]"


def decode(data: bytes, what: str) -> Item:
    """The item that `data` is the one encoding of; how deep it may be is what Python bears. what:
    the name of the format, for the error. Raises Malformed."""
    # rlp brings pydantic, so it is loaded by whoever decodes something.
    import rlp  # type: ignore[import-untyped]  # noqa: PLC0415 - see above

    try:
        item: Item = rlp.decode(data, strict=True)
    except (rlp.exceptions.DecodingError, RecursionError) as error:
        raise Malformed(what, "not RLP", code="proof-malformed") from error
    if encode(item) != data:
        raise Malformed(what, "not the one spelling of RLP", code="proof-malformed")
    return item


def encode(item: Any) -> bytes:
    """The encoding of byte strings, and lists and tuples of items."""
    from rlp.codec import encode_raw  # type: ignore[import-untyped]  # noqa: PLC0415 - as above

    encoded: bytes = encode_raw(item)
    return encoded


def of_number(value: int) -> bytes:
    """A number as RLP has it: big-endian, without zeros in front; 0 is the empty string."""
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def number_of(item: Item, what: str, bits: int) -> int:
    """The number that such a string is. Raises Malformed where it is none of so many bits."""
    if not isinstance(item, bytes) or item[:1] == b"\0" or 8 * len(item) > bits:
        raise Malformed(what, f"no number of {bits} bits", code="proof-malformed")
    return int.from_bytes(item, "big")


def strings(item: Item, what: str, least: int, most: int | None = None) -> Sequence[bytes]:
    """The strings of a list that holds nothing else, `least` of them, or up to `most`. Raises
    Malformed."""
    if isinstance(item, list) and least <= len(item) <= (most or least):
        found = [one for one in item if isinstance(one, bytes)]
        if len(found) == len(item):
            return found
    raise Malformed(what, "not a list of so many strings", code="proof-malformed")
