"""What is told of the status of records."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ledger.core.canonical import instant
from ledger.core.ids import RecordId
from ledger.core.status import SHOWN, Flag, State


class Standing(StrEnum):
    """How a record stands, for whoever asks from outside; the worst that is so."""

    IN_FORCE = "in-force"
    DISPUTED = "disputed"
    OUTCOME = "outcome"
    SHIELDED = "shielded"
    ERASED = "erased"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A record as the chain has it, of which nothing is secret. corrected_by: the record at the end
    of the chain of corrections. closed: whether its content is, for whatever reason."""

    record: RecordId
    state: State
    corrected_by: RecordId | None
    closed: bool

    def as_dict(self) -> dict[str, Any]:
        """As the route answers it. Times are those of the last act; null where there was none."""
        word = self.state.word
        return {
            "record": self.record.hex(),
            "flags": [str(flag.name).lower() for flag in Flag if flag in word.flags & SHOWN],
            "outcome": word.outcome.name.lower(),
            "version": word.version,
            "recordedAt": instant(word.recorded_at) if word.version else None,
            "effectiveAt": instant(word.effective_at) if word.version else None,
            "correctedBy": self.corrected_by and self.corrected_by.hex(),
            "closed": self.closed,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """A record that was logged here. first: the first of the chain in which it was logged again.
    entry: its row number; None: it is there no more."""

    record: RecordId
    first: RecordId
    entry: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """How far a member has acknowledged, and how many acts it lacks of those followed here."""

    member: str
    count: int
    behind: int

    def as_dict(self) -> dict[str, Any]:
        """As the route answers it."""
        return {"member": self.member, "count": self.count, "behind": self.behind}
