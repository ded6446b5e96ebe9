"""What this node refuses to ask."""

from __future__ import annotations

from ledger.core.errors import LedgerError
from ledger.core.texts import Text


class NotToBeAsked(LedgerError):
    """A question that must not leave. code: a title of `gateway.http.problems`:
    `authorisation-missing` `-unknown` `-expired` `-revoked` `-other-subject` `-other-purpose`,
    `type-out-of-scope` or `subject-invalid`. detail: what is wrong here and what to do."""

    def __init__(self, code: str, detail: Text | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


class UseUnknown(LedgerError):
    """There is no such question, or it is not the caller's."""


class TooManyChanges(LedgerError):
    """What came of a question was changed as often as it may be. most: how often that is."""

    def __init__(self, most: int) -> None:
        super().__init__(f"{most} times")
        self.most = most


class BundleErased(LedgerError):
    """What was answered is kept no more: a record of ours in it was erased."""
