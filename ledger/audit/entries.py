"""Entries of a bundle, checked set-wise: what a record of this log looks like is one pattern.

The pattern takes exactly the canonical bytes that `ledger.core.entry.parse_entry` takes (a property
test compares them), for record entries of one log; whatever does not match goes through the parser.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from ledger.core.commitment import SCHEMA_ID
from ledger.core.entry import MAX_ENTRY, RECORD, TIMELY, parse_entry
from ledger.core.errors import Malformed

# What records say is counted apart so often: 20 types, 20 years of months and three answers make
# 14 400. Beyond it a log is playing with our memory.
MAX_ABOUT = 1 << 17
MAX_KINDS = 1 << 10
MORE = "(more)"

_HEX = "[0-9a-f]{64}"

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

    def read(self, entries: list[bytes]) -> tuple[list[bytes], list[Bad]]:
        """The next entries: the commitment of each in hex, b"" where it has none, and bad ones."""
        first = self.tally.entries
        commitments: list[bytes] = []
        about: list[About] = []
        bad: list[Bad] = []
        for index, entry in enumerate(entries, first):
            match = self._match(entry)
            if match is None:
                commitments.append(self._other(index, entry, bad))
            else:
                commitment, *said = match.groups()
                commitments.append(commitment)
                about.append(self._said(index, tuple(said), bad))
        self.tally.records.update(about)
        self.tally.entries += len(entries)
        return commitments, bad

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
        if parsed.log != self._log:
            bad.append(Bad(index, "entry-foreign-log", parsed.log.hex()))
            return b""
        known = parsed.kind in self.tally.others or len(self.tally.others) < MAX_KINDS
        self.tally.others[parsed.kind if known else MORE] += 1
        return parsed.commitment.hex().encode()
