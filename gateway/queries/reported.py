"""Figures of what others report that they did with answers of ours. Of what one member reports of
one answer once counts: the newest with a decision, or where none has one the newest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from gateway.queries.inboxes import REASONS
from gateway.queries.models import reported_feedback, reported_uses


def figures(connection: sa.Connection, start: int, end: int) -> Mapping[str, Any]:
    """Of some time, in Unix seconds, end exclusive: uses by member, purpose and decision; measures
    by member and measure; and apart from both what rests on no answer of ours, by the reason."""
    return {
        "uses": [dict(row._mapping) for row in _uses(connection, start, end)],
        "measures": [dict(row._mapping) for row in _measures(connection, start, end)],
        "unrelated": [
            {**row._mapping, "text": dict(REASONS[row.code])}
            for sort, table in (("feedback", reported_feedback), ("use", reported_uses))
            for row in _unrelated(connection, sort, table, start, end)
        ],
    }


def _uses(connection: sa.Connection, start: int, end: int) -> Sequence[sa.Row[Any]]:
    table = reported_uses
    place = sa.func.row_number().over(
        partition_by=(table.c.member, table.c.answer),
        order_by=(table.c.decision == "none", table.c.at.desc(), table.c.commitment.desc()),
    )
    counted = (
        sa.select(table.c.member, table.c.purpose, table.c.decision, place.label("place"))
        .where(table.c.at >= start, table.c.at < end, table.c.unrelated.is_(None))
        .subquery()
    )
    by = (counted.c.member, counted.c.purpose, counted.c.decision)
    query = sa.select(*by, sa.func.count().label("uses")).where(counted.c.place == 1)
    return connection.execute(query.group_by(*by).order_by(*by)).all()


def _measures(connection: sa.Connection, start: int, end: int) -> Sequence[sa.Row[Any]]:
    table = reported_feedback
    by = (table.c.member, table.c.measure)
    query = (
        sa.select(*by, sa.func.count(table.c.query.distinct()).label("times"))
        .where(table.c.at >= start, table.c.at < end, table.c.unrelated.is_(None))
        .group_by(*by)
        .order_by(*by)
    )
    return connection.execute(query).all()


def _unrelated(
    connection: sa.Connection, sort: str, table: sa.Table, start: int, end: int
) -> Sequence[sa.Row[Any]]:
    by = (table.c.member, table.c.unrelated.label("code"))
    query = (
        sa.select(*by, sa.literal(sort).label("sort"), sa.func.count().label("times"))
        .where(table.c.at >= start, table.c.at < end, table.c.unrelated.is_not(None))
        .group_by(*by[:1], table.c.unrelated)
        .order_by(*by[:1], table.c.unrelated)
    )
    return connection.execute(query).all()
