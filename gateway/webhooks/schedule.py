"""How often and how long an event is tried."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_MINUTE, _HOUR = 60, 3600
DAY: Final = 86_400
PAUSES: Final = (
    *(5, 30, 2 * _MINUTE, 5 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE),
    *(_HOUR, 2 * _HOUR, 3 * _HOUR, 4 * _HOUR, 6 * _HOUR, 8 * _HOUR, 10 * _HOUR, 12 * _HOUR),
    14 * _HOUR,
)
"""Seconds between one try and the next: sixty-one hours together, so that all sixteen lie within
three days whatever the jitter."""
TRIES: Final = len(PAUSES) + 1
JITTER: Final = 0.15
"""By so much of itself a pause is longer or shorter: receivers that came back at once are not met
by all their senders at once."""
LIFE: Final = 3 * DAY
"""Seconds after which nothing is tried any more, whatever its tries."""
PATIENCE: Final = 5 * DAY
"""Seconds for which a receiver may fail; then nothing is sent to it until its holder says so."""
LONGEST_ASKED: Final = 6 * _HOUR
"""Seconds of a pause that a receiver asks for; whoever asks for more is asked again sooner."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """random: a number from 0 to below 1, for the jitter."""

    random: Callable[[], float]

    def pause_after(self, tries: int, asked: float | None = None) -> int:
        """Seconds after so many tries (1 …) until the next. asked: by the receiver."""
        base = PAUSES[min(tries, len(PAUSES)) - 1]
        drawn = base * (1 + JITTER * (2 * self.random() - 1))
        return max(1, round(max(drawn, min(asked or 0.0, LONGEST_ASKED))))


def is_over(tries: int, since: int, now: int) -> bool:
    """Whether an event is given up after so many tries. since: when it could be tried first."""
    return tries >= TRIES or now >= since + LIFE
