"""The archive as a file: a zip in exactly one spelling.

Nothing in it is packed, no time and no machine stands in it, and its members have one order: the
same members make the same bytes anywhere, and what is no zip of ours, to the last bit, is refused.
So there is nothing to unpack that could be larger than the file itself.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Mapping
from typing import Final

from ledger.core.errors import CouldNotCheck, Malformed

FIRST: Final = "manifest.json"
"""The member that stands in front; the others ascend by name."""
MAX_FILE: Final = 64 << 20
"""Bytes: what a mail or a register of documents takes, and a hundred receipts need far less."""
MAX_MEMBERS: Final = 4096
MAX_NAME: Final = 100

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]|/(?=[A-Za-z0-9]))*")
_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_VERSION: Final = 10  # of the zip format: stored files, nothing more
_UNIX: Final = 3 << 8
_MODE: Final = 0o100644 << 16
_TIME, _DATE = 0, 0x21  # 1980-01-01, the first there is
_HEAD = struct.Struct("<4sHHHHHIIIHH")
_ROW = struct.Struct("<4sHHHHHHIIIHHHHHII")
_LAST = struct.Struct("<4sHHHHIIH")


def write(members: Mapping[str, bytes]) -> bytes:
    """The archive of these members. Raises CouldNotCheck where they are too many or too large."""
    made = _spelled(members)
    if len(made) > MAX_FILE or len(members) > MAX_MEMBERS:
        raise CouldNotCheck("evidence-too-large", f"{len(members)} members, {len(made)} bytes")
    return made


def _spelled(members: Mapping[str, bytes]) -> bytes:
    parts: list[bytes] = []
    rows: list[bytes] = []
    at = 0
    for name in sorted(members, key=lambda one: (one != FIRST, one)):
        data, text = members[name], name.encode()
        if not _fits(name):
            raise ValueError(f"no name of a member: {name}")
        shared = (
            _VERSION,
            0,
            0,
            _TIME,
            _DATE,
            zlib.crc32(data),
            len(data),
            len(data),
            len(text),
            0,
        )
        head = _HEAD.pack(_LOCAL, *shared) + text
        rows.append(_ROW.pack(_CENTRAL, _UNIX | _VERSION, *shared, 0, 0, 0, _MODE, at) + text)
        parts += (head, data)
        at += len(head) + len(data)
    table = b"".join(rows)
    end = _LAST.pack(_END, 0, 0, len(rows), len(rows), len(table), at, 0)
    return b"".join([*parts, table, end])


def read(data: bytes) -> dict[str, bytes]:
    """The members of an archive. Raises Malformed where it is not exactly what `write` makes."""
    if len(data) > MAX_FILE:
        raise Malformed("archive", f"longer than {MAX_FILE} bytes", code="archive-malformed")
    members: dict[str, bytes] = {}
    at = 0
    while data[at : at + len(_LOCAL)] == _LOCAL and len(members) <= MAX_MEMBERS:
        name, start, end = _member(data, at)
        if name in members:
            raise Malformed("archive", "a member stands there twice", code="archive-malformed")
        members[name] = data[start:end]
        at = end
    if len(members) > MAX_MEMBERS:
        raise Malformed("archive", f"more than {MAX_MEMBERS} members", code="archive-malformed")
    if FIRST not in members or _spelled(members) != data:
        raise Malformed("archive", "not the one spelling of a zip", code="archive-malformed")
    return members


def is_archive(data: bytes) -> bool:
    """Whether a file begins as an archive does."""
    start = _HEAD.size
    return data[: len(_LOCAL)] == _LOCAL and data[start : start + len(FIRST)] == FIRST.encode()


def _member(data: bytes, at: int) -> tuple[str, int, int]:
    """Name of the member whose head is there, and where its bytes begin and end."""
    start = at + _HEAD.size
    head = data[at:start]
    if len(head) == _HEAD.size:
        *_, size, length, _ = _HEAD.unpack(head)
        name = data[start : start + length].decode("ascii", "replace")
        end = start + length + size
        if _fits(name) and end <= len(data):
            return name, start + length, end
    raise Malformed("archive", "a member without name or end", code="archive-malformed")


def _fits(name: str) -> bool:
    return len(name) <= MAX_NAME and _NAME.fullmatch(name) is not None
