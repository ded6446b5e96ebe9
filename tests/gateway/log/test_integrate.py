"""The log grows, is published only as it reads back, and never loses or doubles an entry."""

import hashlib
import re
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import Response

from gateway.base.db import begin_write
from gateway.base.errors import NotReady
from gateway.http.problems import Problem
from gateway.log import located, routes
from gateway.log.models import bundles, logs, pending, promises, tiles
from gateway.log.services import LogDamaged, LogMended, enqueue, log_row
from gateway.node import Node, make_node
from ledger.core.errors import Malformed
from ledger.core.keys import Purpose
from tests.support.asgi import Client
from tests.support.log import (
    ReadLog,
    make_entries,
    pending_count,
    promise_entries,
    read_log,
    stored_indexes,
)
from tests.support.node import LOG_ID, make_network, make_settings, make_test_node, without


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = make_test_node(tmp_path)
    yield node
    node.close()


def client_of(node: Node) -> Client:
    app = FastAPI()
    app.state.ctx = node.ctx
    app.include_router(routes.router)

    @app.exception_handler(Problem)
    async def answer(_request: Request, problem: Problem) -> Response:
        return problem.response()

    return Client(app)


def read(node: Node) -> ReadLog:
    client = client_of(node)

    def fetch(path: str) -> bytes:
        response = client.get(f"/logs/{LOG_ID.hex()}/{path}")
        assert response.status_code == 200, path
        return response.content

    origin = f"credit-ledger/{LOG_ID.hex()}"
    return read_log(fetch, origin=origin, note_key=node.signing.keys.note.public_key)


def leaf(entry: bytes) -> bytes:
    return hashlib.sha256(b"\0" + entry).digest()


def count(node: Node, table: sa.Table) -> int:
    with node.ctx.engine.connect() as connection:
        query = sa.select(sa.func.count()).select_from(table)
        return int(connection.execute(query).scalar_one())


@pytest.mark.parametrize("sizes", [[1], [1, 1], [255, 1, 1], [256], [257, 300], [3, 700, 5]])
def test_a_stranger_reads_what_was_promised(node: Node, sizes: list[int]) -> None:
    promised: set[bytes] = set()
    for at, size in enumerate(sizes):
        batch = make_entries(size, seed=str(at))
        promise_entries(node, batch)
        assert node.logs.step() == size
        promised |= set(batch)
        log = read(node)
        assert log.size == len(promised)
        assert set(log.entries) == promised
        assert {leaf(entry): at for at, entry in enumerate(log.entries)} == stored_indexes(node)
    assert pending_count(node) == 0
    assert node.logs.step() == 0


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(1, 520), min_size=1, max_size=4), st.integers(1, 600))
def test_any_cut_into_batches_gives_one_log(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], batch_size: int
) -> None:
    node = make_test_node(tmp_path_factory.mktemp("log"), log={"batch_size": batch_size})
    for at, size in enumerate(sizes):
        promise_entries(node, make_entries(size, seed=str(at)))
    while node.logs.step():
        pass
    log = read(node)
    assert len(set(log.entries)) == len(log.entries) == sum(sizes)
    node.close()


def test_three_levels_of_tiles(node: Node) -> None:
    with_many = node.ctx.settings.log.model_copy(update={"batch_size": 65_536})
    node.ctx.settings = node.ctx.settings.model_copy(update={"log": with_many})
    batch = make_entries(65_536 + 300)
    promise_entries(node, batch[:65_536])
    promise_entries(node, batch[65_536:])
    assert node.logs.step() == 65_536
    assert node.logs.step() == 300
    with node.ctx.engine.connect() as connection:
        top = connection.execute(sa.select(sa.func.max(tiles.c.level))).scalar_one()
    assert top == 2
    assert set(read(node).entries) == set(batch)


def test_inside_a_batch_leaves_are_ordered_by_hash(node: Node) -> None:
    first, second = make_entries(40, "a"), make_entries(40, "b")
    promise_entries(node, first)
    node.logs.step()
    promise_entries(node, second)
    node.logs.step()
    found = [leaf(entry) for entry in read(node).entries]
    assert found[:40] == sorted(leaf(e) for e in first)
    assert found[40:] == sorted(leaf(e) for e in second)


def test_a_batch_takes_the_oldest_promises_whole(tmp_path: Path) -> None:
    node = make_test_node(tmp_path, log={"batch_size": 10})
    batch = make_entries(35)
    for first, end in ((0, 4), (4, 9), (9, 12), (12, 35)):
        promise_entries(node, batch[first:end])
    assert [node.logs.step() for _ in range(4)] == [9, 3, 23, 0]
    assert set(read(node).entries[:9]) == set(batch[:9])
    node.close()


def test_a_batch_of_many_promises(tmp_path: Path) -> None:
    """More than any driver takes as parameters of one statement, were it not for portions."""
    node = make_test_node(tmp_path, log={"batch_size": 65_536})
    with begin_write(node.ctx.engine) as connection:
        log = log_row(connection, LOG_ID)
        values = {"leaves_root": bytes(32), "count": 1, "issued_at": 1, "due": 2, "log": log}
        row = values | {"signature": bytes(65), "key_id": bytes(32)}
        for entry in make_entries(2500):
            made = connection.execute(sa.insert(promises).values(row).returning(promises.c.id))
            one = made.scalar_one()
            enqueue(
                connection,
                log=log,
                promise=one,
                leaves=[leaf(entry)],
                record_ids=[bytes(32)],
                entry_bytes=[entry],
            )
    assert node.logs.step() == 2500
    log_read = read(node)
    assert stored_indexes(node) == {leaf(entry): at for at, entry in enumerate(log_read.entries)}
    node.close()


def test_a_leaf_is_found_by_its_index(node: Node) -> None:
    """Every receipt asks for one; a query that reads the table costs more with every record."""
    batch = make_entries(300)
    promise_entries(node, batch)
    node.logs.step()
    asked: list[tuple[str, Any]] = []
    with node.ctx.engine.connect() as connection:
        sa.event.listen(
            connection, "before_cursor_execute", lambda *given: asked.append((given[2], given[3]))
        )
        assert located.locate(connection, leaf(batch[7])) is not None
        on_sqlite = connection.dialect.name == "sqlite"
        explain = "EXPLAIN QUERY PLAN" if on_sqlite else "EXPLAIN"
        bad = re.compile(r"SCAN (?!CONSTANT ROW|generations)|Seq Scan")
        for text, values in asked.copy():
            plan = str(connection.exec_driver_sql(f"{explain} {text}", values).all())
            assert not bad.search(plan), plan
    assert len(asked) > 2


def test_entries_are_stored_small(node: Node) -> None:
    batch = [
        b'{"_type":"credit-ledger/entry@1","commitment":"%s","kind":"record","log":"%s",'
        b'"period":"2026-11","schema":"penalty@1","suite":"sha256","timely":"yes"}'
        % (hashlib.sha256(str(i).encode()).hexdigest().encode(), LOG_ID.hex().encode())
        for i in range(512)
    ]
    promise_entries(node, batch)
    node.logs.step()
    with node.ctx.engine.connect() as connection:
        stored = connection.execute(sa.select(sa.func.sum(sa.func.length(bundles.c.data))))
        assert stored.scalar_one() < 60 * 512


def test_nothing_is_published_before_it_was_read_back(node: Node) -> None:
    promise_entries(node, make_entries(3))
    assert node.logs.integrate(1) == 3
    client = client_of(node)
    assert client.get(f"/logs/{LOG_ID.hex()}/checkpoint").status_code == 404
    assert client.get(f"/logs/{LOG_ID.hex()}/tile/0/000.p/3").status_code == 404
    assert pending_count(node) == 3
    assert node.logs.publish(1) == 3
    assert node.logs.publish(1) is None
    assert client.get(f"/logs/{LOG_ID.hex()}/tile/0/000.p/3").status_code == 200


def flip(node: Node, table: sa.Table, at: int, **where: int) -> None:
    """Change one bit of a stored blob; of a bundle, in its content."""
    with begin_write(node.ctx.engine) as connection:
        row = table.c.n == where["n"]
        if "level" in where:
            row &= table.c.level == where["level"]
        data = bytearray(connection.execute(sa.select(table.c.data).where(row)).scalar_one())
        packed = "packed" in where
        if table is bundles and not packed:
            data = bytearray(zlib.decompress(bytes(data)))
        data[at] ^= 4
        value = zlib.compress(bytes(data)) if table is bundles and not packed else bytes(data)
        connection.execute(sa.update(table).where(row).values(data=value))


@pytest.mark.parametrize(
    ("table", "at", "where"),
    [
        (tiles, 32 * 44, {"level": 0, "n": 1}),  # in a full tile, the first hash of the batch
        (tiles, -1, {"level": 0, "n": 2}),  # in the right edge
        (tiles, 40, {"level": 1, "n": 0}),  # above
        (bundles, -30, {"n": 1}),  # an entry
        (bundles, 1, {"n": 2}),  # the length of an entry
        (bundles, -5, {"n": 2}),
        (bundles, 50, {"n": 2, "packed": 1}),  # in the compressed bytes
    ],
)
def test_a_flipped_bit_behind_the_checkpoint_is_mended(
    node: Node, table: sa.Table, at: int, where: dict[str, int]
) -> None:
    promise_entries(node, make_entries(300, "a"))
    node.logs.step()
    before = read(node)
    batch = make_entries(400, "b")
    promise_entries(node, batch)
    node.logs.integrate(1)
    flip(node, table, at, **where)
    with pytest.raises(LogMended):
        node.logs.publish(1)
    assert read(node) == before
    assert node.logs.step() == 400
    after = read(node)
    assert after.entries[:300] == before.entries
    assert set(after.entries[300:]) == set(batch)
    assert pending_count(node) == 0


@pytest.mark.parametrize(
    ("table", "at", "where"),
    [(tiles, 0, {"level": 0, "n": 1}), (bundles, 9, {"n": 1}), (tiles, 3, {"level": 1, "n": 0})],
)
def test_a_flipped_bit_before_the_checkpoint_stops_the_log(
    node: Node, table: sa.Table, at: int, where: dict[str, int]
) -> None:
    promise_entries(node, make_entries(300, "a"))
    node.logs.step()
    note = read_note(node)
    promise_entries(node, make_entries(400, "b"))
    node.logs.integrate(1)
    flip(node, table, at, **where)
    with pytest.raises(LogDamaged):
        node.logs.publish(1)
    assert read_note(node) == note
    assert pending_count(node) == 400


def read_note(node: Node) -> str | None:
    with node.ctx.engine.connect() as connection:
        note: str | None = connection.execute(sa.select(logs.c.note)).scalar_one()
    return note


@pytest.mark.parametrize(("place", "lost"), [(0, 1), (90, 1), (-1, 2)])
def test_a_damaged_entry_does_not_hold_up_the_others(node: Node, place: int, lost: int) -> None:
    """A flipped bit costs the entry that it is in; between two entries, both."""
    batch, others = make_entries(5), make_entries(3, "others")
    promise_entries(node, batch)
    promise_entries(node, others)
    stored = b"\n".join(batch)
    at = len(b"\n".join(batch[:2])) + 1 + place
    with begin_write(node.ctx.engine) as connection:
        damaged = stored[:at] + bytes([stored[at] ^ 4]) + stored[at + 1 :]
        one = sa.update(pending).where(pending.c.promise == 1)
        connection.execute(one.values(entries=damaged))
    assert node.logs.step() == 8 - lost
    kept = set(read(node).entries)
    assert kept >= {batch[0], *batch[3:], *others}
    assert len(kept) == 8 - lost
    assert node.logs.step() == 0
    assert sum(index is None for index in stored_indexes(node).values()) == lost
    with node.ctx.engine.connect() as connection:
        left = connection.execute(sa.select(pending.c.promise, pending.c.error)).all()
    assert [tuple(row) for row in left] == [(1, "damaged")]
    promise_entries(node, make_entries(2, "later"))
    assert node.logs.step() == 2


@pytest.mark.parametrize("batch", [[], [b"x" * 1025], [b"{\n}"]])
def test_what_could_never_be_integrated_is_not_promised(node: Node, batch: list[bytes]) -> None:
    with pytest.raises(Malformed):
        promise_entries(node, batch)
    assert count(node, promises) == 0


def test_a_leaf_of_another_entry_is_not_promised(node: Node) -> None:
    (entry,) = make_entries(1)
    with pytest.raises(Malformed), begin_write(node.ctx.engine) as connection:
        log = log_row(connection, LOG_ID)
        enqueue(
            connection,
            log=log,
            promise=1,
            leaves=[bytes(32)],
            record_ids=[bytes(32)],
            entry_bytes=[entry],
        )


def test_an_empty_log_has_a_checkpoint(node: Node) -> None:
    node.logs.open([LOG_ID])
    node.logs.open([LOG_ID])
    assert node.logs.step() == 0
    with node.ctx.engine.connect() as connection:
        assert connection.scalar(sa.select(logs.c.published)) is None, "the chain may have more"
    node.logs.prove(LOG_ID)
    assert node.logs.step() == 0
    log = read(node)
    assert (log.size, log.entries) == (0, [])
    promise_entries(node, make_entries(3))
    node.logs.step()
    assert read(node).size == 3


def test_no_checkpoint_by_a_key_that_is_not_valid(node: Node) -> None:
    """What was promised waits for a new key."""
    promise_entries(node, make_entries(3))
    facts = node.chain.facts
    node.chain.put(without(facts, Purpose.NOTE, compromised_since=node.ctx.clock.seconds()))
    with pytest.raises(NotReady, match="note-key-not-valid"):
        node.logs.step()
    node.chain.put(facts)
    node.logs.step()
    assert read(node).size == 3


def test_a_checkpoint_is_not_taken_back_by_a_slower_process(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    promise_entries(node, make_entries(5))
    node.logs.integrate(1)
    real = node.logs.sign_note

    def other_process_first(log_id: bytes, size: int, root: bytes) -> str:
        monkeypatch.setattr(node.logs, "sign_note", real)
        promise_entries(node, make_entries(5, "late"))
        assert node.logs.step() == 5
        return real(log_id, size, root)

    monkeypatch.setattr(node.logs, "sign_note", other_process_first)
    assert node.logs.publish(1) is None
    assert read(node).size == 10


def test_two_gateways_on_one_database(tmp_path: Path) -> None:
    first = make_test_node(tmp_path, log={"batch_size": 7})
    settings_ = make_settings(tmp_path, log={"batch_size": 5})
    second = make_node(settings_, make_network(), first.signing.keys)
    failures: list[BaseException] = []

    def work(node: Node, seed: str) -> None:
        try:
            for at in range(12):
                promise_entries(node, make_entries(9, f"{seed}{at}"))
                node.logs.step()
            while node.logs.step():
                pass
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=a) for a in ((first, "x"), (second, "y"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    while first.logs.step():
        pass
    log = read(first)
    assert log.size == 2 * 12 * 9
    assert len(set(log.entries)) == log.size
    assert stored_indexes(first) == {leaf(entry): at for at, entry in enumerate(log.entries)}
    first.close()
    second.close()
