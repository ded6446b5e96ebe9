"""Entries beyond the end of a closed log, and where their records were logged again."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.log.located import Located, locate
from gateway.log.models import logs
from gateway.records.models import records
from gateway.statements.store import leaf_of, row_of, row_of_entry

MAX_STEPS = 64
"""Times that one record is followed from a closed log to the next; as many as corrections are."""


def is_stranded(connection: sa.Connection, found: Located) -> bool:
    """Whether an entry will never be anchored, because its log was closed before it."""
    closed = connection.scalar(sa.select(logs.c.closed).where(logs.c.id == found.log))
    return is_beyond(found, closed)


def is_beyond(found: Located, closed: int | None) -> bool:
    """The same where it is known up to which size its log counts. closed: None: it is open."""
    return closed is not None and (found.index is None or found.index >= closed)


def logged_again(connection: sa.Connection, found: Located) -> bytes | None:
    """The leaf under which a stranded record stands now; None where it was not logged again since.
    A log that took it up may have been closed before it as well."""
    for _ in range(MAX_STEPS):
        leaf = _after(connection, found)
        after = locate(connection, leaf) if leaf else None
        if after is None:
            return None
        if not is_stranded(connection, after):
            return after.leaf
        found = after
    return None


def _after(connection: sa.Connection, found: Located) -> bytes | None:
    """The leaf of what was made of it for another log; None: nothing was."""
    query = sa.select(records.c.superseded_by).where(records.c.id == found.id)
    leaf: bytes | None = connection.scalar(query)
    if leaf is not None:
        return leaf or None
    said = row_of_entry(connection, found.id)
    if said is None or not said.superseded_by:
        return None
    after = row_of(connection, said.superseded_by)
    return None if after is None else leaf_of(after)
