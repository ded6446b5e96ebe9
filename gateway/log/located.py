"""Finding entries by their names, and reading them wherever they lie. Every function works within
the caller's transaction."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from gateway.log.generations import by_generation, with_leaves
from gateway.log.models import (
    PREFIX,
    entries,
    leaf_prefix,
    logs,
    pending,
    promises,
    requeued,
)
from gateway.log.store import TileStore, Waiting
from ledger.core.canonical import DIGEST_SIZE
from ledger.core.entry import parse_entry
from ledger.core.errors import Malformed
from ledger.core.ids import RecordId, record_id
from ledger.core.tiles import WIDTH, bundle_entries

_SOME = 512
"""Names in one query."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """A promised entry. promise: row number; position: among its leaves. index: in the tree, None
    until it is there."""

    id: int
    log: int
    log_id: bytes
    leaf: bytes
    promise: int
    position: int
    index: int | None


_ENTRY = sa.select(entries.c.id, entries.c.log, entries.c.leaf, logs.c.log_id).join(
    logs, logs.c.id == entries.c.log
)
_BY_LEAF = by_generation(
    _ENTRY.where(
        leaf_prefix == sa.bindparam("prefix", type_=sa.LargeBinary),
        entries.c.leaf == sa.bindparam("leaf"),
    )
).order_by(entries.c.id)
_BY_RECORD = by_generation(_ENTRY.where(entries.c.record == sa.bindparam("prefix"))).order_by(
    entries.c.id
)
_PROMISE_OF = (
    sa.select(
        promises.c.id.label("promise"), promises.c.first_entry, promises.c.start, promises.c.width
    )
    .where(promises.c.first_entry <= sa.bindparam("entry"))
    .order_by(promises.c.first_entry.desc())
    .limit(1)
)


def locate(connection: sa.Connection, name: bytes) -> Located | None:
    """What is known of an entry by its leaf or its record id; None where this member never
    promised it."""
    held, wanted = Entries(connection), {"prefix": name[:PREFIX], "leaf": name}
    for row in connection.execute(_BY_LEAF, wanted).all():
        return held.place(row, connection.execute(_PROMISE_OF, {"entry": row.id}).one())
    for row in connection.execute(_BY_RECORD, {"prefix": name[:PREFIX]}).all():
        at = held.place(row, connection.execute(_PROMISE_OF, {"entry": row.id}).one())
        if held.record_id(at) == name:
            return at
    return None


def entries_of(connection: sa.Connection, leaves: Collection[bytes]) -> dict[bytes, int]:
    """The row numbers of those of these leaves that this member has promised."""
    found, wanted = dict[bytes, int](), list(leaves)
    for at in range(0, len(wanted), _SOME):
        some = wanted[at : at + _SOME]
        query = with_leaves(sa.select(entries.c.leaf, entries.c.id), some)
        for leaf, entry in connection.execute(query.order_by(entries.c.id)):
            found.setdefault(leaf, entry)
    return found


def of_row(connection: sa.Connection, entry: int, held: Entries) -> Located:
    """Where the entry of a row number stands, which must be there."""
    row = connection.execute(_ENTRY.where(entries.c.id == entry)).one()
    return held.place(row, connection.execute(_PROMISE_OF, {"entry": entry}).one())


class Entries:
    """Entries wherever they lie, in their bundle or still pending. Keeps a little of what it has
    read: those of one set lie close together."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._tile = lru_cache(maxsize=64)(self._read_tile)
        self._bundle = lru_cache(maxsize=64)(self._read_bundle)
        self._pending = lru_cache(maxsize=4)(self._read_pending)

    def place(self, entry: Any, promise: Any = None) -> Located:
        """Where an entry stands. entry: its row, with that of its log; promise: the row of its
        promise, where that is another one."""
        by, index = promise or entry, None
        if by.start is not None:
            index = self._index_of(entry.log, entry.leaf, by.start, by.start + by.width)
            if index is None:
                index = self._index_again(entry.log, entry.leaf, by.promise)
        return Located(
            id=entry.id,
            log=entry.log,
            log_id=entry.log_id,
            leaf=entry.leaf,
            promise=by.promise,
            position=entry.id - by.first_entry,
            index=index,
        )

    def _index_again(self, log: int, leaf: bytes, promise: int) -> int | None:
        """The same for an entry that left quarantine; None: it is there still."""
        places = sa.select(requeued.c.start, requeued.c.width).where(
            requeued.c.promise == promise, requeued.c.start.is_not(None)
        )
        for start, width in self._connection.execute(places).all():
            if (index := self._index_of(log, leaf, start, start + width)) is not None:
                return index
        return None

    def _index_of(self, log: int, leaf: bytes, start: int, end: int) -> int | None:
        """The leaves of a batch stand in the order of their hash; None: it was set aside."""

        def hash_at(index: int) -> bytes:
            at = index % WIDTH * DIGEST_SIZE
            return self._tile(log, index // WIDTH)[at : at + DIGEST_SIZE]

        index = start + bisect_left(range(start, end), leaf, key=hash_at)
        return index if index < end and hash_at(index) == leaf else None

    def _read_tile(self, log: int, n: int) -> bytes:
        return TileStore(self._connection, log).tile(0, n, WIDTH)

    def get(self, at: Located) -> bytes | None:
        """The bytes of an entry; None where the disk no longer has them."""
        if at.index is None:
            return self._pending(at.promise).get(at.leaf)
        held = self._bundle(at.log, at.index // WIDTH)
        place = at.index % WIDTH
        return held[place] if place < len(held) else None

    def record_id(self, at: Located) -> RecordId | None:
        """Its record id; None where the entry cannot be read: whoever sent it again is answered
        all the same, and the damage is found where the log is read."""
        try:
            entry = self.get(at)
            return None if entry is None else record_id(at.log_id, parse_entry(entry).commitment)
        except Malformed:
            return None

    def _read_bundle(self, log: int, n: int) -> list[bytes]:
        return bundle_entries(TileStore(self._connection, log).bundle(n))

    def _read_pending(self, promise: int) -> dict[bytes, bytes]:
        query = sa.select(pending.c.promise, pending.c.leaves, pending.c.entries)
        row = self._connection.execute(query.where(pending.c.promise == promise)).one_or_none()
        return {} if row is None else Waiting(*row).sound()
