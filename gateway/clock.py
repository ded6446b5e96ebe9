"""The one clock of a gateway: instants in UTC, days in Asia/Shanghai."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has had one time zone without summer time since 1991; needs no time zone database."""


@dataclass(frozen=True, slots=True)
class Clock:
    """fixed: the instant at which the clock stands (CREDIT_LEDGER_NOW, development only)."""

    fixed: datetime | None = None

    def now(self) -> datetime:
        """The instant, aware, in UTC."""
        return self.fixed.astimezone(UTC) if self.fixed else datetime.now(UTC)

    def seconds(self) -> int:
        """The instant in whole Unix seconds, rounded down."""
        return int(self.now().timestamp())

    def today(self) -> date:
        """The calendar day in China."""
        return self.now().astimezone(CHINA).date()
