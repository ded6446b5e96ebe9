"""Promised entries that the disk changed before they stood in the tree, and were left out of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from gateway.log.models import logs, pending, promises, requeued
from gateway.log.store import Waiting
from ledger.core.canonical import DIGEST_SIZE

_COUNT = sa.select(sa.func.count()).where(pending.c.error.is_not(None))
_ALL = (
    sa.select(
        pending.c.promise,
        pending.c.leaves,
        pending.c.entries,
        pending.c.error,
        logs.c.log_id,
        promises.c.issued_at,
        promises.c.due,
    )
    .join(promises, promises.c.id == pending.c.promise)
    .join(logs, logs.c.id == pending.c.log)
    .where(pending.c.error.is_not(None))
    .order_by(pending.c.promise)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """Entries of one promise. missing: their leaves. issued_at, due: Unix seconds."""

    promise: int
    log_id: bytes
    reason: str
    missing: tuple[bytes, ...]
    issued_at: int
    due: int


def count_quarantined(connection: sa.Connection) -> int:
    """How many promises have entries in quarantine."""
    return connection.scalar(_COUNT) or 0


def list_quarantined(connection: sa.Connection) -> list[Quarantined]:
    """All of them, oldest first."""
    return [
        Quarantined(
            promise=row.promise,
            log_id=row.log_id,
            reason=row.error,
            missing=_missing(Waiting(row.promise, row.leaves, row.entries)),
            issued_at=row.issued_at,
            due=row.due,
        )
        for row in connection.execute(_ALL)
    ]


def is_published(connection: sa.Connection, promise: int) -> bool:
    """Whether all that stands in the tree of a promise is published. Until then it may be cut
    back, to be integrated anew from the pending row, which must keep it."""
    places = sa.union_all(
        sa.select(promises.c.start, promises.c.width).where(promises.c.id == promise),
        sa.select(requeued.c.start, requeued.c.width).where(requeued.c.promise == promise),
    )
    size = (
        sa.select(logs.c.published)
        .join(promises, promises.c.log == logs.c.id)
        .where(promises.c.id == promise)
    )
    published = connection.scalar(size) or 0
    found = connection.execute(places).all()
    return all(start is not None and start + width <= published for start, width in found)


def queue_again(
    connection: sa.Connection, promise: int, *, leaves: Sequence[bytes], lines: Sequence[bytes]
) -> None:
    """Queue entries of a promise that were left out of the tree; the others stand there already,
    and `is_published`.

    leaves: of all that are missing. lines: those of them that there are; the rest is set aside
    again when these are integrated.
    """
    change = sa.update(pending).where(pending.c.promise == promise)
    connection.execute(
        change.values(
            count=len(lines),
            leaves=b"".join(leaves),
            entries=b"\n".join(lines),
            start=None,
            error=None,
        )
    )
    connection.execute(sa.insert(requeued).values(promise=promise))


def _missing(held: Waiting) -> tuple[bytes, ...]:
    sound, step = held.sound(), DIGEST_SIZE
    leaves = (held.leaves[at : at + step] for at in range(0, len(held.leaves), step))
    return tuple(leaf for leaf in leaves if leaf not in sound)
