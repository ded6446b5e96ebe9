"""Taking entries in, integrating them, serving the tree."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from gateway.log.models import entries, logs, pending
from ledger.core.merkle import EMPTY_ROOT


def log_row(connection: sa.Connection, log_id: bytes) -> int:
    """The small number of a log; makes the row where there is none (within a write)."""
    query = sa.select(logs.c.id).where(logs.c.log_id == log_id)
    found = connection.execute(query).scalar_one_or_none()
    if found is not None:
        return int(found)
    row = sa.insert(logs).values(log_id=log_id, size=0, root=EMPTY_ROOT).returning(logs.c.id)
    return int(connection.execute(row).scalar_one())


def enqueue(
    connection: sa.Connection,
    *,
    log: int,
    promise: int,
    leaves: Sequence[bytes],
    entry_bytes: Sequence[bytes],
) -> range:
    """Store promised entries, to be integrated later; returns their row numbers in order.

    leaves: in the order of the promise. Raises IntegrityError where a leaf is already there.
    """
    ids = _reserve(connection, len(leaves))
    rows = list(zip(ids, leaves, entry_bytes, strict=True))
    connection.execute(
        sa.insert(entries),
        [
            {"id": i, "log": log, "leaf": leaf, "promise": promise, "position": at, "idx": None}
            for at, (i, leaf, _) in enumerate(rows)
        ],
    )
    connection.execute(
        sa.insert(pending),
        [{"id": i, "log": log, "leaf": leaf, "entry": entry} for i, leaf, entry in rows],
    )
    return ids


def _reserve(connection: sa.Connection, count: int) -> range:
    """Row numbers for `count` entries. A write to SQLite excludes all others; on PostgreSQL the
    table lock does, until the commit."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("LOCK TABLE pending IN SHARE ROW EXCLUSIVE MODE"))
    last = connection.execute(sa.select(sa.func.max(entries.c.id))).scalar_one() or 0
    return range(last + 1, last + 1 + count)
