"""The daily batch: what waits is moved to the log, filled up so that nobody learns how much it was.

Once a day, at the first step after 23:00 in Asia/Shanghai, however many gateways share the database
and whatever crashes when: a row of the day is written in the transaction that moves the entries. A
multiple of 16 goes in every day, 16 dummies where nothing waits. Of days on which no gateway ran
there is no batch; what waited goes with the next one. What waits for a log that was closed stays
(`gateway relog` puts it behind the end of that log, and makes it anew for the successor).

Entries go in by chance, each dummy under a promise of its own. In the order in which they were made
the first of a day would be known for real ones, and the n-th for that of the n-th act on the chain;
and where the log cuts a batch in two, dummies that go together would tell how many they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from random import SystemRandom

import sqlalchemy as sa
import structlog

from gateway.base.context import Context
from gateway.base.crash import crash_point
from gateway.base.crypto import Vault
from gateway.base.db import begin_read, begin_write, lock
from gateway.log.numbers import LOCK_ENTRIES
from gateway.log.services import log_row
from gateway.statements import days, store
from gateway.statements.interfaces import Made, Said
from gateway.statements.making import Maker, Terms

MULTIPLE = 16
"""Of so many entries is every batch (design-2 10)."""
QUICK_ATTEMPTS = 4
"""How often the dummies are made before the lock is taken; then under it, where their number is
certain: statements that keep coming must not keep the batch from going."""

_CHANCE = SystemRandom()
_DUMMY = Said(sort="dummy")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batched:
    """What a batch moved. day: in Asia/Shanghai. count: entries."""

    day: date
    count: int


class DailyBatch:
    """Moves the statements of this member."""

    def __init__(self, ctx: Context, maker: Maker, vault: Vault) -> None:
        self._ctx = ctx
        self._maker = maker
        self._vault = vault

    def step(self) -> Batched | None:
        """Make the batch that is due; None: none is. Raises NotReady where nothing may be promised
        now, and is to be called again."""
        day = days.last_batch(self._ctx.clock.seconds())
        if not self._is_due(day):
            return None
        terms = self._maker.terms(day)
        for _ in range(QUICK_ATTEMPTS):
            with begin_read(self._ctx.engine) as connection:
                waiting = store.count_waiting(connection, terms.log)
            dummies = self._dummies(waiting, terms)
            with begin_write(self._ctx.engine, store.LOCK) as connection:
                if self._gone(connection, day):
                    return None
                waiting = store.count_waiting(connection, terms.log)
                count = waiting + len(dummies)
                if count == 0 or count % MULTIPLE:
                    continue  # others came meanwhile
                done = self._move(connection, day, terms, dummies)
            return self._told(done)
        with begin_write(self._ctx.engine, store.LOCK) as connection:
            if self._gone(connection, day):
                return None
            waiting = store.count_waiting(connection, terms.log)
            done = self._move(connection, day, terms, self._dummies(waiting, terms))
        return self._told(done)

    def strand(self, log_id: bytes) -> int:
        """Move what waits for a log that was closed into it, filled up; how many entries. There
        they stand behind its end, where whoever replays it finds what another log replaces."""
        with begin_read(self._ctx.engine) as connection:
            if not store.count_waiting(connection, log_id):
                return 0
            newest = store.newest_day(connection, days.last_batch(self._ctx.clock.seconds()))
        terms = self._maker.terms(newest)
        closed = Terms(terms.facts, log_id, terms.at, newest)
        with begin_write(self._ctx.engine, store.LOCK) as connection:
            waiting = store.count_waiting(connection, log_id)
            if not waiting:
                return 0
            count = self._fill(connection, closed, self._dummies(waiting, closed))
        self._ctx.signals.promised.set()
        return count

    def _is_due(self, day: date) -> bool:
        with begin_read(self._ctx.engine) as connection:
            newest = store.newest_day(connection, day)
            known = newest is not None and not store.noted_far_ahead(connection, day)
        if newest is not None and known:
            return newest < day
        with begin_write(self._ctx.engine, store.LOCK) as connection:
            return store.begin_days(connection, day, self._ctx.clock.seconds()) < day

    def _gone(self, connection: sa.Connection, day: date) -> bool:
        newest = store.newest_day(connection, day)
        return newest is not None and newest >= day

    def _dummies(self, waiting: int, terms: Terms) -> Sequence[Made]:
        """As many as are missing beside those that wait, each promised alone."""
        missing = -waiting % MULTIPLE or (0 if waiting else MULTIPLE)
        make, promised = self._maker.statement, self._maker.promised
        return [promised([make(_DUMMY, terms)], terms) for _ in range(missing)]

    def _move(
        self, connection: sa.Connection, day: date, terms: Terms, dummies: Sequence[Made]
    ) -> Batched:
        count = self._fill(connection, terms, dummies)
        store.note_batch(connection, day, terms.at, count)
        crash_point("statement.batched", "before")
        return Batched(day=day, count=count)

    def _fill(self, connection: sa.Connection, terms: Terms, dummies: Sequence[Made]) -> int:
        """Move what waits, and these; how many entries."""
        lock(connection, LOCK_ENTRIES)  # before that of the content keys, as intake does
        log = log_row(connection, terms.log)
        for one in dummies:
            if one.promise is not None:
                store.put_statements(
                    connection, self._vault, one.new, one.promise, log=log, key_id=one.key_id
                )
        mixed = store.waiting(connection, log)
        _CHANCE.shuffle(mixed)
        return store.move(connection, log, mixed)

    def _told(self, done: Batched) -> Batched:
        crash_point("statement.batched", "after")
        self._ctx.signals.promised.set()
        _log.info("statements.batched", day=done.day.isoformat(), entries=done.count)
        return done
