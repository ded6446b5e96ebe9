"""What a call does, step by step, without doing it: the part that both clients share.

A flow is a generator. It yields what is to be done next and is sent the outcome: for `Send` the
answer, or the error is thrown into it; for `Sleep` nothing. What it returns is the result of the
call. `Item` hands one of many results to whoever iterates. `drive` of either transport runs it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple, TypeAlias, TypeVar

from ledger.client.errors import NoAnswer, NotReady
from ledger.client.terms import Terms
from ledger.client.wire import Answer, Request, later

_SHORTEST = 0.001  # seconds: a time that has run out


class Send(NamedTuple):
    """Send a request. timeout: seconds for the whole exchange."""

    request: Request
    timeout: float


class Sleep(NamedTuple):
    """Wait so many seconds."""

    seconds: float


class Item(NamedTuple):
    """One of many results."""

    value: Any


Step: TypeAlias = Send | Sleep | Item
T = TypeVar("T")
Flow: TypeAlias = Generator[Step, Any, T]


def ask(request: Request, terms: Terms, end: float | None = None) -> Flow[Answer]:
    """The answer to a request, which is sent again where that may help and does no harm. end: by
    the clock of the terms, when all of it must be over; None: after their deadline. Raises
    NoAnswer."""
    began = terms.clock()
    end = began + terms.deadline if end is None else end
    failures = 0
    while True:
        left = max(_SHORTEST, end - terms.clock())
        try:
            answer: Answer = yield Send(request, min(left, terms.timeout_of(request)))
            not_now = later(answer)
            if not_now is None:
                return answer
            error = not_now
        except NoAnswer as failed:
            error = failed
        failures += 1
        pause = terms.pause(failures, error.retry_after)
        until = min(end, began + terms.patience) if isinstance(error, NotReady) else end
        if not terms.may_repeat(request, error, failures) or terms.clock() + pause >= until:
            raise error
        yield Sleep(pause)


def look(request: Request, terms: Terms, end: float) -> Flow[Answer]:
    """`ask` of what is waited for until `end`. The last look has as long as a connection may take,
    so that it tells how things stand and not that its time is over."""
    return (yield from ask(request, terms, max(end, terms.clock() + terms.connect)))


def pieces(many: Iterable[T], most: int) -> Iterator[Sequence[T]]:
    """Many in pieces of `most`, as one request takes them; the last may be shorter."""
    rest = iter(many)
    while some := list(islice(rest, most)):
        yield some
