"""Entries of a bundle, checked set-wise.

Entries differ in little but their commitments: what stands behind one is the same in thousands of
them. So it is parsed once and then known, and of a bundle only what is new is looked into: by a
pattern that takes exactly the canonical bytes that `ledger.core.entry.parse_entry` takes, for
record entries of one log, and what does not match by the parser. Property tests compare all three.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ledger.audit.commitments import REPLACES, STATEMENT
from ledger.core.canonical import DIGEST_SIZE
from ledger.core.commitment import SCHEMA_ID
from ledger.core.entry import MAX_ENTRY, RECORD, TIMELY, parse_entry
from ledger.core.errors import Malformed, VersionUnknown

# What records say is counted apart so often: 20 types, 20 years of months and three answers make
# 14 400. Beyond it a log is playing with our memory.
MAX_ABOUT = 1 << 17
MORE = "(more)"
# Endings known by heart, some 300 bytes each; what is beyond is parsed every time.
MAX_KNOWN = 1 << 14

_HEX = "[0-9a-f]{64}"
_DIGESTS = re.compile(rf"(?:{_HEX})*".encode())
_START = b'{"_type":"credit-ledger/entry@1","commitment":"'
_HEX_END = len(_START) + 2 * DIGEST_SIZE
_NAMES_ANOTHER = re.compile(rb'"(?:corrects|replaces)":')

About = tuple[bytes, ...]
"""Period, schema and timely of a record entry."""
Group = tuple[int, About]
"""Records of one epoch that say the same."""


def record_pattern(log: bytes) -> re.Pattern[bytes]:
    """Groups: commitment, corrects, period, replaces, schema, timely."""
    return re.compile(
        (
            rf'\{{"_type":"credit-ledger/entry@1","commitment":"({_HEX})"'
            rf'(?:,"corrects":"({_HEX})")?,"kind":"{RECORD}","log":"{log.hex()}"'
            rf',"period":"([0-9]{{4}}(?:-(?:0[1-9]|1[0-2]))?)"(?:,"replaces":"({_HEX})")?'
            rf',"schema":"({SCHEMA_ID.pattern})","suite":"sha256"'
            rf',"timely":"({"|".join(TIMELY)})"\}}'
        ).encode()
    )


@dataclass(slots=True)
class Tally:
    """What a log holds, counted.

    records: by epoch and what they say, and in `firsts` the index of the first of each. others:
    good entries of other kinds, by kind.
    """

    entries: int = 0
    records: Counter[Group] = field(default_factory=Counter)
    firsts: dict[Group, int] = field(default_factory=dict)
    others: Counter[str] = field(default_factory=Counter)

    def as_dict(self) -> dict[str, Any]:
        """In plain values, for a reading that is to go on later."""
        records = [
            [epoch, *(text.decode() for text in about), count, self.firsts.get((epoch, about))]
            for (epoch, about), count in self.records.items()
        ]
        return {"entries": self.entries, "records": records, "others": dict(self.others)}

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Tally:
        """The inverse."""
        tally = cls(entries=told["entries"], others=Counter(told["others"]))
        for epoch, period, schema, timely, count, first in told["records"]:
            group = (epoch, (period.encode(), schema.encode(), timely.encode()))
            tally.records[group] = count
            if first is not None:
                tally.firsts[group] = first
        return tally


@dataclass(frozen=True, slots=True)
class Bad:
    """An entry that should not be there, or that we cannot read. code: of `codes`; why: in
    English, of the parser."""

    index: int
    code: str
    why: str


@dataclass(frozen=True, slots=True)
class Naming:
    """An entry names a record that it corrects or replaces."""

    index: int
    flags: int
    target: bytes
    replaces: bool


@dataclass(frozen=True, slots=True)
class Read:
    """What was read: of each entry its commitment in hex (b"" where it has none) and flags (of
    `commitments`), then what some of them name, and bad ones. said: how many records say what, but
    those that replace others (again), which were shared with these."""

    commitments: list[bytes]
    flags: bytearray
    names: list[Naming] = field(default_factory=list)
    bad: list[Bad] = field(default_factory=list)
    said: Counter[About] = field(default_factory=Counter, compare=False)
    again: Counter[About] = field(default_factory=Counter, compare=False)


class EntryReader:
    """Checks the entries of one log, in their order."""

    def __init__(self, log: bytes, tally: Tally | None = None, at: int = 0) -> None:
        """tally, at: what was read before, and the index at which it goes on."""
        self.tally = tally or Tally()
        self._at = at
        self._log = log
        self._epoch = 0
        self._match = record_pattern(log).fullmatch
        # What follows the commitment in good entries, and what it says: a record's, or the kind.
        self._known: dict[bytes, Group | str] = {}

    def read(self, entries: list[bytes], epoch: int = 0) -> Read:
        """The next entries. epoch: counts them apart, where what is allowed has changed."""
        if epoch != self._epoch:
            self._epoch, self._known = epoch, {}
        first = self._at
        self._at += len(entries)
        self.tally.entries += len(entries)
        commitments = [entry[len(_START) : _HEX_END] for entry in entries]
        endings = [entry[_HEX_END:] for entry in entries]
        counts = Counter(endings)
        if not (
            {entry[: len(_START)] for entry in entries} == {_START}
            and len(joined := b"".join(commitments)) == 2 * DIGEST_SIZE * len(entries)
            and _DIGESTS.fullmatch(joined)
        ):
            unknown = set(counts)
        else:
            unknown = counts.keys() - self._known.keys()
        read = Read(commitments, self._flags(endings, counts))
        self._count({ending: counts[ending] for ending in counts.keys() - unknown}, read.said)
        if unknown:
            for at, ending in enumerate(endings):
                if ending in unknown:
                    self._one(first, at, entries[at], read)
        return read

    def skip(self, count: int) -> None:
        """So many entries are not there."""
        self._at += count

    def _flags(self, endings: list[bytes], counts: Counter[bytes]) -> bytearray:
        """Of what is known: whether it is a statement."""
        statements = {ending for ending in counts if isinstance(self._known.get(ending), str)}
        if not statements:
            return bytearray(len(endings))
        return bytearray(STATEMENT * (ending in statements) for ending in endings)

    def _count(self, endings: dict[bytes, int], said: Counter[About]) -> None:
        """Entries of which nothing is new but the commitment."""
        for ending, count in endings.items():
            what = self._known[ending]
            if isinstance(what, str):
                self.tally.others[what] += count
            else:
                self.tally.records[what] += count
                said[what[1]] += count

    def _one(self, first: int, at: int, entry: bytes, read: Read) -> None:
        """Any entry, the one at `at` of those that are read."""
        match = self._match(entry)
        if match is None:
            self._other(first, at, entry, read)
            return
        commitment, corrects, period, replaces, schema, timely = match.groups()
        group = self._said(first + at, (period, schema, timely), read.bad)
        self.tally.records[group] += 1
        (read.said if replaces is None else read.again)[group[1]] += 1
        read.commitments[at] = commitment
        self._names(first, at, corrects, replaces, read)
        if group[1][1] == schema:
            self._learn(entry, group)

    def _names(
        self, first: int, at: int, corrects: bytes | None, replaces: bytes | None, read: Read
    ) -> None:
        """What an entry names, in hex; its flags."""
        if replaces is not None:
            read.flags[at] |= REPLACES
        for target, replaced in ((corrects, False), (replaces, True)):
            if target is not None:
                named = bytes.fromhex(target.decode())
                read.names.append(Naming(first + at, read.flags[at], named, replaced))

    def _learn(self, entry: bytes, what: Group | str) -> None:
        """A good entry. One that names another one has an ending of its own."""
        ending = entry[_HEX_END:]
        if len(self._known) < MAX_KNOWN and not _NAMES_ANOTHER.search(ending):
            self._known[ending] = what

    def _said(self, index: int, about: About, bad: list[Bad]) -> Group:
        """Remember where it was said first, within bounds."""
        firsts, group = self.tally.firsts, (self._epoch, about)
        if group in firsts:
            return group
        if len(firsts) >= MAX_ABOUT:
            bad.append(Bad(index, "type-not-in-catalogue", about[1].decode()))
            return (self._epoch, (b"0000", MORE.encode(), about[2]))
        firsts[group] = index
        return group

    def _other(self, first: int, at: int, entry: bytes, read: Read) -> None:
        """An entry that is no record of this log."""
        read.commitments[at] = b""
        try:
            parsed = parse_entry(entry)
        except Malformed as error:
            why = str(error) if len(entry) <= MAX_ENTRY else f"{len(entry)} bytes"
            read.bad.append(Bad(first + at, "entry-malformed", why))
            return
        except VersionUnknown as error:
            read.bad.append(Bad(first + at, "entry-version-unknown", error.message))
            return
        if parsed.log != self._log:
            read.bad.append(Bad(first + at, "entry-foreign-log", parsed.log.hex()))
            return
        self.tally.others[parsed.kind] += 1
        read.commitments[at] = parsed.commitment.hex().encode()
        read.flags[at] |= STATEMENT
        if parsed.replaces is not None:
            self._names(first, at, None, parsed.replaces.hex().encode(), read)
        self._learn(entry, parsed.kind)
