"""Revision 0029 on a database that holds something: other indexes, the same rows, all or nothing,
and told as it goes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory
from structlog.testing import capture_logs

from gateway.base import revision
from gateway.base.db import begin_write, open_engine
from gateway.base.revision import migrate
from gateway.log.located import entries_of
from gateway.log.models import SIZES
from tests.support.postgres import USED, Postgres, database_url, start_postgres

BEFORE = "0028"
OLD = {"ix_entries_leaf", "ix_entries_record"}
NEW = {"ix_entries_generation_leaf", "ix_entries_generation_record"}
ROWS = 300


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with start_postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(
    request: pytest.FixtureRequest,
    server: Postgres,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[sa.Engine]:
    """Tables of the revision before, with entries of two promises."""
    if request.param == "sqlite":
        monkeypatch.delenv(USED, raising=False)
    else:
        monkeypatch.setenv(USED, server.url)
    engine = open_engine(database_url(tmp_path))
    with begin_write(engine) as connection:
        command.upgrade(revision._config(connection), BEFORE)
        connection.execute(
            sa.text("INSERT INTO logs (id, log_id, size, root) VALUES (1, :b, 0, :b)"), {"b": b"l"}
        )
        for promise, first in ((1, 1), (2, ROWS + 1)):
            connection.execute(
                sa.text(
                    "INSERT INTO promises (id, log, leaves_root, count, issued_at, due, signature,"
                    " key_id, first_entry) VALUES (:id, 1, :b, :n, 1, 1, :b, :b, :first)"
                ),
                {"id": promise, "n": ROWS, "b": b"p", "first": first},
            )
        insert = sa.text("INSERT INTO entries VALUES (:id, 1, :leaf, :record)")
        rows = [{"id": n, "leaf": leaf(n), "record": leaf(n)[:5]} for n in range(1, 2 * ROWS + 1)]
        connection.execute(insert, rows)
    yield engine
    engine.dispose()


def leaf(n: int) -> bytes:
    return b"%05d" % (n * 7919 % 99_991) + b"%027d" % n


def indexes(engine: sa.Engine) -> set[str]:
    """Of entries, of which there is a part in each part of the table."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            query = "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'entries'"
            return set(connection.scalars(sa.text(query)))
        query = """
            SELECT c.relname FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid
            WHERE x.indrelid = 'entries'::regclass AND x.indisvalid AND NOT x.indisprimary
            AND (SELECT count(*) FROM pg_inherits i WHERE i.inhparent = x.indexrelid) =
                (SELECT count(*) FROM pg_inherits i WHERE i.inhparent = x.indrelid)"""
        return set(connection.scalars(sa.text(query)))


def count(engine: sa.Engine) -> int:
    """Indexes of entries, and of each of its parts."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            return len(indexes(engine))
        query = "SELECT count(*) FROM pg_indexes WHERE tablename LIKE 'entries%'"
        return connection.scalar(sa.text(query)) or 0


def found(engine: sa.Engine) -> dict[bytes, int]:
    with engine.connect() as connection:
        return entries_of(connection, [leaf(n) for n in range(0, 2 * ROWS + 2)])


EVERY = {leaf(n): n for n in range(1, 2 * ROWS + 1)}


def test_other_indexes_and_the_same_rows(engine: sa.Engine) -> None:
    assert indexes(engine) == OLD
    before = count(engine)
    with capture_logs() as told:
        migrate(engine)
    assert indexes(engine) == NEW
    assert count(engine) == before, "each part has one of each, and none twice"
    assert found(engine) == EVERY
    begun = [one for one in told if one["event"] == "index.begun"]
    assert {one["index"].partition("/")[0] for one in begun} == NEW
    assert len([one for one in told if one["event"] == "index.made"]) == len(begun)
    assert [one["entries"] for one in begun] == [2 * ROWS] * len(NEW), "not of empty parts"
    parts = {one["index"].partition("/")[2] for one in begun}
    assert (parts == {""}) == (engine.dialect.name == "sqlite")
    with engine.connect() as connection:
        for one in NEW:
            text = connection.scalar(sa.text(_TEXT[engine.dialect.name]), {"name": one})
            assert f"(id / {SIZES[engine.dialect.name]})" in str(text)


_TEXT = {
    "sqlite": "SELECT sql FROM sqlite_master WHERE name = :name",
    "postgresql": "SELECT indexdef FROM pg_indexes WHERE indexname = :name",
}


@pytest.mark.parametrize("stopped_at", sorted(NEW))
def test_all_or_nothing(engine: sa.Engine, stopped_at: str) -> None:
    """A gateway that is killed on the way leaves the tables as they were, and the next one begins
    anew."""

    def stop(_connection: object, _cursor: object, text: str, *_: object) -> None:
        if f"CREATE INDEX {stopped_at}" in text:
            raise KeyboardInterrupt

    sa.event.listen(engine, "before_cursor_execute", stop)
    with pytest.raises(KeyboardInterrupt):
        migrate(engine)
    sa.event.remove(engine, "before_cursor_execute", stop)
    assert revision.revision(engine) == BEFORE
    assert indexes(engine) == OLD
    migrate(engine)
    assert indexes(engine) == NEW
    assert found(engine) == EVERY


def test_new_tables_are_made_in_silence(tmp_path: Path) -> None:
    """A command that makes them says what it was asked for, and nothing else."""
    engine = open_engine(f"sqlite:///{tmp_path / 'new.db'}")
    with capture_logs() as told:
        migrate(engine)
    engine.dispose()
    assert told == []


def test_down_again(engine: sa.Engine) -> None:
    before = count(engine)
    migrate(engine)
    with begin_write(engine) as connection:
        command.downgrade(revision._config(connection), BEFORE)
    assert indexes(engine) == OLD
    assert count(engine) == before
    migrate(engine)
    assert found(engine) == EVERY


def test_a_long_one_says_that_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite calls it now and then; PostgreSQL tells of each part."""
    scripts = ScriptDirectory(str(revision._SCRIPTS))
    module = scripts.get_revision("0029").module
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    with capture_logs() as told, module._told("an index", 5) as going_on:
        for seconds in (0, 9, 1, 1, 9):
            now[0] += seconds
            assert going_on() == 0, "SQLite would stop at anything else"
    assert [(one["event"], one.get("seconds")) for one in told] == [
        ("index.begun", None),
        ("index.going-on", 10.0),
        ("index.going-on", 20.0),
        ("index.made", 20.0),
    ]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_sorting_goes_back_to_memory(engine: sa.Engine) -> None:
    """What SQLite was told for the upgrade holds for nothing else."""
    migrate(engine)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA temp_store").scalar_one() == 2  # memory
