"""What the authorisations refuse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ledger.core.errors import LedgerError
from ledger.core.texts import Text


class AuthorisationRefused(LedgerError):
    """A grant, a paper or a revocation that is not taken. code: of `gateway.http.problems`. field:
    the member at fault, where it is one. detail: what is wrong here and what to do, zh and en.
    extra: members beside them."""

    def __init__(
        self,
        code: str,
        detail: Text | None = None,
        *,
        field: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.field = field
        self.detail = detail
        self.extra = ({} if field is None else {"field": field}) | dict(extra or {})
