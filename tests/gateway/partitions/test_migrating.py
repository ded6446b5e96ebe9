"""Revision 0028 on a database that holds something: each row to its month, and back again."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.util import CommandError

from gateway.base import revision
from gateway.base.db import begin_write, open_engine
from gateway.base.revision import migrate
from gateway.partitions.making import this_month
from gateway.partitions.months import later, start_of
from gateway.partitions.store import parts
from tests.support.postgres import USED, Postgres, database_url

BEFORE = "0027"
TABLES = ("entries", "records", "content_keys", "statements", "closings", "promises")
OCTOBER = int(datetime(2025, 10, 5, tzinfo=UTC).timestamp())
NOVEMBER = int(datetime(2025, 10, 31, 16, 0, tzinfo=UTC).timestamp())
"""Its first instant in China."""
Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(
    request: pytest.FixtureRequest,
    server: Postgres,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[sa.Engine]:
    if request.param == "sqlite":
        monkeypatch.delenv(USED, raising=False)
    else:
        monkeypatch.setenv(USED, server.url)
    engine = open_engine(database_url(tmp_path))
    with begin_write(engine) as connection:
        command.upgrade(revision._config(connection), BEFORE)
    yield engine
    engine.dispose()


def fill(engine: sa.Engine, *sets: tuple[int, int]) -> Rows:
    """Sets of so many records, each promised at an instant. The first record is erased. What all
    tables hold then."""
    last = 0
    with begin_write(engine) as connection:
        run = connection.execute
        run(sa.text("INSERT INTO logs (id, log_id, size, root) VALUES (1, :b, 0, :b)"), {"b": b"l"})
        for at, count in sets:
            promise = {"at": at, "n": count, "first": last + 1, "b": b"p", "id": last + 1}
            run(
                sa.text(
                    "INSERT INTO promises (id, log, leaves_root, count, issued_at, due, signature,"
                    " key_id, first_entry) VALUES (:id, 1, :b, :n, :at, :at, :b, :b, :first)"
                ),
                promise,
            )
            for row in range(last + 1, last + 1 + count):
                _record(connection, row)
            last += count
        run(sa.text("INSERT INTO closings VALUES (2, :b, 1)"), {"b": b"c"})
        run(sa.text("UPDATE records SET content = :b WHERE id = 1"), {"b": b""})
        run(sa.text("DELETE FROM content_keys WHERE id = 1"))
        run(sa.text("INSERT INTO content_keys VALUES (2, 1, :b, :b)"), {"b": b"of a file"})
    return held(engine)


def _record(connection: sa.Connection, row: int) -> None:
    one = b"%08d" % row
    values = {"id": row, "b": one, "doc": one * 2, "content": one * 99}
    for text in (
        "INSERT INTO entries VALUES (:id, 1, :content, :b)",
        "INSERT INTO records (id, schema, authority, visibility, period, stored_at, document_key,"
        " record_key, superseded_by, content_mac, content) VALUES (:id, 'penalty@1', :b, 1, 202511,"
        " 1, :doc, :doc, :b, :doc, :content)",
        "INSERT INTO content_keys VALUES (1, :id, :b, :b)",
    ):
        statement = sa.text(text)
        wanted = {name: values[name] for name in values if f":{name}" in text}
        connection.execute(statement, wanted)


def held(engine: sa.Engine) -> Rows:
    with engine.connect() as connection:
        return {
            table: sorted(
                (
                    {name: _plain(value) for name, value in row._mapping.items()}
                    for row in connection.execute(sa.text(f"SELECT * FROM {table}"))
                ),
                key=str,
            )
            for table in TABLES
        }


def _plain(value: object) -> object:
    return bytes(value) if isinstance(value, bytes | memoryview) else value


def test_every_row_stays_what_it_is(engine: sa.Engine) -> None:
    """Content too: a program of before reads it where it was."""
    before = fill(engine, (OCTOBER, 2), (NOVEMBER, 3))
    migrate(engine)
    assert held(engine) == before
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM contents")) == 0


def test_down_again(engine: sa.Engine) -> None:
    """With the content that came since."""
    before = fill(engine, (OCTOBER, 2), (NOVEMBER, 3))
    migrate(engine)
    with begin_write(engine) as connection:
        connection.execute(sa.text("INSERT INTO contents SELECT id, content FROM records"))
        connection.execute(sa.text("UPDATE records SET content = :b"), {"b": b""})
        command.downgrade(revision._config(connection), BEFORE)
    assert held(engine) == before
    with pytest.raises(sa.exc.IntegrityError), begin_write(engine) as connection:
        connection.execute(sa.text("UPDATE records SET id = 99 WHERE id = 5"))  # of no entry
    migrate(engine)


def migrate_small(engine: sa.Engine) -> None:
    """With parts of two rows."""
    with begin_write(engine) as connection:
        config = revision._config(connection)
        config.attributes["part_size"] = 2
        command.upgrade(config, "head")


def cut_of(engine: sa.Engine) -> list[tuple[int, int, int, int]]:
    with engine.connect() as connection:
        return [part[:4] for part in parts(connection)]


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_months_are_those_of_the_promises(engine: sa.Engine) -> None:
    """Also where the clock of a gateway was wrong for a while: what is kept too long is no harm."""
    late, ahead = NOVEMBER + 5, NOVEMBER + 40 * 86400
    fill(engine, (OCTOBER, 1), (NOVEMBER - 1, 2), (NOVEMBER, 1), (ahead, 1), (late, 1))
    migrate_small(engine)
    with engine.connect() as connection:
        now = this_month(connection)
        since = connection.scalars(sa.text("SELECT since FROM partitions ORDER BY first_id")).all()
    assert cut_of(engine)[:5] == [
        (1, 3, 202510, 1),
        (3, 4, 202510, 2),
        (4, 5, 202511, 1),
        (5, 7, 202512, 1),
        (7, 9, now, 1),
    ]
    assert [part[2] for part in cut_of(engine)[5:]] == [later(now, 1), later(now, 2)]
    assert since[:4] == [start_of(202510), None, start_of(202511), start_of(202512)]
    with engine.connect() as connection:
        for table, rows in (
            ("entries_2025_10_1", [1, 2]),
            ("entries_2025_10_2", [3]),
            ("content_keys_2025_12_1", [5, 6]),
        ):
            query = sa.text(f"SELECT id FROM {table} ORDER BY id")
            assert connection.scalars(query).all() == rows, table
        for table, kind in (("content_keys_others", 2), ("content_keys_default", None)):
            assert connection.scalar(sa.text(f"SELECT kind FROM {table}")) == kind


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_the_month_that_runs_goes_on(engine: sa.Engine) -> None:
    """A clock that was ahead of it makes no month to come."""
    with engine.connect() as connection:
        now = this_month(connection)
    fill(engine, (start_of(now), 3), (start_of(later(now, 5)), 1))
    migrate_small(engine)
    assert cut_of(engine)[:3] == [(1, 3, now, 1), (3, 5, now, 2), cut_of(engine)[2]]
    assert cut_of(engine)[2][2] == later(now, 1)


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_no_way_back_from_the_archive(engine: sa.Engine) -> None:
    fill(engine, (OCTOBER, 2))
    migrate(engine)
    with begin_write(engine) as connection:
        connection.execute(sa.text("UPDATE partitions SET archived_at = 1 WHERE first_id = 1"))
    with (
        pytest.raises(CommandError, match="put them back first"),
        begin_write(engine) as connection,
    ):
        command.downgrade(revision._config(connection), BEFORE)
