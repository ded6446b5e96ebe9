"""What the tests of the statements share: a clock, things to say, and a look into the tables."""

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from gateway.base.clock import Clock
from gateway.log import store as log_store
from gateway.log.models import logs
from gateway.log.store import TileStore
from gateway.node import Node
from gateway.statements.interfaces import Said
from gateway.statements.models import statement_batches, statements
from ledger.core.entry import parse_entry
from ledger.core.ids import RecordId
from tests.core.statements import step

SEED = "statements"
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # 12:00 in China
NIGHT = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # 23:00
DAY = timedelta(days=1)


def set_clock(node: Node, now: datetime) -> None:
    node.ctx.clock = Clock(now)


def said(n: int = 0, *, request: bytes | None = None, **changes: Any) -> Said:
    """The step of a case, another one for each number."""
    record = RecordId(n.to_bytes(32, "big"))
    return Said(sort="case", members=step(record=record, **changes).members(), request=request)


def log_entries(node: Node, log: int = 1) -> list[bytes]:
    """All entries of a log, as integrated."""
    with node.ctx.engine.connect() as connection:
        found = log_store.states(connection)
        if not found:
            return []
        state = log_store.state(connection, log)
        return TileStore(connection, log).entries(0, state.size)


def grow(node: Node) -> int:
    """Integrate all that was moved; the size of the logs together."""
    while node.logs.step():
        pass
    with node.ctx.engine.connect() as connection:
        return int(connection.scalar(sa.select(sa.func.sum(logs.c.size))) or 0)


def batches(node: Node) -> list[tuple[str, int]]:
    """Days of the batches and how many entries went with each; 0 where the database begins."""
    query = sa.select(statement_batches.c.day, statement_batches.c["count"])
    with node.ctx.engine.connect() as connection:
        rows = connection.execute(query.order_by(statement_batches.c.day)).all()
    return [(row[0], row[1]) for row in rows]


def sorts(node: Node) -> list[str]:
    """The sorts of all statements kept, in the order in which they were."""
    with node.ctx.engine.connect() as connection:
        query = sa.select(statements.c.commitment).order_by(statements.c.id)
        found = list(connection.scalars(query))
    return [node.statements.open(commitment).sort for commitment in found]


def commitments(entries: list[bytes]) -> set[bytes]:
    return {parse_entry(entry).commitment for entry in entries}
