"""What the outcomes refuse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ledger.core.errors import LedgerError
from ledger.core.texts import Text


class OutcomesRefused(LedgerError):
    """A file that is not taken as a whole. code: of `gateway.http.problems`. detail: what is wrong
    and what to do, zh and en. extra: members beside them."""

    def __init__(
        self, code: str, detail: Text | None = None, *, extra: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.extra = dict(extra or {})
