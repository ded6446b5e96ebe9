"""Records that somebody follows by themselves, whosever: all that is told of them stands on the
chain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from gateway.base.context import Context
from gateway.base.db import begin_read, begin_write, insert_unless_there
from gateway.base.policy import Caller
from gateway.log.located import Entries, locate
from gateway.mirrors.leaves import Leaves
from gateway.tokens.services import Holders
from gateway.watching.errors import WatchRefused
from gateway.watching.models import followed_records
from gateway.watching.subjects import LOCK
from ledger.core.canonical import hex32, instant

MAX_SINGLES: Final = 1000
"""Records that one holder follows so, as of one endpoint of webhooks."""


class Singles:
    """The table. Safe to share between threads."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._leaves = Leaves(ctx.engine)

    def follow(self, caller: Caller, name: bytes) -> bytes:
        """Follow a record, by its id or, where it is ours, its leaf; its id. The same again is the
        same. Raises WatchRefused; InputError (it is known to be the leaf of another's), NotReady.
        """
        self._leaves.demand_ids({name: "record"})
        with begin_write(self._ctx.engine, LOCK) as connection:
            record = _record_id(connection, name)
            theirs = Holders.tokens_of(connection, caller)
            held = records_of(connection, theirs)
            if record in held:
                return record
            if len(held) >= MAX_SINGLES:
                raise WatchRefused("too-many-followed", extra={"most": MAX_SINGLES})
            values = {"token": caller.id, "record": record}
            made = insert_unless_there(connection, followed_records)
            connection.execute(made.values(values | {"created_at": self._ctx.clock.seconds()}))
            return record

    def listed(self, caller: Caller) -> list[dict[str, Any]]:
        """Those that a holder follows, the newest first."""
        with begin_read(self._ctx.engine) as connection:
            theirs = Holders.tokens_of(connection, caller)
            query = sa.select(followed_records).where(followed_records.c.token.in_(theirs))
            newest = followed_records.c.created_at.desc()
            rows = connection.execute(query.order_by(newest, followed_records.c.record))
            return [{"record": hex32(row.record), "since": instant(row.created_at)} for row in rows]

    def unfollow(self, caller: Caller, record: bytes) -> None:
        """Follow it no longer. Raises WatchRefused."""
        with begin_write(self._ctx.engine, LOCK) as connection:
            theirs = followed_records.c.token.in_(Holders.tokens_of(connection, caller))
            same = followed_records.c.record == record
            gone = connection.execute(sa.delete(followed_records).where(theirs, same))
            if not gone.rowcount:
                raise WatchRefused("not-found")


def records_of(connection: sa.Connection, theirs: Sequence[int]) -> frozenset[bytes]:
    """The records that whoever holds these tokens follows by themselves."""
    query = sa.select(followed_records.c.record).where(followed_records.c.token.in_(theirs))
    return frozenset(map(bytes, connection.scalars(query)))


def _record_id(connection: sa.Connection, name: bytes) -> bytes:
    """The record that a leaf of ours or a record id names."""
    found = locate(connection, name)
    if found is None:
        return name
    return Entries(connection).record_id(found) or name
