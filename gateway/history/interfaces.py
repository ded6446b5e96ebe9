"""What histories want of others."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, Protocol

from ledger.core.errors import LedgerError
from ledger.core.ids import RecordId
from ledger.core.status import RecordedAct

HandedFor = Literal["relocation", "own"]

NOT_GRANTED: Final = "not-granted"
"""Reason why a record is left out: it is closed, erased, replaced, or of a visibility that whoever
gets the history may not see; which of these is not told."""
NOT_ANCHORED: Final = "not-anchored"
"""By the end of the day asked for."""
TOO_MANY: Final = "too-many"
UNREADABLE: Final = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """code: of the subject, as records hold it. to: the member that gets it, empty for the subject
    itself. as_of: the day by whose end records were anchored."""

    code: str
    purpose: HandedFor
    to: str
    as_of: date


class ActsNow(Protocol):
    """What the chain says of records."""

    def known(self) -> int:
        """Time of the final block up to which our database has all acts, in Unix seconds. Raises
        NotReady."""

    def history(self, record: RecordId) -> Sequence[RecordedAct]:
        """All acts on a record. Raises NotReady."""


class StepsOf(Protocol):
    """The steps of cases."""

    def __call__(self, wanted: Collection[RecordId]) -> Mapping[RecordId, Iterator[bytes]]:
        """The openings of our own steps about each of these records, in their canonical spelling,
        in order; nothing of one without steps. Each is read when it is taken."""


class NotToBeHanded(LedgerError):
    """A history that policy gives to nobody so. code: a title of `gateway.http.problems`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
