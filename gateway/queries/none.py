"""Stand-ins where a node knows no authorisations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from gateway.peers.errors import Refused
from gateway.queries.interfaces import Granted
from ledger.core.opening import Opening


class NoPapers:
    """Knows none that others show."""

    def judge(
        self,
        opening: Mapping[str, Any],
        *,
        asker: str,
        subject: str,
        types: Sequence[str],
        purpose: str | None,
        on: date,
    ) -> Granted:
        """Refuse it."""
        raise Refused("authorisation-unknown")

    def still_valid(self, granted: Granted) -> None:
        """Refuse it."""
        raise Refused("authorisation-unknown")


class NoneHeld:
    """Holds none."""

    def opening(self, commitment: bytes) -> Opening | None:
        """None."""
        return None

    def revoked(self, opening: Opening) -> bool:
        """It counts for nothing."""
        return True
