"""Why a record cannot be shown."""

from __future__ import annotations

from ledger.core.errors import LedgerError


class ContentErased(LedgerError):
    """The record's key was destroyed: its content is gone for good, its anchor stays."""


class NotARecord(LedgerError):
    """The leaf is an entry without record content."""
