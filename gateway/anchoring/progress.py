"""How far the records promised here are anchored."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from gateway.anchoring.models import anchors
from gateway.log.models import logs, pending, promises
from gateway.log.numbers import number_of, taken

LARGEST_BATCH = 65_536
"""Entries integrated together at most (`log.batch_size`)."""

_SOME = 400
"""Places in one query."""
_WANTED = sa.values(sa.column("log", sa.Integer), sa.column("place", sa.BigInteger), name="wanted")
_COUNTS = sa.or_(logs.c.closed.is_(None), anchors.c.size <= logs.c.closed)
"""Beyond the size that its closing names, no anchor of a log counts."""
_NEWEST = (
    sa.select(anchors.c.size)
    .where(anchors.c.log == logs.c.id, anchors.c.state == "final", _COUNTS)
    .order_by(anchors.c.size.desc())
    .limit(1)
    .scalar_subquery()
)
_WAITING = (
    sa.select(sa.func.sum(pending.c.count))
    .where(pending.c.log == logs.c.id, pending.c.start.is_(None), pending.c.error.is_(None))
    .scalar_subquery()
)
_WILL_BE = logs.c.size + sa.func.coalesce(_WAITING, 0)
_PROMISED = sa.select(
    logs.c.log_id, sa.case((logs.c.closed < _WILL_BE, logs.c.closed), else_=_WILL_BE)
)
_ANCHORED = sa.select(logs.c.log_id, sa.func.coalesce(_NEWEST, 0))
# Nothing of a closed log waits any more: what is stranded in it is logged again elsewhere.
_DONE = sa.select(
    sa.case((logs.c.closed.is_not(None), logs.c.size), else_=sa.func.coalesce(_NEWEST, 0))
)


def unanchored(connection: sa.Connection) -> int:
    """Promised records not yet finally anchored."""
    return taken(connection) - sum(int(size) for size in connection.scalars(_DONE))


def anchored_sizes(connection: sa.Connection) -> list[tuple[bytes, int]]:
    """(logId, size finally anchored) of every log of this member. Walks the index from its end,
    so it costs the same however many anchors there are."""
    return [(log_id, size) for log_id, size in connection.execute(_ANCHORED)]


def promised_sizes(connection: sa.Connection) -> list[tuple[bytes, int]]:
    """(logId, size once all that is promised so far stands in it) of every log. Whoever waits for a
    record waits until the anchored size has reached what this was after its promise."""
    return [(log_id, int(size)) for log_id, size in connection.execute(_PROMISED)]


def newest_anchor_times(connection: sa.Connection) -> list[tuple[bytes, int]]:
    """(logId, time of the block) of the newest final anchor of every open log that has one: none
    is waited for where it is closed."""
    newest = (
        sa.select(anchors.c.block_time)
        .where(anchors.c.log == logs.c.id, anchors.c.state == "final")
        .order_by(anchors.c.size.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = sa.select(logs.c.log_id, newest).where(logs.c.closed.is_(None))
    return [(log_id, at) for log_id, at in connection.execute(query) if at is not None]


def newest_anchors(connection: sa.Connection) -> dict[bytes, Any]:
    """By logId the newest final anchor of every log that has one and knows its place: a row of
    size, block, block_time and tx_hash."""
    newest = (
        sa.select(anchors.c.id)
        .where(anchors.c.log == logs.c.id, anchors.c.state == "final", _COUNTS)
        .order_by(anchors.c.size.desc())
        .limit(1)
        .correlate(logs)
        .scalar_subquery()
    )
    query = sa.select(
        logs.c.log_id, anchors.c.size, anchors.c.block, anchors.c.block_time, anchors.c.tx_hash
    ).join(anchors, anchors.c.id == newest)
    query = query.where(anchors.c.block_time.is_not(None), anchors.c.tx_hash.is_not(None))
    return {row.log_id: row for row in connection.execute(query)}


def overdue_promises(connection: sa.Connection, at: int) -> int:
    """Promises of open logs that at that Unix second are past their due time and not finally
    anchored. What a closed one has stranded is logged again elsewhere, and has a newer promise.

    Only the newest promises are looked at, as many as hold what is unanchored and a batch more:
    entries are integrated in the order of their promises.
    """
    anchored = taken(connection) - unanchored(connection)
    since = number_of(connection, anchored - LARGEST_BATCH)
    newest = sa.func.coalesce(_NEWEST, 0)
    open_still = sa.or_(promises.c.start.is_(None), promises.c.start + promises.c.width > newest)
    query = (
        sa.select(sa.func.count())
        .select_from(promises.join(logs, logs.c.id == promises.c.log))
        .where(logs.c.closed.is_(None), promises.c.first_entry > since, promises.c.due < at)
        .where(open_still)
    )
    return connection.scalar(query) or 0


def first_final_anchor(connection: sa.Connection, log: int, index: int) -> sa.Row[Any] | None:
    """Find the anchor with prev_size ≤ index < size. The chain has exactly one, since each anchor
    starts where the one before ended. None also where it lies beyond the end of a closed log."""
    return first_final_anchors(connection, [(log, index)]).get((log, index))


def first_final_anchors(
    connection: sa.Connection, wanted: Collection[tuple[int, int]]
) -> dict[tuple[int, int], sa.Row[Any]]:
    """The same of many (log, index), of those that have one."""
    found, places = dict[tuple[int, int], sa.Row[Any]](), sorted(set(wanted))
    for at in range(0, len(places), _SOME):
        asked = _WANTED.data(places[at : at + _SOME]).cte()
        first = (
            sa.select(anchors.c.id)
            .join(logs, logs.c.id == anchors.c.log)
            .where(
                _COUNTS,
                anchors.c.log == asked.c.log,
                anchors.c.size > asked.c.place,
                anchors.c.prev_size <= asked.c.place,
                anchors.c.state == "final",
            )
            .order_by(anchors.c.size)
            .limit(1)
            .correlate(asked)
            .scalar_subquery()
        )
        query = sa.select(asked.c.place, anchors).join_from(asked, anchors, anchors.c.id == first)
        found |= {(row.log, row.place): row for row in connection.execute(query)}
    return found
