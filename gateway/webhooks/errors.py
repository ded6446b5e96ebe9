"""What may be wrong with an endpoint.

LedgerError
├─ WebhookRefused   it may not be, or there is none
└─ CouldNotCheck
   └─ NotDelivered  an event did not come there (`ledger.hooks.posting`)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ledger.core.errors import LedgerError
from ledger.core.texts import Text
from ledger.hooks.posting import NotDelivered

__all__ = ["NotDelivered", "WebhookRefused"]


class WebhookRefused(LedgerError):
    """An endpoint may not be made or asked for, or not so. code: a title of
    `gateway.http.problems`. extra: members beside those of the problem."""

    def __init__(
        self, code: str, detail: Text | None = None, *, extra: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.extra = dict(extra or {})
