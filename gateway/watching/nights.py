"""When followed subjects are asked about: once a night, each at an hour of its own.

The hour is drawn anew for each night, with the member's own key: nobody outside tells from when a
question comes who is asked about, and no member gets all questions in one minute.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final

from gateway.base.clock import CHINA
from gateway.base.crypto import Hmac

BEGINS: Final = time(1)
HOURS: Final = 4
"""From one to five in the morning, when nodes have least to do."""
_PURPOSE: Final = b"watch-night"
_DAY: Final = timedelta(days=1)


def night_of(at: int) -> date | None:
    """The day in the early hours of which a Unix second lies; None: it is no time to ask."""
    now = datetime.fromtimestamp(at, CHINA)
    begins = datetime.combine(now.date(), BEGINS, CHINA)
    return now.date() if begins <= now < begins + timedelta(hours=HOURS) else None


def next_night(at: int) -> date:
    """The day of the first night that begins after a Unix second."""
    now = datetime.fromtimestamp(at, CHINA)
    return now.date() if now.time() < BEGINS else now.date() + _DAY


def due_in(night: date, watched: str, hmac: Hmac) -> int:
    """Unix seconds at which a followed subject is asked about in that night."""
    drawn = hmac.fingerprint(_PURPOSE, f"{watched}/{night.isoformat()}".encode())
    seconds = int.from_bytes(drawn[:8], "big") % (HOURS * 3600)
    return int(datetime.combine(night, BEGINS, CHINA).timestamp()) + seconds
