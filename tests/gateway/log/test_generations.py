"""Entries found through indexes by generation: the same as by the indexes of before, with the new
ones and nothing else, on both databases."""

import os
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.base.db import begin_read, begin_write, insert_rows, open_engine
from gateway.files.closed import closed_among
from gateway.log import regrowing
from gateway.log.generations import _NUMBERS, by_generation
from gateway.log.located import entries_of, locate
from gateway.log.many import ManyEntries
from gateway.log.models import PREFIX, SIZES, entries, leaf_prefix, logs, promises
from gateway.log.numbers import newest
from gateway.node import Node
from gateway.partitions.models import partitions
from gateway.partitions.months import first_number
from gateway.partitions.store import parts
from gateway.products.finding import record_ids
from gateway.products.manifests import firsts_of
from gateway.records.models import closings, records
from ledger.core.ids import Digest, RecordId
from tests.support.log import make_entries, promise_entries
from tests.support.node import LOG_ID, make_test_node
from tests.support.postgres import USED, Postgres, drop_databases, migrated_url, start_postgres

DATABASES = ("sqlite", "postgresql")
MONTH = 209901
ROWS = 20_000


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with start_postgres() as server:
        yield server


@pytest.fixture(scope="module", params=DATABASES)
def engine(
    request: pytest.FixtureRequest,
    server: Postgres,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[sa.Engine]:
    """With its tables and a log, and no entries."""
    folder = tmp_path_factory.mktemp(request.param)
    with pytest.MonkeyPatch.context() as patch:
        use(patch, request.param, server)
        engine = open_engine(migrated_url(folder))
        with begin_write(engine) as connection:
            for n in (1, 2):  # where there is one, nobody asks what was logged again
                row = {"id": n, "log_id": b"%032d" % n, "size": 0, "root": b""}
                connection.execute(sa.insert(logs).values(row))
        yield engine
        engine.dispose()
        drop_databases(folder)


@pytest.fixture(params=DATABASES)
def node(
    request: pytest.FixtureRequest,
    server: Postgres,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Node]:
    use(monkeypatch, request.param, server)
    node = make_test_node(tmp_path, now=datetime(2026, 11, 23, 8, 0, tzinfo=UTC))
    yield node
    node.close()


def use(patch: pytest.MonkeyPatch, database: str, server: Postgres) -> None:
    if database == "sqlite":
        patch.delenv(USED, raising=False)
    else:
        patch.setenv(USED, server.url)


def put(connection: sa.Connection, rows: Sequence[tuple[int, bytes, bytes]]) -> None:
    """Entries with these row numbers, leaves and record ids, each promised by itself."""
    promised = [(1, b"", 1, 1, 2, b"", b"", row) for row, _, _ in rows]
    names = ("log", "leaves_root", "count", "issued_at", "due", "signature", "key_id")
    insert_rows(connection, promises, (*names, "first_entry"), promised)
    made = [(row, 1, leaf, record[:PREFIX]) for row, leaf, record in rows]
    insert_rows(connection, entries, ("id", "log", "leaf", "record"), made)


def turn(connection: sa.Connection, month: int) -> int:
    """Let a month begin, as `gateway.log.numbers.reserve` does; its first row number."""
    first, last = first_number(month), newest(connection)
    connection.execute(sa.delete(partitions).where(partitions.c.first_id == first))
    row = {"first_id": first, "end_id": first + 50_000_000, "month": month, "n": 1}
    row |= {"since": 0, "skipped": first - 1 - last}
    connection.execute(sa.insert(partitions).values(row))
    return first


def asked(connection: sa.Connection) -> list[int]:
    """The generations that are looked in."""
    return list(connection.scalars(sa.select(_NUMBERS.c.n)))


# ---- the same as before


class Before:
    """Look-ups as they were before there were generations, word for word."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def by_leaf(self, leaf: bytes) -> list[int]:
        query = sa.select(entries.c.id).where(leaf_prefix == leaf[:PREFIX], entries.c.leaf == leaf)
        return list(self._connection.scalars(query.order_by(entries.c.id)))

    def by_record(self, name: bytes) -> list[int]:
        query = sa.select(entries.c.id).where(entries.c.record == name[:PREFIX])
        return list(self._connection.scalars(query.order_by(entries.c.id)))

    def entries_of(self, leaves: Sequence[bytes]) -> dict[bytes, int]:
        found = dict[bytes, int]()
        query = sa.select(entries.c.leaf, entries.c.id).where(
            leaf_prefix.in_([leaf[:PREFIX] for leaf in leaves]), entries.c.leaf.in_(leaves)
        )
        for leaf, entry in self._connection.execute(query.order_by(entries.c.id)):
            found.setdefault(leaf, entry)
        return found


def now_by(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> list[int]:
    query = by_generation(sa.select(entries.c.id).where(condition)).order_by(entries.c.id)
    return list(connection.scalars(query))


NAMES = tuple(
    start + b"\0" * (PREFIX - len(start)) + end * (32 - PREFIX)
    for start in (b"a", b"b")
    for end in (b"x", b"y", b"z")
)
"""Of a few entries many are the same, or begin alike."""
FOREIGN = b"c" * 32
_SIZES = sorted(SIZES.values())
_STEPS = st.one_of(
    st.integers(1, 3),
    st.sampled_from([step + n for step in _SIZES for n in (-1, 0, 1)]),
    st.integers(1, 5 * max(_SIZES)),
)
_ENTRIES = st.lists(
    st.tuples(_STEPS, st.sampled_from(NAMES), st.sampled_from(NAMES), st.booleans()), max_size=12
)


def fill(connection: sa.Connection, made: Sequence[tuple[int, bytes, bytes, bool]]) -> None:
    """Entries so many numbers apart; before some a month turns."""
    month = MONTH
    for step, leaf, record, turns in made:
        row = newest(connection) + step
        if turns:
            row, month = turn(connection, month) + step - 1, month + 1
        put(connection, [(row, leaf, record)])


@settings(max_examples=25, deadline=None)
@given(made=_ENTRIES)
def test_look_ups_find_what_they_found(
    engine: sa.Engine, made: list[tuple[int, bytes, bytes, bool]]
) -> None:
    """Whatever the numbers, also where leaves stand more than once, in one generation or many."""
    with engine.connect() as connection, connection.begin() as transaction:
        fill(connection, made)
        before = Before(connection)
        for name in (*NAMES, FOREIGN):
            same = sa.and_(leaf_prefix == name[:PREFIX], entries.c.leaf == name)
            assert now_by(connection, same) == before.by_leaf(name)
            alike = entries.c.record == name[:PREFIX]
            assert now_by(connection, alike) == before.by_record(name)
            at = locate(connection, name) if before.by_leaf(name) else None
            assert [at.id] == before.by_leaf(name)[:1] if at else not before.by_leaf(name)
        assert entries_of(connection, NAMES) == before.entries_of(NAMES)
        size = SIZES[engine.dialect.name]
        held = {row // size for row in connection.scalars(sa.select(entries.c.id))}
        numbers = asked(connection)
        assert held <= set(numbers)
        assert numbers == sorted(set(numbers), reverse=True)
        transaction.rollback()


def test_generations_between_months_are_not_asked(engine: sa.Engine) -> None:
    """Numbers of a month begin ten thousand million behind those of the one before."""
    size = SIZES[engine.dialect.name]
    with engine.connect() as connection, connection.begin() as transaction:
        assert asked(connection) == [None], "where there is nothing, nothing is asked"
        assert locate(connection, FOREIGN) is None
        put(connection, [(3 * size + 7, NAMES[0], NAMES[0])])
        assert asked(connection) == [3, 2, 1, 0]
        first = turn(connection, MONTH)
        put(connection, [(first, NAMES[1], NAMES[1]), (first + size, NAMES[2], NAMES[2])])
        there = first // size
        assert asked(connection) == [there + 1, there, 3, 2, 1, 0]
        again = turn(connection, MONTH + 1)
        put(connection, [(again + 1, NAMES[3], NAMES[3])])
        assert asked(connection) == [again // size, there + 1, there, 3, 2, 1, 0]
        assert list(entries_of(connection, NAMES)) == list(NAMES[:4])
        transaction.rollback()


def test_the_first_of_the_same_is_found(engine: sa.Engine) -> None:
    """In whichever generation the others stand."""
    size, leaf = SIZES[engine.dialect.name], NAMES[0]
    with engine.connect() as connection, connection.begin() as transaction:
        rows = [5, size - 1, size, 4 * size + 3]
        put(connection, [(row, leaf, NAMES[at]) for at, row in enumerate(rows)])
        at = locate(connection, leaf)
        assert at is not None
        assert at.id == 5
        assert entries_of(connection, [leaf]) == {leaf: 5}
        same = sa.and_(leaf_prefix == leaf[:PREFIX], entries.c.leaf == leaf)
        assert now_by(connection, same) == rows
        _records(connection, rows)
        insert_rows(
            connection,
            closings,
            ("entry", "record", "since"),
            [(rows[0], b"r", 10), (rows[3], b"r", 30), (rows[2], b"r", 20)],
        )
        assert closed_among(connection, [leaf, FOREIGN]) == {leaf: 30}
        transaction.rollback()


def _records(connection: sa.Connection, rows: Sequence[int]) -> None:
    for row in rows:
        keys = dict.fromkeys(("authority", "document_key", "record_key"), b"%016d" % row)
        values = {"id": row, "schema": "penalty@1", "visibility": 1, "period": 202611}
        values |= {"stored_at": 1, "superseded_by": b"", "content_mac": b"", "content": b""}
        connection.execute(sa.insert(records).values(values | keys))


# ---- plans


class Asked(NamedTuple):
    """A look-up. by: whose index serves it."""

    name: str
    ask: Callable[[sa.Connection, list[bytes]], object]
    by: str


LEAF, RECORD = "leaf", "record"
LOOK_UPS = (
    Asked("by leaf", lambda connection, names: locate(connection, names[0]), LEAF),
    Asked("by record", lambda connection, names: locate(connection, FOREIGN), RECORD),
    Asked("leaves", entries_of, LEAF),
    Asked("many", lambda connection, names: ManyEntries(connection).of_names([FOREIGN]), RECORD),
    Asked("closed", closed_among, LEAF),
    Asked("record ids", lambda connection, names: record_ids(connection, [FOREIGN]), LEAF),
    Asked(
        "logged again",
        lambda connection, names: firsts_of(connection, [RecordId(Digest(FOREIGN))]),
        RECORD,
    ),
    Asked(
        "put back",
        lambda connection, names: regrowing._place_known(
            connection, 1, regrowing.Run([], names), 0
        ),
        LEAF,
    ),
)
WORDS = {
    ("sqlite", LEAF): "INDEX ix_entries_generation_leaf (<expr>=? AND <expr>=?",
    ("sqlite", RECORD): "INDEX ix_entries_generation_record (<expr>=? AND record=?",
    ("postgresql", LEAF): "expr_substr_idx",
    ("postgresql", RECORD): "expr_record_idx",
}


@pytest.fixture(scope="module")
def filled(engine: sa.Engine) -> Iterator[tuple[sa.Connection, list[bytes]]]:
    """Rows that look real to an index, in two generations of three parts; some of the leaves. No
    database ever analysed them."""
    some, size = random.Random(1), SIZES[engine.dialect.name]
    with engine.connect() as connection, connection.begin() as transaction:
        found = [(n, some.randbytes(32), some.randbytes(32)) for n in range(1, ROWS)]
        found += [(size + n, some.randbytes(32), some.randbytes(32)) for n in range(1, ROWS)]
        put(connection, found)
        yield connection, [leaf for _, leaf, _ in found[-600:]]
        transaction.rollback()


@pytest.mark.parametrize("look_up", LOOK_UPS, ids=lambda one: one.name)
def test_every_look_up_uses_the_new_indexes(
    engine: sa.Engine, filled: tuple[sa.Connection, list[bytes]], look_up: Asked
) -> None:
    connection, leaves = filled
    told = list[tuple[str, Any]]()

    def note(_connection: Any, _cursor: Any, text: str, values: Any, *_: Any) -> None:
        told.append((text, values))

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        look_up.ask(connection, leaves)
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    asked = [(text, values) for text, values in told if "generations" in text]
    plans = [plan_of(connection, text, values) for text, values in asked]
    assert any(WORDS[engine.dialect.name, look_up.by] in plan for plan in plans), plans
    for plan in plans:
        assert any(WORDS[engine.dialect.name, one] in plan for one in (LEAF, RECORD)), plan
        assert "Seq Scan on entries" not in plan, plan
        assert "SCAN entries" not in plan, plan


def plan_of(connection: sa.Connection, text: str, values: Any) -> str:
    """As words; of PostgreSQL after it was done, with what was left out."""
    sqlite = connection.dialect.name == "sqlite"
    how = "EXPLAIN QUERY PLAN" if sqlite else "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF)"
    rows = connection.exec_driver_sql(f"{how} {text}", values).all()
    return "\n".join(str(row[-1]) for row in rows)


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_no_part_is_asked_for_a_generation_of_another(
    engine: sa.Engine, filled: tuple[sa.Connection, list[bytes]]
) -> None:
    """Parts for the months to come are not; the default one is for the number 0, which none has."""
    connection, leaves = filled
    told = list[tuple[str, Any]]()
    sa.event.listen(
        engine, "before_cursor_execute", lambda *given: told.append((given[2], given[3])), once=True
    )
    locate(connection, leaves[0])
    plan = plan_of(connection, *told[0]).splitlines()
    each = [line for line in plan if "expr_substr_idx" in line]
    done = [line for line in each if "never executed" not in line]
    cut = parts(connection)
    assert len(each) == len(cut) + 1, plan
    there = (cut[0].table("entries"), "entries_default")
    assert len(done) == len(there), plan
    assert all(any(f" on {table} " in line for line in done) for table in there), plan


# ---- several at once


def test_whoever_was_answered_is_found(node: Node) -> None:
    """Sets are stored over the end of a generation while others look: what was stored is found at
    once, by everybody."""
    size, stored = SIZES[node.ctx.engine.dialect.name], list[bytes]()
    with begin_write(node.ctx.engine) as connection:
        row = {"id": 1, "log_id": LOG_ID, "size": 0, "root": b""}
        connection.execute(sa.insert(logs).values(row))
        put(connection, [(size - 20, FOREIGN, FOREIGN)])
    faults, done = list[str](), threading.Event()

    def look() -> None:
        while not done.is_set():
            wanted = stored[:]
            with begin_read(node.ctx.engine) as connection:
                found = entries_of(connection, wanted)
            if set(wanted) != found.keys():
                faults.append(f"{len(found)} of {len(wanted)}")

    def store(seed: str) -> None:
        for at in range(5):
            made = make_entries(3, f"{seed}/{at}")
            rows = promise_entries(node, made)
            with node.ctx.engine.connect() as connection:
                query = sa.select(entries.c.leaf).where(entries.c.id.in_(list(rows)))
                stored.extend(connection.scalars(query))

    lookers = [threading.Thread(target=look) for _ in range(2)]
    storers = [threading.Thread(target=store, args=(f"s{n}",)) for n in range(3)]
    for thread in (*lookers, *storers):
        thread.start()
    for thread in storers:
        thread.join()
    done.set()
    for thread in lookers:
        thread.join()
    assert faults == []
    with node.ctx.engine.connect() as connection:
        assert len(entries_of(connection, stored)) == len(stored) == 45
        assert asked(connection) == [1, 0]
        assert locate(connection, os.urandom(32)) is None


def test_look_ups_are_compiled_once() -> None:
    """Compiling one takes fifty times as long as SQLite's answer."""
    query = by_generation(sa.select(entries.c.id).where(leaf_prefix == sa.bindparam("prefix")))
    assert query._generate_cache_key() is not None
