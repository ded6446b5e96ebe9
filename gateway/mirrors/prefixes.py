"""Record ids of the entries of a bundle, shortened: by them an id is found among millions without
hashing every entry again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ledger.core.ids import RecordId, record_id
from ledger.core.tiles import bundle_entries

PREFIX: Final = 4
"""Bytes of each. Of ten million ids one in four hundred shares its prefix with another: what is
found by it is looked at again."""
_COMMITMENT = re.compile(rb'"commitment":"([0-9a-f]{64})"')


def ids_of(log: bytes, bundle: bytes) -> list[RecordId | None]:
    """The record id of each entry of a bundle, whole or not; None where an entry names no
    commitment. Raises Malformed."""
    return list(_ids(log, bundle))


def prefixes_of(log: bytes, bundle: bytes) -> bytes:
    """The first bytes of each, in their order. Raises Malformed."""
    return b"".join((one or bytes(PREFIX))[:PREFIX] for one in _ids(log, bundle))


def places(packed: bytes, part: bytes, step: int) -> Iterator[int]:
    """Where a value stands among those of `step` bytes that were put one behind another."""
    at = packed.find(part)
    while at >= 0:
        if at % step == 0:
            yield at // step
        at = packed.find(part, at + 1)


def _ids(log: bytes, bundle: bytes) -> Iterator[RecordId | None]:
    for entry in bundle_entries(bundle):
        found = _COMMITMENT.search(entry)
        yield None if found is None else record_id(log, bytes.fromhex(found[1].decode()))
