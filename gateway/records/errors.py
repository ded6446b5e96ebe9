"""Why a record cannot be shown."""

from __future__ import annotations

from gateway.base.policy import NotAllowed
from ledger.core.errors import LedgerError


class ContentErased(NotAllowed):
    """The record's key was destroyed: its content is gone for good, its anchor stays."""

    def __init__(self) -> None:
        super().__init__("content-erased")


class NotARecord(LedgerError):
    """The leaf is an entry without record content."""
