"""Records by whatever name they have: a leaf of ours is the record that stands there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from gateway.log.generations import with_leaves
from gateway.log.located import Entries, of_row
from gateway.log.models import entries
from ledger.core.ids import Digest, RecordId

_SOME: Final = 512


def record_ids(connection: sa.Connection, names: Sequence[bytes]) -> list[RecordId]:
    """The record ids of these, in their order. What is no leaf of this member's is taken for a
    record id, of whomever."""
    held, found = Entries(connection), dict[bytes, RecordId]()
    for at in range(0, len(names), _SOME):
        wanted = set(names[at : at + _SOME])
        query = with_leaves(sa.select(entries.c.id, entries.c.leaf), wanted)
        for row in connection.execute(query.order_by(entries.c.id)).all():
            record = held.record_id(of_row(connection, row.id, held))
            if record is not None:
                found[bytes(row.leaf)] = record
    return [found.get(name) or RecordId(Digest(name)) for name in names]
