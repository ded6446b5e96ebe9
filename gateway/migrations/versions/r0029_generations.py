"""Entries are found by generations of their row numbers, so that new ones touch few pages.

The indexes of before go: a program that knows them gets the same answers on these tables, and may
read all entries for each. Both are done in one transaction, or neither.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import sqlalchemy as sa
import structlog
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_SIZES = {"sqlite": 262_144, "postgresql": 4_194_304}
_BEFORE = {"ix_entries_leaf": "substr(leaf, 1, 5)", "ix_entries_record": "record"}
_NEW = {
    "ix_entries_generation_leaf": "(id / {size}), substr(leaf, 1, 5)",
    "ix_entries_generation_record": "(id / {size}), record",
}
_EVERY = 10.0
"""Seconds after which it is told that it goes on."""
_STEPS = 5_000_000
"""Of SQLite's machine, of which it does some ten million a second."""

_log = structlog.get_logger(__name__)


def upgrade() -> None:
    size = _SIZES[op.get_bind().dialect.name]
    _replace(_BEFORE, {name: text.format(size=size) for name, text in _NEW.items()})


def downgrade() -> None:
    _replace(_NEW, _BEFORE)


def _replace(old: dict[str, str], new: dict[str, str]) -> None:
    connection = op.get_bind()
    cut = connection.dialect.name == "postgresql"
    if cut:
        # At once as strong as it gets to be: who reads and then writes would wait for us, and we
        # for them.
        op.execute("LOCK TABLE entries IN ACCESS EXCLUSIVE MODE")
    for name in old:
        op.execute(f"DROP INDEX {name}")
    for name, columns in new.items():
        (_cut if cut else _whole)(connection, name, columns)
    if cut:
        op.execute("ANALYZE entries")  # an index of expressions has figures of its own


def _whole(connection: sa.Connection, name: str, columns: str) -> None:
    """On SQLite."""
    raw: Any = connection.connection.driver_connection
    with _told(name, _count(connection, "entries")) as going_on:
        raw.set_progress_handler(going_on, _STEPS)
        try:
            op.execute(f"CREATE INDEX {name} ON entries ({columns})")
        finally:
            if not connection.invalidated:  # as one that was interrupted
                raw.set_progress_handler(None, 0)


def _cut(connection: sa.Connection, name: str, columns: str) -> None:
    """On PostgreSQL, part by part. The index of the whole takes those of the parts for its own."""
    parts = sa.text(
        "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
        " WHERE i.inhparent = 'entries'::regclass ORDER BY c.relname"
    )
    for part in connection.scalars(parts).all():
        with _told(f"{name}/{part}", _count(connection, part)):
            op.execute(f"CREATE INDEX ON {part} ({columns})")
    op.execute(f"CREATE INDEX {name} ON entries ({columns})")


def _count(connection: sa.Connection, table: str) -> int:
    return connection.scalar(sa.select(sa.func.count()).select_from(sa.table(table))) or 0


@contextmanager
def _told(name: str, rows: int) -> Iterator[Callable[[], int]]:
    """Tell that an index of so many entries is made, and that it was; gives what is to be
    called meanwhile, and returns 0. Of none nothing is told: commands make new tables too."""
    begun = time.monotonic()
    if not rows:
        yield lambda: 0
        return
    _log.info("index.begun", index=name, entries=rows)
    yield partial(_go_on, name, [begun], begun)
    _log.info("index.made", index=name, seconds=round(time.monotonic() - begun, 1))


def _go_on(name: str, told: list[float], begun: float) -> int:
    now = time.monotonic()
    if now - told[0] >= _EVERY:
        told[0] = now
        _log.info("index.going-on", index=name, seconds=round(now - begun, 1))
    return 0
