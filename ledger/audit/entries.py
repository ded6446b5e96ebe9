"""Entries of a bundle, checked set-wise.

Entries differ in little but their commitments: what stands behind one is the same in thousands of
them. So it is parsed once and then known, and of a bundle only what is new is looked into: by a
pattern that takes exactly the canonical bytes that `ledger.core.entry.parse_entry` takes, for
record entries of one log, and what does not match by the parser. Property tests compare all three.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

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


def record_pattern(log: bytes) -> re.Pattern[bytes]:
    """Groups: commitment, period, schema, timely."""
    return re.compile(
        (
            rf'\{{"_type":"credit-ledger/entry@1","commitment":"({_HEX})"'
            rf'(?:,"corrects":"{_HEX}")?,"kind":"{RECORD}","log":"{log.hex()}"'
            rf',"period":"([0-9]{{4}}(?:-(?:0[1-9]|1[0-2]))?)"(?:,"replaces":"{_HEX}")?'
            rf',"schema":"({SCHEMA_ID.pattern})","suite":"sha256"'
            rf',"timely":"({"|".join(TIMELY)})"\}}'
        ).encode()
    )


@dataclass(slots=True)
class Tally:
    """What a log holds, counted.

    records: by what they say, and in `firsts` the index of the first of each. others: good entries
    of other kinds, by kind.
    """

    entries: int = 0
    records: Counter[About] = field(default_factory=Counter)
    firsts: dict[About, int] = field(default_factory=dict)
    others: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Bad:
    """An entry that should not be there. code: of `findings`; why: in English, of the parser."""

    index: int
    code: str
    why: str


class EntryReader:
    """Checks the entries of one log, in their order."""

    def __init__(self, log: bytes) -> None:
        self.tally = Tally()
        self._log = log
        self._match = record_pattern(log).fullmatch
        # What follows the commitment in good entries, and what it says: a record's, or the kind.
        self._known: dict[bytes, About | str] = {}

    def read(self, entries: list[bytes]) -> tuple[list[bytes], list[Bad]]:
        """The next entries: the commitment of each in hex, b"" where it has none, and bad ones."""
        first = self.tally.entries
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
            self._count({ending: counts[ending] for ending in counts.keys() - unknown})
        bad: list[Bad] = []
        if unknown:
            for at, ending in enumerate(endings):
                if ending in unknown:
                    commitments[at] = self._one(first + at, entries[at], bad)
        return commitments, bad

    def _count(self, endings: dict[bytes, int]) -> None:
        """Entries of which nothing is new but the commitment."""
        for ending, count in endings.items():
            what = self._known[ending]
            if isinstance(what, str):
                self.tally.others[what] += count
            else:
                self.tally.records[what] += count

    def _one(self, index: int, entry: bytes, bad: list[Bad]) -> bytes:
        """Any entry; its commitment."""
        match = self._match(entry)
        if match is None:
            return self._other(index, entry, bad)
        commitment, period, schema, timely = match.groups()
        about = self._said(index, (period, schema, timely), bad)
        self.tally.records[about] += 1
        if about[1] == schema:
            self._learn(entry, about)
        return commitment

    def _learn(self, entry: bytes, what: About | str) -> None:
        """A good entry. One that names another one has an ending of its own."""
        ending = entry[_HEX_END:]
        if len(self._known) < MAX_KNOWN and not _NAMES_ANOTHER.search(ending):
            self._known[ending] = what

    def _said(self, index: int, about: About, bad: list[Bad]) -> About:
        """Remembers where it was said first, within bounds."""
        firsts = self.tally.firsts
        if about in firsts:
            return about
        if len(firsts) >= MAX_ABOUT:
            bad.append(Bad(index, "type-not-in-catalogue", about[1].decode()))
            return (b"0000", MORE.encode(), about[2])
        firsts[about] = index
        return about

    def _other(self, index: int, entry: bytes, bad: list[Bad]) -> bytes:
        """An entry that is no record of this log."""
        try:
            parsed = parse_entry(entry)
        except Malformed as error:
            why = str(error) if len(entry) <= MAX_ENTRY else f"{len(entry)} bytes"
            bad.append(Bad(index, "entry-malformed", why))
            return b""
        except VersionUnknown as error:
            bad.append(Bad(index, "entry-version-unknown", error.message))
            return b""
        if parsed.log != self._log:
            bad.append(Bad(index, "entry-foreign-log", parsed.log.hex()))
            return b""
        self.tally.others[parsed.kind] += 1
        self._learn(entry, parsed.kind)
        return parsed.commitment.hex().encode()
