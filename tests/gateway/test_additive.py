"""Revisions since 0023 only add: a gateway of the version before goes on working on tables that the
next one has brought up to date, for as long as a rolling upgrade takes. Of those that do more no
gateway may run beside."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
from alembic import command

from gateway.base import lease, revision
from gateway.base.db import begin_write, open_engine
from gateway.base.lease import Lease
from ledger.core.errors import ConfigError
from tests.support.postgres import database_url

SINCE = "0022"
"""The last revision before this promise."""
PART = re.compile(r"_(\d{4}_\d{2}_\d+|default|others)$")
"""Of a table that is cut by month, which months depends on the day."""
BEFORE, MORE = "0027", "0028"
"""A revision, and the next, which in these tests does more."""


class Shape(NamedTuple):
    """What a program that knows a table relies on. columns: type, whether NULL may stand there, and
    whether there is a default. bound: keys and constraints."""

    columns: dict[str, tuple[str, bool, bool]]
    bound: frozenset[tuple[Any, ...]]


def shapes(engine: sa.Engine) -> dict[str, Shape]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sa.exc.SAWarning)  # an index of an expression
        found = sa.inspect(engine)
        names = [name for name in found.get_table_names() if not PART.search(name)]
        return {name: shape(found, name) for name in names}


def shape(found: sa.Inspector, table: str) -> Shape:
    columns = {
        one["name"]: (repr(one["type"]), one["nullable"], one["default"] is not None)
        for one in found.get_columns(table)
    }
    bound: set[tuple[Any, ...]] = {
        ("primary", *found.get_pk_constraint(table)["constrained_columns"]),
        *(("unique", *one["column_names"]) for one in found.get_unique_constraints(table)),
        *(("check", one["sqltext"]) for one in found.get_check_constraints(table)),
        *(
            ("foreign", one["referred_table"], *one["constrained_columns"])
            for one in found.get_foreign_keys(table)
        ),
        *(("unique", *one["column_names"]) for one in found.get_indexes(table) if one["unique"]),
    }
    return Shape(columns, frozenset(bound))


def problems(before: dict[str, Shape], after: dict[str, Shape]) -> Iterator[str]:
    """What would disturb a program that knows the tables as they were."""
    for table, old in before.items():
        new = after.get(table)
        if new is None:
            yield f"{table} is gone"
            continue
        for name, (kind, null, _) in old.columns.items():
            if name not in new.columns:
                yield f"{table}.{name} is gone"
            elif new.columns[name][0] != kind:
                yield f"{table}.{name} is of another type"
            elif null and not new.columns[name][1]:
                yield f"{table}.{name} takes no NULL any more"
        for name in new.columns.keys() - old.columns.keys():
            _, null, default = new.columns[name]
            if not (null or default):
                yield f"{table}.{name} is new and has to be given"
        for one in new.bound - old.bound:
            yield f"{table} is bound by {one}"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    """Of SQLite: what a revision does to the tables is the same on both."""
    engine = open_engine(f"sqlite:///{tmp_path / 'gateway.db'}")
    yield engine
    engine.dispose()


def upgrade(engine: sa.Engine, name: str) -> None:
    with begin_write(engine) as connection:
        command.upgrade(revision._config(connection), name)


def test_revisions_only_add(engine: sa.Engine) -> None:
    upgrade(engine, SINCE)
    before, seen = shapes(engine), 0
    for name in revision._names():
        if name <= SINCE:
            continue
        upgrade(engine, name)
        after = shapes(engine)
        disturbed = list(problems(before, after))
        assert bool(disturbed) == (name in revision.ALONE), f"revision {name}: {disturbed}"
        before, seen = after, seen + 1
    assert seen >= 5


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("DROP TABLE told_leaves", "told_leaves is gone"),
        ("ALTER TABLE tokens DROP COLUMN issued_by", "tokens.issued_by is gone"),
        ("ALTER TABLE tokens ADD COLUMN x TEXT", None),
        ("ALTER TABLE tokens ADD COLUMN x TEXT NOT NULL DEFAULT ''", None),
        ("CREATE TABLE x (y TEXT NOT NULL)", None),
        ("CREATE INDEX x ON tokens (name)", None),
        ("CREATE UNIQUE INDEX x ON tokens (name)", "tokens is bound by ('unique', 'name')"),
    ],
)
def test_what_is_no_addition_is_seen(engine: sa.Engine, change: str, problem: str | None) -> None:
    upgrade(engine, "head")
    before = shapes(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql(change)
    assert list(problems(before, shapes(engine))) == ([problem] if problem else [])


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sa.Engine]:
    """Tables of the revision before one that does more than add, on which a gateway runs."""
    monkeypatch.setattr(revision, "ALONE", frozenset({MORE}))
    engine = open_engine(database_url(tmp_path))
    upgrade(engine, BEFORE)
    yield engine
    engine.dispose()


@pytest.fixture
def gateway(served: sa.Engine) -> Iterator[Callable[[], Lease]]:
    """Makes the lease of a gateway that runs on them."""
    with ExitStack() as stack:

        def run() -> Lease:
            lease = Lease(served)
            stack.callback(lease.close)
            return lease

        yield run


def test_no_older_gateway_may_run(
    served: sa.Engine, gateway: Callable[[], Lease], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revision, "LEAVE_SECONDS", 0.0)
    older = gateway()
    assert older.take()
    with pytest.raises(ConfigError) as caught:
        revision.migrate(served)
    assert BEFORE in caught.value.problem
    assert "stop every gateway" in caught.value.problem
    assert revision.revision(served) == BEFORE
    older.release()
    revision.migrate(served)
    assert revision.revision(served) == revision.program_revision()
    assert gateway().take()
    revision.migrate(served)  # nothing is left to do


@pytest.mark.usefixtures("in_a_row")
def test_nor_one_from_before_the_file(
    served: sa.Engine, gateway: Callable[[], Lease], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lease is in the row of the database, on SQLite too."""
    older = gateway()
    assert older.take()
    monkeypatch.undo()
    monkeypatch.setattr(revision, "ALONE", frozenset({MORE}))
    monkeypatch.setattr(revision, "LEAVE_SECONDS", 0.0)
    with pytest.raises(ConfigError, match="stop every gateway"):
        revision.migrate(served)
    older.release()
    revision.migrate(served)


@pytest.fixture
def in_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lease is a row of the database, as it always is on PostgreSQL."""
    monkeypatch.setattr(lease, "file_of", lambda _engine: None)


def test_beside_what_only_adds(
    served: sa.Engine, gateway: Callable[[], Lease], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revision, "ALONE", frozenset({BEFORE}))
    assert gateway().take()
    revision.migrate(served)
    assert revision.revision(served) == revision.program_revision()


def test_one_that_was_killed_is_waited_for(served: sa.Engine, gateway: Callable[[], Lease]) -> None:
    killed = gateway()
    assert killed.take()
    killed.close()
    revision.migrate(served)
    assert revision.revision(served) == revision.program_revision()


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (("INTEGER()", True, False), ("TEXT()", True, False), "t.c is of another type"),
        (("TEXT()", True, False), ("TEXT()", False, False), "t.c takes no NULL any more"),
        (("TEXT()", False, False), ("TEXT()", True, False), None),
        (None, ("TEXT()", False, False), "t.c is new and has to be given"),
    ],
)
def test_columns_that_change(old: Any, new: Any, problem: str | None) -> None:
    bound = frozenset[tuple[Any, ...]]()
    before = {"t": Shape({"c": old} if old else {}, bound)}
    after = {"t": Shape({"c": new}, bound)}
    assert list(problems(before, after)) == ([problem] if problem else [])
