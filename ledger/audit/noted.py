"""What is kept of entries once they were read: all that the rest of a replay asks of them.

A log is read once, and its bundles are not kept. What stands in them is told in pieces, a piece
holding entries of one anchor; pieces can be written down, so a replay that was stopped goes on
without reading again.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import orjson

from ledger.audit.commitments import REPLACES, STATEMENT
from ledger.audit.entries import About, Bad, Naming, Read
from ledger.audit.wanted import Wanted
from ledger.core.canonical import DIGEST_SIZE
from ledger.core.ids import LogId, keccak256

__all__ = ["Noted", "NotedRecord", "Wants", "note"]

_NONE: Final = 0x80
"""In a written flag: the entry has no commitment."""
_FLAGS: Final = STATEMENT | REPLACES
_HEAD: Final = struct.Struct(">I")


class NotedRecord(NamedTuple):
    """Where a record stands that somebody asks for. name: its record id. first: the record that it
    was logged again for, None: it is that itself."""

    name: bytes
    period: str
    schema: str
    first: bytes | None


@dataclass(frozen=True, slots=True)
class Wants:
    """What is to be noted beside commitments: where these records stand, and how many entries there
    are of these types."""

    records: Wanted | None = None
    types: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """Entries of one log from index `first` on, all of one anchor or of none: commitments in hex
    (b"" is none), flags, what they name, what is said and what is bad as in `Read`. listed: how
    many are of a type. proven: up to which size the log was known to be the anchored one when this
    was read."""

    first: int
    commitments: Sequence[bytes]
    flags: bytes
    names: Sequence[Naming] = ()
    records: Sequence[NotedRecord] = ()
    listed: Mapping[str, int] = field(default_factory=dict)
    said: Mapping[About, int] = field(default_factory=dict)
    again: Mapping[About, int] = field(default_factory=dict)
    bad: Sequence[Bad] = ()
    proven: int = 0

    @property
    def end(self) -> int:
        """The index behind them."""
        return self.first + len(self.flags)

    def encode(self) -> bytes:
        """Its bytes."""
        head = orjson.dumps(
            {
                "first": self.first,
                "count": len(self.flags),
                "names": [
                    [one.index, one.flags, one.target.hex(), one.replaces] for one in self.names
                ],
                "records": [
                    [one.name.hex(), one.period, one.schema, one.first and one.first.hex()]
                    for one in self.records
                ],
                "listed": self.listed,
                "said": _plain(self.said),
                "again": _plain(self.again),
                "bad": [[one.index, one.code, one.why] for one in self.bad],
                "proven": self.proven,
            }
        )
        marked = zip(self.flags, self.commitments, strict=True)
        flags = bytes(flag if commitment else flag | _NONE for flag, commitment in marked)
        digests = bytes.fromhex(b"".join(self.commitments).decode())
        return b"".join((_HEAD.pack(len(head)), head, flags, digests))

    @classmethod
    def decode(cls, data: bytes) -> Noted:
        """The inverse, of bytes that are known to be ours."""
        (size,) = _HEAD.unpack_from(data)
        at = _HEAD.size + size
        head = orjson.loads(data[_HEAD.size : at])
        flags = data[at : at + head["count"]]
        digests = data[at + head["count"] :].hex().encode()
        commitments, start = [], 0
        for flag in flags:
            end = start if flag & _NONE else start + 2 * DIGEST_SIZE
            commitments.append(digests[start:end])
            start = end
        return cls(
            first=head["first"],
            commitments=commitments,
            flags=bytes(flag & _FLAGS for flag in flags),
            names=[
                Naming(index, flag, bytes.fromhex(target), replaces)
                for index, flag, target, replaces in head["names"]
            ],
            records=[
                NotedRecord(bytes.fromhex(name), period, schema, first and bytes.fromhex(first))
                for name, period, schema, first in head["records"]
            ],
            listed=head["listed"],
            said=_counts(head["said"]),
            again=_counts(head["again"]),
            bad=[Bad(index, code, why) for index, code, why in head["bad"]],
            proven=head["proven"],
        )


def _plain(counts: Mapping[About, int]) -> list[list[str | int]]:
    return [[*(text.decode() for text in about), count] for about, count in counts.items()]


def _counts(plain: Sequence[Sequence[Any]]) -> dict[About, int]:
    return {tuple(text.encode() for text in about): count for *about, count in plain}


def note(
    log: LogId, first: int, entries: Sequence[bytes], read: Read, *, wants: Wants, proven: int
) -> Noted:
    """What is kept of entries from index `first` on, and of what was read of them. proven: as of
    `Noted`."""
    return Noted(
        first=first,
        commitments=read.commitments,
        flags=bytes(read.flags),
        names=read.names,
        records=_records(log, entries, read, wants.records) if wants.records else (),
        listed=_listed(entries, wants.types),
        said=read.said,
        again=read.again,
        bad=read.bad,
        proven=proven,
    )


def _records(log: LogId, entries: Sequence[bytes], read: Read, wanted: Wanted) -> list[NotedRecord]:
    found = []
    for entry, commitment, flag in zip(entries, read.commitments, read.flags, strict=True):
        if not commitment or flag & STATEMENT:
            continue
        name = keccak256(log + bytes.fromhex(commitment.decode()))
        if name in wanted:
            period, schema = (_text(entry, member) for member in (b"period", b"schema"))
            again = b'"replaces":"' in entry
            first = bytes.fromhex(_text(entry, b"replaces")) if again else None
            found.append(NotedRecord(name, period, schema, first))
    return found


def _listed(entries: Sequence[bytes], types: frozenset[str]) -> dict[str, int]:
    """In entries that were read a type stands in one spelling."""
    found = {}
    for name in sorted(types):
        mark = f'"schema":"{name}@'.encode()
        if count := sum(mark in entry for entry in entries):
            found[name] = count
    return found


def _text(entry: bytes, member: bytes) -> str:
    """A plain text in a record entry, whose bytes were checked."""
    start = entry.index(b'"' + member + b'":"') + len(member) + 4
    return entry[start : entry.index(b'"', start)].decode()
