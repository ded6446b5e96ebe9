"""Reading and writing outcomes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from gateway.base.db import insert_unless_there
from gateway.outcomes.models import outcomes
from ledger.core.reports import Outcome
from ledger.core.sums import PLATFORM, Cell, cell_of

Row = sa.Row[Any]

LOCK: Final = "outcomes"
"""Name of the lock under which this member's own are numbered."""
PAGE: Final = 500
_SOME: Final = 128


def put(
    connection: sa.Connection, *, commitment: bytes, member: str, at: int, outcome: Outcome
) -> None:
    """Keep one; nothing happens where it is here."""
    made = insert_unless_there(connection, outcomes).values(
        commitment=commitment,
        member=member,
        at=at,
        period=outcome.period,
        region=outcome.region,
        product=PLATFORM if outcome.product is None else outcome.product,
        version=outcome.version,
        households=outcome.households,
        granted=outcome.granted,
        lent=outcome.lent,
        seq=outcome.seq,
    )
    connection.execute(made)


def latest(connection: sa.Connection, member: str, cells: Iterable[Cell]) -> Mapping[Cell, Row]:
    """What counts of these cells of a member: the highest number of each."""
    wanted, found = list(cells), dict[Cell, Row]()
    columns = sa.tuple_(*(outcomes.c[name] for name in Cell._fields))
    for at in range(0, len(wanted), _SOME):
        query = sa.select(outcomes).where(
            outcomes.c.member == member, columns.in_(wanted[at : at + _SOME])
        )
        for row in connection.execute(query.order_by(outcomes.c.seq)):
            found[cell_of(row)] = row
    return found


def told(connection: sa.Connection, member: str, periods: Collection[str]) -> dict[str, int]:
    """How much a member has reported about each of these months, corrections counted."""
    query = sa.select(outcomes.c.period, sa.func.count()).where(
        outcomes.c.member == member, outcomes.c.period.in_(sorted(periods))
    )
    found = dict.fromkeys(periods, 0)
    found.update((row[0], row[1]) for row in connection.execute(query.group_by(outcomes.c.period)))
    return found


def is_kept(connection: sa.Connection, commitment: bytes) -> bool:
    """Whether one is here."""
    query = sa.select(sa.literal(1)).where(outcomes.c.commitment == commitment)
    return connection.scalar(query) is not None


def counting(connection: sa.Connection, first: str, last: str) -> Iterable[Row]:
    """All that counts of some months, both included: of each member and cell the highest number."""
    names = ("member", *Cell._fields)
    ranked = sa.select(
        outcomes,
        sa.func.row_number()
        .over(
            partition_by=[outcomes.c[name] for name in names],
            order_by=(outcomes.c.seq.desc(), outcomes.c.at.desc(), outcomes.c.commitment),
        )
        .label("place"),
    ).where(outcomes.c.period >= first, outcomes.c.period <= last)
    inner = ranked.subquery()
    query = sa.select(inner).where(inner.c.place == 1).order_by(*(inner.c[n] for n in names[1:]))
    yield from connection.execute(query)


def reported(connection: sa.Connection, member: str, period: str, after: int) -> Sequence[Row]:
    """What a member reported of a month, the highest numbers alone, behind the first `after`."""
    found = [row for row in counting(connection, period, period) if row.member == member]
    return found[after : after + PAGE]
