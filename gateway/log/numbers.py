"""Row numbers of entries: they rise with time, and those of one set have no gaps.

On PostgreSQL each month begins with numbers of its own (`gateway.partitions.months`), so between
two months there is a gap, which is noted: how many entries there are is told by the last number.
"""

from __future__ import annotations

import sqlalchemy as sa

from gateway.base.db import lock
from gateway.log.models import entries
from gateway.partitions.store import floor, note_skipped, skips

LOCK_ENTRIES = "entries"
"""Name of the lock under which entries get their row numbers."""
_NEWEST = sa.select(entries.c.id).order_by(entries.c.id.desc()).limit(1)
_NEWEST_FROM = _NEWEST.where(entries.c.id >= sa.bindparam("first"))


def reserve(connection: sa.Connection, count: int) -> range:
    """Row numbers for `count` entries, one behind the other. A write to SQLite excludes all others;
    on PostgreSQL a lock does, until the commit."""
    lock(connection, LOCK_ENTRIES)
    first = floor(connection)
    last = connection.scalar(_NEWEST_FROM, {"first": first})
    if last is not None:
        first = last + 1
    elif skipped := first - 1 - newest(connection):
        note_skipped(connection, first, skipped)
    return range(first, first + count)


def newest(connection: sa.Connection) -> int:
    """The last row number; 0 where there is none."""
    return connection.scalar(_NEWEST) or 0


def taken(connection: sa.Connection) -> int:
    """How many entries there are."""
    last = newest(connection)
    return last - sum(count for first, count in skips(connection) if first <= last)


def number_of(connection: sa.Connection, nth: int) -> int:
    """The row number of the nth entry, from 1; of one that is not there, what it would be if the
    last month went on."""
    left_out = 0
    for first, count in skips(connection):
        if nth + left_out + count < first:
            break
        left_out += count
    return nth + left_out
