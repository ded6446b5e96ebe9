"""Why a log is not followed further for the moment. The code is kept and shown, never more."""

from __future__ import annotations

from gateway.base.errors import NotReady
from ledger.audit.tiles import Missing, NotCalled, Unreachable
from ledger.core.errors import EvidenceError, LedgerError

UNREACHABLE, NOT_SERVED, OTHER_TREE = "unreachable", "not-served", "other-tree"
ADDRESS_PRIVATE = "address-private"
FULL, NO_ENDPOINT, NOTE_MISSING = "full", "no-endpoint", "note-missing"
FULL_LOG, FULL_MEMBER = "full-log", "full-member"
DAMAGED = "damaged"


class MirrorError(LedgerError):
    """A log cannot be followed further now."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def code_of(error: LedgerError) -> str:
    """The code that is kept of a failure while a log was read from its owner."""
    if isinstance(error, (MirrorError, NotReady)):
        return error.code
    if isinstance(error, NotCalled):
        return ADDRESS_PRIVATE
    if isinstance(error, Unreachable):
        return UNREACHABLE
    if isinstance(error, Missing):
        return NOT_SERVED
    return OTHER_TREE if isinstance(error, EvidenceError) else UNREACHABLE
