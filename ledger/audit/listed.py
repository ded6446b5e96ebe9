"""Entries of lists that stand in the logs, counted for whoever holds a list of a day against them
(design-2 12)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from ledger.audit.cases import Cases
from ledger.audit.findings import Findings
from ledger.audit.state import State
from ledger.core.ids import LogId

__all__ = ["Beside", "ListEntries", "Replayed", "Together"]


class _Anchored(NamedTuple):
    """So many entries of a type, by an anchor of that time."""

    log: LogId
    name: str
    time: int
    many: int


@dataclass(slots=True)
class ListEntries:
    """How many entries of some types were anchored in each log, and when. names: of the types."""

    names: frozenset[str]
    _found: list[_Anchored] = field(default_factory=list)

    def seen(self, log: LogId, entries: Sequence[bytes], time: int) -> None:
        """Entries of a log, anchored at that time; in them a type stands in one spelling."""
        for name in self.names:
            mark = f'"schema":"{name}@'.encode()
            if count := sum(mark in entry for entry in entries):
                self._found.append(_Anchored(log, name, time, count))

    def until(self, logs: frozenset[LogId], name: str, time: int) -> int:
        """How many entries of a type these logs held by the anchors up to that time."""
        return sum(
            one.many
            for one in self._found
            if one.log in logs and one.name == name and one.time <= time
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
