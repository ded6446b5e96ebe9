"""Why something is not followed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ledger.core.errors import LedgerError
from ledger.core.texts import Text


class WatchRefused(LedgerError):
    """Something may not be followed, or not so. code: a title of `gateway.http.problems`. extra:
    members beside those of the problem."""

    def __init__(
        self, code: str, detail: Text | None = None, *, extra: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.extra = dict(extra or {})
