"""Where our contracts keep what they keep: the frozen places (contracts/base/Slots.sol), and how
Solidity lays things out."""

from __future__ import annotations

from typing import Final

from ledger.core.ids import WORD, keccak256, word

MEMBERS: Final = 2
ROLES: Final = 3
KEYS: Final = 6
PUBLIC_KEYS: Final = 7
KEY_IDS: Final = 8
CURRENT: Final = 10
TENURES: Final = 11
LOGS: Final = 12
OWNERS: Final = 13
BALLOTS: Final = 18
"""Of Consortium."""
SIZES: Final = 2
ROOTS: Final = 3
"""Of LogAnchor."""
RECORDS: Final = 2
"""Of CaseRegistry."""
SERIES: Final = 4
"""Of Catalogue."""


def entry(key: bytes, slot: int | bytes) -> bytes:
    """The place of a mapping's value: keccak256(abi.encode(key, slot)). key: one word."""
    return keccak256(key + (word(slot) if isinstance(slot, int) else slot))


def after(slot: bytes, count: int) -> bytes:
    """The place so many words further on."""
    return ((int.from_bytes(slot, "big") + count) % (1 << 8 * WORD)).to_bytes(WORD, "big")


def data_of(slot: bytes) -> bytes:
    """The place where the items of a list begin, or the bytes of a long text."""
    return keccak256(slot)


def field(value: bytes, start: int, bits: int) -> int:
    """What is packed into a word at this bit, counted from its lowest."""
    return int.from_bytes(value, "big") >> start & ((1 << bits) - 1)
