"""Cutting tables anew, and records that come in month by month."""

from collections.abc import Sequence

import sqlalchemy as sa

from gateway.base.clock import Clock
from gateway.base.db import begin_write
from gateway.intake.interfaces import RowInput
from gateway.log.models import entries
from gateway.node import Node
from gateway.operations.partitions import Partitions, Retention
from gateway.partitions.making import create, remove
from gateway.partitions.models import partitions
from gateway.partitions.months import Month
from gateway.partitions.store import Part, parts
from tests.gateway.intake.material import row
from tests.support.anchors import put_anchor
from tests.support.callers import CENTRE

OLD: Month = 202001
"""A month whose content nobody must keep any more."""
KEPT = 48


def cut(engine: sa.Engine, *wanted: Part) -> None:
    """Have these parts and no others; there are no entries yet. Numbers begin with the first."""
    with begin_write(engine) as connection:
        for part in parts(connection):
            remove(connection, part)
        for part in wanted:
            create(connection, part)
        later = partitions.c.first_id > min(part.first_id for part in wanted)
        connection.execute(sa.update(partitions).where(later).values(since=None))


def cut_old(node: Node, count: int) -> None:
    """The first `count` entries are of an old month, the others of the next one."""
    cut(
        node.ctx.engine,
        Part(1, count + 1, OLD, 1),
        Part(count + 1, 1_000_000, OLD + 1, 1),
    )


def take_in(node: Node, *rows: RowInput) -> list[bytes]:
    """Their leaves; all of them are finally anchored."""
    answer = node.intake.submit_set(caller=CENTRE, rows=list(rows))
    assert [found.verdict for found in answer.rows] == ["accepted"] * len(rows), answer.rows
    with node.ctx.engine.connect() as connection:
        before = connection.scalar(sa.text("SELECT size FROM logs")) or 0
    node.logs.step()
    put_anchor(node, before, before + len(rows))
    return [bytes.fromhex(str(found.leaf)) for found in answer.rows]


def penalties(*numbers: int) -> list[RowInput]:
    return [row(n, at=n) for n in numbers]


def ids(node: Node) -> list[int]:
    """Row numbers of all entries."""
    with node.ctx.engine.connect() as connection:
        return list(connection.scalars(sa.select(entries.c.id).order_by(entries.c.id)))


def work(node: Node, months: int | None = KEPT, now: Month = 203001) -> Partitions:
    """What an operator does, by a clock that says `now`."""
    return Partitions(node.ctx.engine, Clock(), Retention(months=months, now=now))


def rows_in(node: Node, tables: Sequence[str]) -> dict[str, int]:
    """How many rows each of these tables has."""
    with node.ctx.engine.connect() as connection:
        return {
            table: connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()
            for table in tables
        }
