"""Entries of lists that stand in the logs, counted for whoever holds a list of a day against them
(design-2 12)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ledger.audit.cases import Cases
from ledger.audit.findings import Findings
from ledger.audit.state import State
from ledger.core.ids import LogId

__all__ = ["Beside", "ListEntries", "Replayed", "Together"]


@dataclass(slots=True)
class ListEntries:
    """How many entries of some types were anchored in each log, and when. names: of the types."""

    names: frozenset[str]
    _found: Counter[tuple[LogId, str, int]] = field(default_factory=Counter)

    def seen(self, log: LogId, listed: Mapping[str, int], time: int) -> None:
        """So many entries of each type, anchored at that time."""
        for name, count in listed.items():
            self._found[log, name, time] += count

    def until(self, logs: frozenset[LogId], name: str, time: int) -> int:
        """How many entries of a type these logs held by the anchors up to that time."""
        return sum(
            count
            for (log, of, anchored), count in self._found.items()
            if log in logs and of == name and anchored <= time
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What the replay knows. unread: logs that could not be read whole. now: Unix seconds of the
    last block."""

    state: State
    cases: Cases
    entries: ListEntries
    unread: frozenset[LogId]
    findings: Findings
    now: int


@dataclass(frozen=True, slots=True)
class Together:
    """Several of what is held against the replay (`Beside`)."""

    parts: Sequence[Beside]

    @property
    def names(self) -> frozenset[str]:
        """See `Beside`."""
        return frozenset().union(*(part.names for part in self.parts))

    def run(self, replayed: Replayed) -> None:
        """See `Beside`."""
        for part in self.parts:
            part.run(replayed)


class Beside(Protocol):
    """What is held against the replay: files that members signed."""

    @property
    def names(self) -> frozenset[str]:
        """Types of record whose entries are to be counted."""

    def run(self, replayed: Replayed) -> None:
        """Add what is found."""
