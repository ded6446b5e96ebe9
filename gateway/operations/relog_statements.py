"""Making statements again that a closed log has stranded.

A statement names its log, so it is another one in the successor: the same said by the same member
at the same instant, with a salt and a promise of its own, and its entry names with `replaces` the
first of the chain. That holds for those that stand behind the end, and for those that still waited
for the batch, whose promise names a log in which they can count no more: these are first put behind
its end, filled up as any batch, so that an auditor finds there what is replaced. What is made anew
waits for the next batch of the successor, dummies too, so that nobody learns how many they were.
The old ones stay, superseded; whoever asks for one gets the opening of the one that stands for it.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import sqlalchemy as sa

from gateway.accesses.services import Access, write
from gateway.base.context import Context
from gateway.base.crypto import ContentKeyMissing, ContentLost, Vault
from gateway.base.db import begin_read, begin_write, lock
from gateway.base.policy import ALWAYS, OPERATOR, Purpose, Record, Status, decide
from gateway.log.located import Entries, of_row
from gateway.log.services import log_row
from gateway.log.store import LogState, states
from gateway.operations.relog import ATTEMPTS, BATCH, Relogged, stranding
from gateway.records.errors import ContentErased
from gateway.sealing.services import Kind, hold, key_in
from gateway.statements import days, store
from gateway.statements.batch import DailyBatch
from gateway.statements.interfaces import Made, New
from gateway.statements.making import Maker, Terms
from gateway.statements.models import statements
from gateway.statements.services import open_statement
from ledger.core.canonical import unhex32
from ledger.core.errors import LedgerError
from ledger.core.ids import record_id
from ledger.core.statement import SALT_SIZE

_STANDS = statements.c.superseded_by == store.STANDS


class _Again(NamedTuple):
    """A stranded statement, and what is made of it."""

    old: int
    new: New


class StatementRelog:
    """One run over all closed logs of this member."""

    def __init__(self, ctx: Context, maker: Maker, batch: DailyBatch, vault: Vault) -> None:
        self._ctx = ctx
        self._maker = maker
        self._batch = batch
        self._vault = vault

    def run(self) -> Relogged:
        """Make again all that can be. Raises NotReady where nothing can be promised now."""
        told = Relogged()
        with begin_read(self._ctx.engine) as connection:
            closed = [log.log_id for log in states(connection) if log.closed is not None]
        for log_id in closed:
            self._batch.strand(log_id)
        with begin_read(self._ctx.engine) as connection:
            ids = [
                row
                for log in states(connection)
                if log.closed is not None
                for row in _stranded(connection, log)
            ]
        for at in range(0, len(ids), BATCH):
            self._relog(ids[at : at + BATCH], told)
        return told

    def _relog(self, ids: Sequence[int], told: Relogged) -> None:
        for _ in range(ATTEMPTS):
            with begin_read(self._ctx.engine) as connection:
                newest = store.newest_day(connection, days.last_batch(self._ctx.clock.seconds()))
                query = store.WITH_KEYS.where(statements.c.id.in_(ids), _STANDS)
                rows = connection.execute(query.order_by(statements.c.id)).all()
            terms = self._maker.terms(newest)
            self._note(rows, terms.at)
            made: list[_Again] = []
            left: Counter[str] = Counter()
            for row in rows:
                again = self._anew(row, terms)
                if isinstance(again, str):
                    left[again] += 1
                else:
                    made.append(again)
            if not made or self._store(made, terms):
                told.done += len(made)
                told.left += left
                return
        raise sa.exc.OperationalError("relog", None, RuntimeError("others were always faster"))

    def _note(self, rows: Sequence[sa.Row[Any]], at: int) -> None:
        """Have the access log tell what is opened, before it is."""
        known = Record(department=None, decided=ALWAYS)
        lines = [
            Access(
                token=OPERATOR.id,
                purpose=Purpose.RELOG,
                decision=decide(
                    OPERATOR,
                    Purpose.RELOG,
                    known,
                    Status.ERASED if key_in(row) is None else Status.IN_FORCE,
                ),
                record=store.leaf_of(row),
            )
            for row in rows
        ]
        if lines:
            with begin_write(self._ctx.engine) as connection:
                write(connection, lines, at)

    def _anew(self, row: sa.Row[Any], terms: Terms) -> _Again | str:
        """The same statement in the log of now; the code of why there is none."""
        try:
            old = open_statement(self._vault, row)
        except LedgerError as error:
            for kind, code in _LEFT.items():
                if isinstance(error, kind):
                    return code
            raise
        made = replace(old, log=terms.log, salt=os.urandom(SALT_SIZE))
        first = row.replaces or record_id(row.log_id, row.commitment)
        return _Again(row.id, self._maker.sealed(made, mac=row.mac, replaces=first))

    def _store(self, made: Sequence[_Again], terms: Terms) -> bool:
        """In one transaction; False where another process was faster, or a batch went."""
        signed = self._maker.promised([one.new for one in made], terms)
        with begin_write(self._ctx.engine) as connection:
            lock(connection, store.LOCK)
            if self._is_late(connection, signed, terms):
                return False
            if not hold(connection, Kind.STATEMENT, [one.old for one in made]):
                return False
            for one in made:
                change = sa.update(statements).where(statements.c.id == one.old, _STANDS)
                done = connection.execute(change.values(superseded_by=one.new.statement.commitment))
                if done.rowcount != 1:
                    connection.rollback()
                    return False
            if signed.promise is not None:
                store.put_statements(
                    connection,
                    self._vault,
                    signed.new,
                    signed.promise,
                    log=log_row(connection, unhex32(signed.promise.log)),
                    key_id=signed.key_id,
                )
        return True

    def _is_late(self, connection: sa.Connection, made: Made, terms: Terms) -> bool:
        newest = store.begin_days(connection, days.last_batch(terms.at), terms.at)
        return days.after(newest) > made.next_day or not self._maker.still(made)


_LEFT: Mapping[type[LedgerError], str] = {
    ContentErased: "erased",
    ContentLost: "content-lost",
    ContentKeyMissing: "content-key-missing",
}
"""Why a statement cannot be made again, as of records."""


def stranded_statements(connection: sa.Connection, closed: Mapping[bytes, int]) -> int:
    """How many statements that can be made again wait for a closed log, or stand behind its end.
    closed: ends by log id."""
    count = 0
    for log in states(connection):
        if log.log_id in closed:
            ended = replace(log, closed=closed[log.log_id])
            ids = _stranded(connection, ended)
            for at in range(0, len(ids), BATCH):
                query = store.WITH_KEYS.where(statements.c.id.in_(ids[at : at + BATCH]))
                count += sum(key_in(row) is not None for row in connection.execute(query))
    return count


def _stranded(connection: sa.Connection, log: LogState) -> list[int]:
    """Row numbers of what waits for a closed log, or stands behind its end, and still stands."""
    of_log = sa.select(statements.c.id, statements.c.entry).where(
        statements.c.log == log.id, _STANDS
    )
    waiting = of_log.where(statements.c.entry.is_(None)).order_by(statements.c.id)
    found = [row.id for row in connection.execute(waiting)]
    held = Entries(connection)
    for promise in connection.execute(stranding(log)).all():
        last = promise.first_entry + promise.entries - 1
        within = of_log.where(statements.c.entry.between(promise.first_entry, last))
        for row in connection.execute(within.order_by(statements.c.id)).all():
            index = of_row(connection, row.entry, held).index
            if index is None or index >= (log.closed or 0):
                found.append(row.id)
    return found
