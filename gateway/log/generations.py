"""Entries by what their leaf or their record id begins with.

The indexes begin with the generation of the row number, so that new entries touch its pages alone,
however many there are. Who looks for one therefore asks each generation, the newest first: 39 of
them at ten million entries on SQLite, three on PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypeVar

import sqlalchemy as sa

from gateway.log.models import PREFIX, SIZE, entries, generation, leaf_prefix, promises
from gateway.partitions.models import partitions

_Query = TypeVar("_Query", bound=sa.Select[*tuple[Any, ...]])


def with_leaves(query: _Query, leaves: Collection[bytes]) -> _Query:
    """A query of `entries`, of those with one of these leaves: all of them, in no order."""
    near = leaf_prefix.in_(sorted({leaf[:PREFIX] for leaf in leaves}))
    return by_generation(query.where(near, entries.c.leaf.in_(leaves)))


def near_records(query: _Query, names: Collection[bytes]) -> _Query:
    """The same, of those whose record id begins like one of these: it may be another one."""
    return by_generation(query.where(entries.c.record.in_(sorted({n[:PREFIX] for n in names}))))


def by_generation(query: _Query) -> _Query:
    """A query of `entries` by `leaf_prefix` or `record`, so that the indexes serve it. Entries that
    no promise covers, of which there are none, may be left out."""
    first, end = _NUMBERS.c.n * SIZE, (_NUMBERS.c.n + 1) * SIZE
    # The last two follow from the first one. By them PostgreSQL looks into one part of the table.
    here = sa.and_(generation == _NUMBERS.c.n, entries.c.id >= first, entries.c.id < end)
    return query.join(_NUMBERS, here)


def _numbers() -> sa.CTE:
    """The generations in which there are entries, the newest first.

    Row numbers rise without gaps but for those between two months on PostgreSQL, which are noted
    (`gateway.log.numbers`): what is in none of them is not asked for.
    """
    last = (
        sa.select(promises.c.first_entry + promises.c.count - 1)
        .where(promises.c.first_entry.is_not(None))
        .order_by(promises.c.first_entry.desc())
        .limit(1)
        .scalar_subquery()
    )
    found = sa.select((last // SIZE).label("n")).cte("generations", recursive=True)
    before = (partitions.c.first_id - 1 - partitions.c.skipped) // SIZE
    beyond = (
        sa.select(sa.func.min(before))
        .where(
            partitions.c.skipped > 0,
            partitions.c.first_id >= found.c.n * SIZE,
            partitions.c.first_id < (found.c.n + 1) * SIZE,
            before < found.c.n - 1,
        )
        .correlate(found)
        .scalar_subquery()
    )
    following = sa.select(sa.func.coalesce(beyond, found.c.n - 1)).where(found.c.n > 0)
    return found.union_all(following)


_NUMBERS = _numbers()
