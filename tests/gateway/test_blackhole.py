"""A database that can no longer be heard of, though nobody was told: nothing waits for ever."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from gateway.app import create_app
from gateway.base import db, postgresql
from gateway.base.db import begin_write, open_engine
from gateway.base.metrics import TIMEOUTS
from gateway.base.postgresql import BoundedConnection
from tests.support.asgi import Client
from tests.support.blackhole import Line, line_to
from tests.support.node import make_test_node
from tests.support.postgres import USED, Postgres, start_postgres


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with start_postgres() as server:
        yield server


@pytest.fixture
def line(server: Postgres) -> Iterator[Line]:
    folder = sa.make_url(server.url).query["host"]
    with line_to(Path(str(folder)) / ".s.PGSQL.5432") as line:
        yield line


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the test need not wait for a minute."""
    monkeypatch.setattr(BoundedConnection, "answer_seconds", 0.5)
    monkeypatch.setattr(postgresql, "ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(postgresql, "PING_SECONDS", 0.5)
    monkeypatch.setitem(postgresql.CLIENT, "connect_timeout", 2)


def url(line: Line) -> str:
    return f"postgresql+psycopg://postgres@127.0.0.1:{line.port}/postgres"


def timeouts() -> float:
    return float(TIMEOUTS.labels("database")._value.get())


@pytest.mark.usefixtures("impatient")
def test_in_the_middle_of_a_transaction(line: Line) -> None:
    engine = open_engine(url(line))
    before = timeouts()
    with pytest.raises(sa.exc.OperationalError), begin_write(engine) as connection:
        assert connection.scalar(sa.text("SELECT 1")) == 1
        line.cut.set()
        connection.scalar(sa.text("SELECT 2"))
    assert timeouts() == before + 1
    line.cut.clear()
    with begin_write(engine) as connection:
        assert connection.scalar(sa.text("SELECT 3")) == 3, "the lost one is not used again"
    engine.dispose()


@pytest.mark.usefixtures("impatient")
def test_while_connections_rest(line: Line) -> None:
    engine = open_engine(url(line))
    with engine.connect() as connection:
        connection.scalar(sa.text("SELECT 1"))
    line.cut.set()
    before = timeouts()
    with pytest.raises(sa.exc.OperationalError):
        engine.connect()
    assert timeouts() == before + 2, "of the one that rested, and of the new one"
    line.cut.clear()
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT 1")) == 1
    engine.dispose()


@pytest.mark.usefixtures("impatient")
def test_a_gateway_is_not_ready_meanwhile(
    server: Postgres, line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(USED, server.url)
    node = make_test_node(tmp_path, seed="x")
    database = node.ctx.engine.url.database
    node.close()
    there = f"postgresql+psycopg://postgres@127.0.0.1:{line.port}/{database}"
    node = make_test_node(tmp_path, seed="x", database_url=there)
    client = Client(create_app(node))
    assert client.get("/readyz").status_code == 200
    line.cut.set()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["reason"]) == (503, "database-unavailable")
    assert set(answer.json()["text"]) == {"zh", "en"}
    line.cut.clear()
    assert client.get("/readyz").status_code == 200
    node.close()


def test_nobody_works_on_a_statement_for_ever(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(postgresql.SERVER, "statement_timeout", "200ms")
    engine = open_engine(url(line))
    before = timeouts()
    with engine.connect() as connection, pytest.raises(sa.exc.OperationalError):
        connection.execute(sa.text("SELECT pg_sleep(600)"))
    assert timeouts() == before + 1
    engine.dispose()


def test_the_line_is_watched_from_both_ends(line: Line) -> None:
    engine = open_engine(url(line))
    with engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert isinstance(raw, psycopg.Connection)
        ours = raw.info.get_parameters()
        theirs = connection.scalar(sa.text("SHOW tcp_user_timeout"))
    assert (ours["keepalives"], ours["keepalives_idle"], ours["tcp_user_timeout"]) == (
        *("1", "5", "15000"),
    )
    assert theirs in ("15s", "0"), "0: behind a Unix socket there is no TCP"
    engine.dispose()


def test_no_connection_comes_free(
    line: Line, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Who waits for one of ours is told in seconds too."""
    monkeypatch.setattr(db, "POOL", 2)
    monkeypatch.setattr(postgresql, "POOL_SECONDS", 0.2)
    engine = open_engine(url(line))
    held = [engine.connect() for _ in range(2)]
    with pytest.raises(sa.exc.TimeoutError):
        engine.connect()
    for connection in held:
        connection.close()
    engine.dispose()
