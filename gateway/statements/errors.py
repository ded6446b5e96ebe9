"""What the statements refuse."""

from __future__ import annotations

from gateway.base.errors import NotReady
from ledger.core.errors import LedgerError


class StatementUnknown(LedgerError):
    """This member has issued no statement with that commitment."""


class RequestTaken(LedgerError):
    """Something else was issued under the name that the caller gave this request."""


class Overtaken(NotReady):
    """What was made rests on what is no longer so: a batch went, another request of the same name
    was faster, or the log was closed. Nothing was stored; it must be made anew."""

    def __init__(self) -> None:
        super().__init__("busy", retry_after=1)
