"""What reports refuse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ledger.core.errors import LedgerError
from ledger.core.texts import Text


class ReportRefused(LedgerError):
    """What is not done. code: of `gateway.http.problems`. detail: what is wrong here and what to
    do, zh and en. extra: members beside them."""

    def __init__(
        self, code: str, detail: Text | None = None, *, extra: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.extra = dict(extra or {})


class TooManyTries(LedgerError):
    """Codes were tried too often for one number. after: seconds until the next is looked at."""

    def __init__(self, after: int) -> None:
        super().__init__("report-tries")
        self.after = after
