"""What is tried and opened, counted in the database, so that all gateways of a member count
together.

A code is guessed at by whoever knows a number, and a number is drawn, so that is whoever was shown
it. Five wrong codes an hour for a number are the design's bound on guessing, of which one stranger
has three. Were nobody looked at beyond them, two strangers could lock out whoever has the code: so
one who has hardly tried is looked at all the same, until a thousand were wrong. That is a chance of
one in 800 million an hour. What proves the key of the QR cannot be guessed: it is never refused for
what others tried.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import sqlalchemy as sa

from gateway.base.context import Context
from gateway.base.crypto import Hmac
from gateway.base.db import begin_write
from gateway.reports import store
from gateway.reports.errors import TooManyTries

WRONG: Final = 5
"""Wrong codes an hour of a number, whoever tries (design-2 16), but for who has hardly tried."""
ALWAYS: Final = 2
"""Wrong codes an hour of one who asks about a number, whatever others tried: people mistype."""
MOST_WRONG: Final = 1000
"""Wrong codes an hour of a number in all: of 31^8 that there may be."""
WRONG_OF_ONE: Final = 3
"""Of these, those of one who asks."""
WRONG_OF_ALL: Final = 30
"""Wrong codes, numbers and proofs an hour of one who asks: a whole office may be behind an
address."""
CORRECT: Final = 60
"""Times an hour that one who asks is answered about a report: each is looked up anew."""
OPENED: Final = 60
"""Times an hour that a share is opened, by whomever: whoever reads it needs it once."""
_WHO: Final = b"report-asker"
_NUMBER: Final = b"report-number"
_T = TypeVar("_T")
Match = Callable[[sa.Connection, store.Row], _T | None]


class Tries:
    """Counts them; safe in threads. Whoever asks is told apart by a text: an address, a token."""

    def __init__(self, ctx: Context, hmac: Hmac) -> None:
        self._ctx = ctx
        self._hmac = hmac

    def code(self, number: str, asker: str, match: Match[_T]) -> _T | None:
        """What `match` finds for the report of this number by a code; None, counted, where it is
        nothing. None too where there is no such report. Raises TooManyTries, and then nothing is
        looked at."""
        return self._look(number, asker, match, guessable=True)

    def proof(self, number: str, asker: str, match: Match[_T]) -> _T | None:
        """The same by what cannot be guessed."""
        return self._look(number, asker, match, guessable=False)

    def open(self, connection: sa.Connection, share: int, asker: str) -> None:
        """Count in the caller's transaction that a share is opened. Raises TooManyTries."""
        now = self._ctx.clock.seconds()
        _demand(store.tries(connection, now, correct=True, share=share), OPENED, now)
        who = self._who(asker)
        store.note_try(connection, now, correct=True, who=who, share=share)

    def _look(self, number: str, asker: str, match: Match[_T], *, guessable: bool) -> _T | None:
        now, who = self._ctx.clock.seconds(), self._who(asker)
        with begin_write(self._ctx.engine, store.LOCK) as connection:
            _demand(store.tries(connection, now, correct=False, who=who), WRONG_OF_ALL, now)
            named = self._hmac.fingerprint(_NUMBER, number.encode()) if guessable else None
            if named is not None:  # whether there is such a report or not: who tries is not told
                wrong = store.tries(connection, now, correct=False, number=named, who=who)
                _demand(wrong, WRONG_OF_ONE, now)
                most = MOST_WRONG if len(wrong) < ALWAYS else WRONG
                _demand(store.tries(connection, now, correct=False, number=named), most, now)
            row = store.row_of(connection, number)
            found = None if row is None else match(connection, row)
            if found is None:
                store.note_try(connection, now, correct=False, who=who, number=named)
                return None
            report = None if row is None else row.n
            right = store.tries(connection, now, correct=True, report=report, who=who)
            _demand(right, CORRECT, now)
            store.note_try(connection, now, correct=True, who=who, report=report)
            return found

    def _who(self, asker: str) -> bytes:
        return self._hmac.fingerprint(_WHO, asker.encode())


def _demand(tried: Sequence[int], most: int, now: int) -> None:
    """Raise TooManyTries where there were as many as may be."""
    if len(tried) >= most:
        raise TooManyTries(max(1, tried[-most] + store.HOUR - now))
