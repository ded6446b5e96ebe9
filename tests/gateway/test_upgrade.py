"""Upgrading a database that holds something loses nothing of it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command

from gateway.base import revision
from gateway.base.db import begin_write, open_engine
from gateway.base.revision import migrate
from tests.support.postgres import database_url

BEFORE = "0022"
"""The last revision without pages."""
CHANGED = frozenset(
    {
        *("tokens", "answered_queries", "reported_uses", "reported_feedback"),
        *("uses", "use_answers", "report_tries"),
    }
)
"""Tables that revisions since then change."""
Held = dict[str, list[dict[str, Any]]]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    engine = open_engine(database_url(tmp_path))
    with begin_write(engine) as connection:
        command.upgrade(revision._config(connection), BEFORE)
    yield engine
    engine.dispose()


def tables_of(engine: sa.Engine) -> sa.MetaData:
    found = sa.MetaData()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sa.exc.SAWarning)  # an index of an expression
        found.reflect(engine)
    return found


def filled(engine: sa.Engine) -> Held:
    """A row in every changed table, with what it refers to; what stands in all tables."""
    tables = tables_of(engine)
    named, left = set[str](), [tables.tables[name] for name in CHANGED]
    while left:
        table = left.pop()
        if table.name not in named:
            named.add(table.name)
            left += [key.column.table for key in table.foreign_keys]
    with begin_write(engine) as connection:
        for table in tables.sorted_tables:
            if table.name in named:
                connection.execute(sa.insert(table).values({c.name: _value(c) for c in table.c}))
    return held(engine, tables)


def held(engine: sa.Engine, tables: sa.MetaData) -> Held:
    with engine.connect() as connection:
        return {
            table.name: [dict(row._mapping) for row in connection.execute(sa.select(table))]
            for table in tables.sorted_tables
            if table.name != "alembic_version"
        }


def _value(column: sa.Column[Any]) -> Any:
    kind = column.type
    if isinstance(kind, sa.LargeBinary):
        return b"\x01" * (kind.length or 32)
    if isinstance(kind, sa.Boolean):
        return True
    if isinstance(kind, (sa.Integer, sa.Numeric)):
        return 1
    if isinstance(kind, sa.Date):
        return date(2026, 12, 1)
    return "1"


def test_nothing_is_lost(engine: sa.Engine) -> None:
    """Up, and down again."""
    before, old = filled(engine), tables_of(engine)
    assert all(before[name] for name in CHANGED)
    migrate(engine)
    after = held(engine, tables_of(engine))
    for name, rows in before.items():
        kept = [{column: row[column] for column in rows[0]} for row in after[name]]
        assert kept == rows, name
    with begin_write(engine) as connection:
        command.downgrade(revision._config(connection), BEFORE)
    assert held(engine, old) == before
