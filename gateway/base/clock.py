"""The one clock of a gateway: instants in UTC, days in Asia/Shanghai."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has had one time zone without summer time since 1991; needs no time zone database."""


@dataclass(frozen=True, slots=True)
class Clock:
    """fixed: the instant at which the clock stands. ahead: how far it runs ahead of the machine's.
    Both are CREDIT_LEDGER_NOW, development only."""

    fixed: datetime | None = None
    ahead: timedelta = timedelta()

    @classmethod
    def of(cls, now: datetime | timedelta | None) -> Clock:
        """The clock that the setting `now` asks for."""
        if isinstance(now, timedelta):
            return cls(ahead=now)
        return cls(now)

    def now(self) -> datetime:
        """The instant, aware, in UTC."""
        return self.fixed.astimezone(UTC) if self.fixed else datetime.now(UTC) + self.ahead

    def of_chain(self) -> float:
        """Unix seconds by which the chain's head is judged. A held clock does not hold the chain;
        one that runs ahead goes with a chain that was moved ahead."""
        return (datetime.now(UTC) + self.ahead).timestamp()

    def seconds(self) -> int:
        """The instant in whole Unix seconds, rounded down."""
        return int(self.now().timestamp())

    def today(self) -> date:
        """The calendar day in China."""
        return self.now().astimezone(CHINA).date()
