"""How long is waited for what, and how often something is sent again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from ledger.client.errors import AnswerLost, NoAnswer, NotReady, Unreachable
from ledger.client.wire import Repeat, Request

__all__ = ["Terms"]

_TOO_MANY = 429


def _jitter() -> float:
    return random.random()  # noqa: S311 - spreads load, guards nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The terms of a client, in seconds.

    connect: for a connection. silence: for which nothing may come. timeout: for one exchange,
    connection, sending and whole answer together. slow_timeout: in place of both for what a gateway
    takes minutes to make, and for files. deadline: for a whole call with all that is sent again and
    the pauses between; what waits for something has a time of its own (`within`). tries: how often
    at most something is sent where no answer comes. patience: for how long it is sent again where
    the gateway says that it will answer later. first_pause, longest_pause: after the first time and
    at most, doubled in between. jitter: from 0 up to 1, by which pauses differ, so that many
    clients do not come back in the same moment. clock: never set.
    """

    connect: float = 10.0
    silence: float = 60.0
    timeout: float = 120.0
    slow_timeout: float = 600.0
    deadline: float = 300.0
    tries: int = 4
    patience: float = 300.0
    first_pause: float = 0.5
    longest_pause: float = 30.0
    jitter: Callable[[], float] = _jitter
    clock: Callable[[], float] = time.monotonic

    def timeout_of(self, request: Request) -> float:
        """For one exchange."""
        return self.slow_timeout if request.slow else self.timeout

    def silence_of(self, request: Request) -> float:
        """For which nothing may come meanwhile."""
        return self.slow_timeout if request.slow else self.silence

    def pause(self, failures: int, retry_after: float | None) -> float:
        """Seconds until it is sent again after so many failures (1 …). Never earlier than the
        gateway asks for, but for what is longer than our longest pause."""
        own = min(self.longest_pause, self.first_pause * 2.0 ** min(failures - 1, 16))
        spread = own * (0.5 + self.jitter() / 2)
        if retry_after is None:
            return spread
        return min(self.longest_pause, retry_after + self.first_pause * self.jitter())

    def may_repeat(self, request: Request, error: NoAnswer, failures: int) -> bool:
        """Whether a request may be sent once more after that, which was its so manieth failure."""
        match error:
            case NotReady():
                return _may_come_again(request.repeat, error.status)
            case Unreachable():
                return failures < self.tries
            case AnswerLost():
                return request.repeat is Repeat.ANY and failures < self.tries
            case _:
                return False


def _may_come_again(repeat: Repeat, status: int | None) -> bool:
    """Whether what a gateway did not take now may be sent again."""
    if repeat is Repeat.COUNTED:
        return False
    return repeat is not Repeat.UNSENT or status == _TOO_MANY
