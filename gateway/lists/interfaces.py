"""What the lists want of others, and what they hand out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol

from gateway.base.access_table import Standing
from gateway.base.policy import Decision, Record
from ledger.core.day_list import Part
from ledger.core.errors import LedgerError
from ledger.core.ids import RecordId
from ledger.core.status import RecordedAct
from ledger.records.lists import ListType

CLOSED: Final = "closed"
"""Reason why an entry is left out: what the chain says closes its content now, whatever the day."""
SUPERSEDED: Final = "superseded"
"""Another record stands for it."""
NOT_PUBLIC: Final = "not-public"
ERASED: Final = "erased"
UNREADABLE: Final = "unreadable"
"""What the disk has done to it keeps us from telling."""


class ActsNow(Protocol):
    """What the chain says of records."""

    def known(self) -> int:
        """Time of the final block up to which our database has all acts, in Unix seconds. Raises
        NotReady."""

    def history(self, record: RecordId) -> Sequence[RecordedAct]:
        """All acts on a record. Raises NotReady."""


class Admits(Protocol):
    """Whether whoever asks may have a record, by policy."""

    def __call__(self, record: Record, standing: Standing) -> Decision:
        """Of a record in force, or disputed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which part. start: number of the first entry."""

    kind: ListType
    day: date
    start: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A part with its JWS and the receipts of its items, in order."""

    part: Part
    jws: str
    receipts: tuple[str, ...]


class ListTooLarge(LedgerError):
    """A list with more entries than one file holds."""


class DayToCome(LedgerError):
    """Nobody can say who will be on a list."""
