"""Who watches, and what they are told.

Nothing is kept for anybody: each stream goes through the tables of events at its own pace, a page
at a time, so one that is slow holds up itself alone and one that comes again goes on where it was.
The database is asked for news once for all streams.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

import sqlalchemy as sa

from gateway.base.context import Context
from gateway.base.db import begin_read
from gateway.base.policy import Caller
from gateway.statuses.changes import Place
from gateway.tokens.services import Holders
from gateway.watching import feed, singles, subjects
from gateway.watching.feed import Page, Selection
from gateway.watching.interfaces import Event
from gateway.watching.notices import ProductNotices
from ledger.core.errors import LedgerError

MAX_STREAMS: Final = 64
"""Of one gateway at once; each holds a connection, and nothing else while nothing happens."""
MAX_PER_TOKEN: Final = 4
MAX_RECORDS: Final = 50
"""Records that one stream names; more do not fit a request target."""
PAGE: Final = 128
"""Events in memory for one stream."""
LOOK_SECONDS: Final = 0.5
"""Between two looks for news, of all streams together."""


class TooManyStreams(LedgerError):
    """No further stream is opened now. what: `all`, or those of this token."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class Watching:
    """Opens and feeds streams; safe in threads."""

    def __init__(self, ctx: Context, notices: ProductNotices) -> None:
        self._ctx = ctx
        self._notices = notices
        self._lock = threading.Lock()
        self._open: Counter[int] = Counter()
        self._looked_at = float("-inf")
        self._newest = Place(number=0)
        self.ending = False
        """Whether the gateway is about to stop, so that streams end by themselves."""

    def end(self) -> None:
        """Have all streams end."""
        self.ending = True

    @contextmanager
    def stream(self, caller: Caller) -> Iterator[None]:
        """Hold one of the places. Raises TooManyStreams."""
        with self._lock:
            if self._open.total() >= MAX_STREAMS:
                raise TooManyStreams("all")
            if self._open[caller.id] >= MAX_PER_TOKEN:
                raise TooManyStreams("token")
            self._open[caller.id] += 1
        try:
            yield
        finally:
            with self._lock:
                self._open[caller.id] -= 1
                self._open += Counter()  # those at zero go

    def start(self, since: Place | None) -> tuple[Place, bool]:
        """Where a stream begins, and whether what it has seen before may not be all. since: behind
        which it was; None: it was never there."""
        with begin_read(self._ctx.engine) as connection:
            newest = feed.newest(connection)
            if since is None:
                return newest, False
            if feed.stands(connection, since):
                return since, False
        return newest, True

    def newest(self) -> Place:
        """The place behind the last event, at most `LOOK_SECONDS` old."""
        with self._lock:
            if time.monotonic() - self._looked_at >= LOOK_SECONDS:
                with begin_read(self._ctx.engine) as connection:
                    self._newest = feed.newest(connection)
                self._looked_at = time.monotonic()
            return self._newest

    def page(self, caller: Caller, place: Place, records: frozenset[bytes]) -> Page:
        """What comes next. records: those named, whosever they are, as anybody may ask for their
        status; empty: all of our own that the caller may know of, all that they follow, and of
        products."""
        with begin_read(self._ctx.engine) as connection:
            wanted = Selection(records=records)
            if not records:
                wanted = replace(self._followed(connection, caller), own=caller)
            return feed.page(connection, place, wanted, PAGE)

    def latest(self, caller: Caller, limit: int) -> Sequence[Event]:
        """What changed last of what they follow, the newest first: as far back as all is kept."""
        with begin_read(self._ctx.engine) as connection:
            return feed.latest(connection, self._followed(connection, caller), limit)

    def _followed(self, connection: sa.Connection, caller: Caller) -> Selection:
        theirs = Holders.tokens_of(connection, caller)
        return Selection(
            records=singles.records_of(connection, theirs),
            watched=subjects.of_tokens(theirs),
            notices=self._notices.opener(caller),
        )
