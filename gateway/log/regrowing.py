"""Entries that were in the tree before and are put back in their order, proven by its root.

What a member lost is more than its tree: no promise is known of most of these entries, so they are
promised anew; of those whose promise is known, because they were waiting, it is noted where they
stand. A batch stood in the order of its leaf hashes, so what stands in that order is one here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from gateway.base.db import insert_rows
from gateway.log import store
from gateway.log.generations import with_leaves
from gateway.log.models import PREFIX, entries, logs, pending, promises
from gateway.log.numbers import reserve
from gateway.log.store import TileStore
from ledger.core.entry import parse_entry
from ledger.core.errors import LedgerError
from ledger.core.ids import LogId, record_id
from ledger.core.merkle import leaf_hash
from ledger.core.tiles import append

MAX_PROMISED = 4096
"""Leaves of one of the new promises."""
_SOME = 4096
"""Leaves that are looked for at once. In the order of their hash they pass each page of a
generation once, which fewer at a time would come back to."""

Promising = Callable[[sa.Connection, Sequence[bytes]], int]
"""Makes and stores a promise over these leaves, in this order; its row number."""


class CannotRegrow(LedgerError):
    """What waits here and what is in the tree do not fit together."""


@dataclass(frozen=True, slots=True)
class Run:
    """Entries that stand one behind the other in the order of their leaf hash."""

    entries: Sequence[bytes]
    leaves: Sequence[bytes]


def runs(found: Iterator[bytes]) -> Iterator[Run]:
    """The longest runs that these entries, in the order of the tree, are made of."""
    held: list[bytes] = []
    leaves: list[bytes] = []
    for entry in found:
        leaf = leaf_hash(entry)
        if leaves and leaf <= leaves[-1]:
            yield Run(held, leaves)
            held, leaves = [], []
        held.append(entry)
        leaves.append(leaf)
    if held:
        yield Run(held, leaves)


def put_back(
    connection: sa.Connection, log: int, log_id: bytes, some: Sequence[Run], promising: Promising
) -> int:
    """Append these runs to the tree, within the caller's transaction; how many entries had no row
    and have one now. Raises CannotRegrow."""
    size, fresh = store.state(connection, log).size, 0
    for run in some:
        grown = append(TileStore(connection, log), size, run.leaves)
        store.write_tiles(connection, log, size, grown.tiles)
        store.write_entries(connection, log, size, run.entries)
        change = sa.update(logs).where(logs.c.id == log).values(size=grown.size, root=grown.root)
        connection.execute(change)
        known = _place_known(connection, log, run, size)
        new = [
            (leaf, entry)
            for leaf, entry in zip(run.leaves, run.entries, strict=True)
            if leaf not in known
        ]
        for at in range(0, len(new), MAX_PROMISED):
            promise, ids = _promised(
                connection, log, log_id, new[at : at + MAX_PROMISED], promising
            )
            place = {"first_entry": ids.start, "start": size, "width": len(run.leaves)}
            connection.execute(sa.update(promises).where(promises.c.id == promise).values(place))
        size, fresh = grown.size, fresh + len(new)
    return fresh


def _promised(
    connection: sa.Connection,
    log: int,
    log_id: bytes,
    new: Sequence[tuple[bytes, bytes]],
    promising: Promising,
) -> tuple[int, range]:
    """Promise these leaves with their entries; the promise, and the rows that they have now."""
    promise = promising(connection, [leaf for leaf, _ in new])
    ids = reserve(connection, len(new))
    rows = (
        (row, log, leaf, record_id(LogId(log_id), parse_entry(entry).commitment)[:PREFIX])
        for row, (leaf, entry) in zip(ids, new, strict=True)
    )
    insert_rows(connection, entries, ("id", "log", "leaf", "record"), rows)
    return promise, ids


def _place_known(connection: sa.Connection, log: int, run: Run, start: int) -> set[bytes]:
    """The leaves of a run that have a row; where their promises wait it is noted that they are in
    the tree."""
    known: dict[int, bytes] = {}
    for at in range(0, len(run.leaves), _SOME):
        query = sa.select(entries.c.id, entries.c.leaf).where(entries.c.log == log)
        found = connection.execute(with_leaves(query, run.leaves[at : at + _SOME]))
        known |= {row.id: row.leaf for row in found}
    waiting = _waiting(connection, log) if known else []
    placed = []
    for promise, first, count in waiting:
        there = sum(first + n in known for n in range(count))
        if there and there != count:
            raise CannotRegrow("a set that waits here is in the tree in part")
        if there:
            placed.append(promise)
    store.place(connection, placed, start=start, width=len(run.leaves))
    return set(known.values())


def _waiting(connection: sa.Connection, log: int) -> list[tuple[int, int, int]]:
    """(promise, first row, count) of what is pending."""
    query = (
        sa.select(promises.c.id, promises.c.first_entry, promises.c.count)
        .join(pending, pending.c.promise == promises.c.id)
        .where(pending.c.log == log, pending.c.start.is_(None))
    )
    return [(promise, first, count) for promise, first, count in connection.execute(query)]
