"""Values of checks of many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from ledger.core.texts import Text

MAX_SUBJECTS: Final = 1000
"""Of one call, and rows of one table."""
MAX_DAYS_AGO: Final = 3660
"""Days before today on which something may have been done that is reported."""

Kind = Literal["subjects", "feedback"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of a table as it was read. row: from 1, as the sender counts. texts: by role."""

    row: int
    sheet: str | None
    texts: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why a row is not taken. field: its role; None: the row as a whole."""

    code: str
    field: str | None
    text: Text

    def as_dict(self) -> dict[str, Any]:
        """As the answers have it."""
        return {"code": self.code, "field": self.field, "message": dict(self.text)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One of those that are checked. authorisation: commitment of one that is held here. fault: why
    it cannot be asked about."""

    code: str
    authorisation: bytes | None = None
    fault: Fault | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """What they are checked for. types: families, ascending; none: all that may be asked."""

    purpose: str
    matter: str
    types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What became of a row of feedback: the commitment of the statement, or why there is none.
    known: the same was stated before, and that statement stands for both."""

    n: int
    statement: bytes | None = None
    known: bool = False
    faults: tuple[Fault, ...] = field(default_factory=tuple)
