"""What the exchange hands out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.base.policy import Caller
from ledger.core.errors import LedgerError

RETRY_AFTER: Final = 2
"""Seconds after which a promised record is worth asking for again; an anchor takes about that."""


@dataclass(frozen=True, slots=True)
class Pending:
    """Promised, but not under a final anchor yet. retry_after: seconds."""

    retry_after: int = RETRY_AFTER


@dataclass(frozen=True, slots=True)
class Unshown:
    """A record of which nothing can be shown. reason: why; bare: its receipt without content."""

    reason: LedgerError
    bare: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """For whom a presentation is bound. code: of the member that asks. nonce: that it chose.
    authorisation: commitment of the one it has; None: none was needed."""

    code: str
    nonce: str
    authorisation: bytes | None = None


@dataclass(frozen=True, slots=True)
class Disclose:
    """To whom a presentation discloses which fields. fields: codes; None = every filled one,
    but for texts with a person's identity number in them."""

    caller: Caller
    fields: Sequence[str] | None = None


class FieldUnknown(LedgerError):
    """`field` is none of the record's type, or `None`: nothing asked for is filled."""

    def __init__(self, field: str | None) -> None:
        super().__init__(field or "no field")
        self.field = field


class Stranded(LedgerError):
    """It stands beyond the end of a closed log, so it never gets a receipt.

    replaced_by: leaf under which its record was logged again; None: not yet (`gateway relog`).
    """

    def __init__(self, replaced_by: bytes | None) -> None:
        super().__init__(replaced_by.hex() if replaced_by else "not logged again yet")
        self.replaced_by = replaced_by
