"""Writers of one process take turns before SQLite is asked, which would let them sleep."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.base import db
from gateway.base.db import begin_change, begin_write, close_engine, open_engine


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    engine = open_engine(f"sqlite:///{tmp_path / 'gateway.db'}")
    yield engine
    close_engine(engine)


def test_the_next_begins_when_the_one_before_has_ended(engine: sa.Engine) -> None:
    said: list[str] = []
    sa.event.listen(engine, "before_cursor_execute", lambda *given: said.append(given[2]))
    sa.event.listen(engine, "commit", lambda _connection: said.append("COMMIT"))

    def other() -> None:
        with begin_write(engine):
            said.append("other")

    with begin_write(engine):
        waiting = threading.Thread(target=other)
        waiting.start()
        waiting.join(0.05)
        said.append("first")
    waiting.join()
    assert said == ["BEGIN IMMEDIATE", "first", "COMMIT", "BEGIN IMMEDIATE", "other", "COMMIT"]


def test_one_that_failed_leaves_its_turn(engine: sa.Engine) -> None:
    with pytest.raises(ZeroDivisionError), begin_write(engine):
        raise ZeroDivisionError
    with begin_change(engine, "x"):
        pass


@pytest.mark.parametrize("moved", ["another", "gone"])
def test_nothing_is_written_where_another_database_was_put_in_its_place(
    engine: sa.Engine, tmp_path: Path, moved: str
) -> None:
    """It would go into a file that nobody opens again. The one that was put back is written."""
    path, aside = tmp_path / "gateway.db", tmp_path / "aside.db"
    with begin_write(engine) as connection:
        connection.exec_driver_sql("CREATE TABLE t (x)")
    path.rename(aside)
    if moved == "another":
        close_engine(open_engine(f"sqlite:///{path}"))
    for begun in (begin_write(engine), begin_change(engine, "x")):
        with pytest.raises(sa.exc.OperationalError, match="in its place"), begun:
            raise AssertionError("it was begun")
    aside.rename(path)
    with begin_write(engine) as connection:
        connection.exec_driver_sql("INSERT INTO t VALUES (1)")


def test_who_waits_too_long_is_told_as_by_sqlite(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "BUSY_TIMEOUT_MS", 1)
    with begin_write(engine), pytest.raises(sa.exc.OperationalError, match="locked"):
        with begin_write(engine):
            raise AssertionError("it had a turn")
    with begin_write(engine):
        pass
