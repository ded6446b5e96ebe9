"""A PostgreSQL filled with synthetic rows, cut by month or in one piece, and what is asked of it.

The rows are made by the server itself, straight into the tables and before their indexes, so no
gateway took them in: fingerprints and leaves are hashes as random as real ones, document keys begin
with four bytes of one of `OFFICES` offices, content is short. What is measured then are the
gateway's own functions.
"""

from __future__ import annotations

import hashlib
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from gateway.base.clock import Clock
from gateway.base.db import begin_read, begin_write, unhurried
from gateway.intake.drafts import Draft
from gateway.intake.lookup import known_records
from gateway.intake.promises import make_promise
from gateway.intake.store import store
from gateway.log.located import locate
from gateway.node import Node
from gateway.operations.partitions import Partitions, Retention
from gateway.partitions.making import attach, make, remove, this_month
from gateway.partitions.models import CONTENTS, partitions
from gateway.partitions.months import Month, first_number, later, start_of
from gateway.partitions.store import Part, parts
from gateway.records.models import records, subjects
from gateway.records.store import WITH_KEYS, record_row, record_rows
from ledger.core.entry import parse_entry, record_entry
from ledger.core.ids import Digest, LogId, record_id
from ledger.core.merkle import leaf_hash
from scripts.bench_parts.material import OF_AN_OFFICE, OFFICES
from tests.support import postgres
from tests.support.node import LOG_ID, make_facts, make_test_node

SERVER: Final = {
    "fsync": "on",
    "full_page_writes": "on",
    "shared_buffers": "1GB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "8GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_parallel_maintenance_workers": "1",
}
"""As an operator would run it on this machine, but for what a stand-by needs."""
CONTENT: Final = 64
"""Bytes of content, sealed: real ones have 788, for which the disk has no room."""
OF_A_FIRM: Final = 8
SET: Final = 4096
SETS: Final = 12
ASKED: Final = 400
MONTHS: Final = 48


@dataclass(slots=True)
class Measured:
    """Of one layout. parts: how many. values: by name; sizes: bytes a row of each relation."""

    rows: int
    parts: int
    values: dict[str, float] = field(default_factory=dict)
    sizes: dict[str, float] = field(default_factory=dict)


@contextmanager
def server() -> Iterator[postgres.Postgres]:
    """A PostgreSQL with the settings of `SERVER`."""
    postgres.SETTINGS.update(SERVER)
    with postgres.start_postgres() as found:
        yield found


def measure(folder: Path, rows: int, count: int, say: Callable[[str], None]) -> Measured:
    """Fill so many rows into so many parts, then ask. The newest part is that of this month."""
    node = make_test_node(folder)
    try:
        found = Measured(rows, count)
        begun = time.monotonic()
        _fill(node.ctx.engine, rows, count, say)
        found.values["fill_s"] = time.monotonic() - begun
        found.sizes = _sizes(node.ctx.engine, rows)
        _ask(node, found, say)
        return found
    finally:
        node.close()


# ---- filling


def _fill(engine: sa.Engine, rows: int, pieces: int, say: Callable[[str], None]) -> None:
    with begin_write(engine) as connection:
        now = this_month(connection)
        for part in parts(connection):
            remove(connection, part)
        _run(connection, "INSERT INTO logs (id, log_id, size, root) VALUES (1, %s, 0, '')", LOG_ID)
        _run(connection, "ALTER TABLE records DROP CONSTRAINT " + _UNIQUE)
        _run(connection, "DROP INDEX ix_records_subject")
    cut = list(_parts(now, rows, pieces))
    with ThreadPoolExecutor(2) as pool:
        tables = pool.submit(_cut_tables, engine, cut, ("entries", "content_keys"), say)
        others = pool.submit(_others, engine, cut, rows)
        tables.result(), others.result()
    say("indexes of records")
    with begin_write(engine) as connection, unhurried(connection):
        unique = "UNIQUE (document_key, record_key, superseded_by)"
        _run(connection, f"ALTER TABLE records ADD CONSTRAINT {_UNIQUE} {unique}")
        _run(connection, "CREATE INDEX ix_records_subject ON records (subject)")
        last = 0
        for part, count in cut:
            row = part._asdict() | {"since": start_of(part.month)}
            skipped = part.first_id - last - 1
            connection.execute(sa.insert(partitions).values(**row, skipped=skipped))
            last = part.first_id + count - 1
        _run(connection, "ANALYZE records, subjects, promises, entries, contents, content_keys")
    make(engine)


_UNIQUE = "uq_records_document_key_record_key_superseded_by"


def _parts(now: Month, rows: int, count: int) -> Iterator[tuple[Part, int]]:
    """Each part with how many rows it has; the last one is that of this month and goes on."""
    each = rows // count
    for n in range(count):
        month = later(now, n + 1 - count)
        first = first_number(month)
        yield Part(first, first + 50_000_000, month, 1), each


def _cut_tables(
    engine: sa.Engine,
    cut: Sequence[tuple[Part, int]],
    tables: Sequence[str],
    say: Callable[[str], None],
) -> None:
    for number, (part, rows) in enumerate(cut):
        for table in tables:
            _one_part(engine, part, rows, table)
        if number % max(1, len(cut) // 5) == 0:
            say(f"{tables[0]}: part {number + 1} of {len(cut)}")


def _one_part(engine: sa.Engine, part: Part, rows: int, table: str) -> None:
    """Filled first, then made a part, by which its indexes are built at once."""
    name = part.table(table)
    with begin_write(engine) as connection, unhurried(connection):
        _run(connection, f"CREATE TABLE {name} (LIKE {table})")
        series = f"generate_series({part.first_id}::bigint, {part.first_id + rows - 1}) AS i"
        _run(connection, f"INSERT INTO {name} SELECT {_ROW[table]} FROM {series}")  # noqa: S608
        attach(connection, table, name, part)


_LEAF = "sha256(int8send(i))"
_ROW = {
    "entries": f"i, 1, {_LEAF}, substr(sha256(int8send(-i)), 1, 5)",
    "content_keys": f"1, i, '\\x0102030405060708'::bytea, {_LEAF} || substr({_LEAF}, 1, 16)",
    CONTENTS: f"i, {_LEAF} || {_LEAF}",
}
"""One row of each table by its row number; as much as it takes of what it must look like."""


_SUBJECTS = """
    INSERT INTO subjects SELECT i, decode(md5('c' || i), 'hex'), decode(md5('n' || i), 'hex'), 0
    FROM generate_series(1, {firms}) AS i
"""
_OFFICE = f"substr(sha256(int8send(-1 - mod(i / {OF_AN_OFFICE}, {OFFICES}))), 1, 4)"
_HASHED = "decode(md5(i::text), 'hex')"
_RECORDS = f"""
    INSERT INTO records (id, schema, authority, visibility, period, subject, stored_at,
        document_key, record_key, superseded_by, content_mac, content)
    SELECT i, 'penalty@1', {_HASHED}, 1, {{month}},
        1 + mod(hashint8(i)::bigint + 2147483648, {{firms}}), 1800000000,
        {_OFFICE} || substr({_HASHED}, 1, 12), {_HASHED}, '', {_HASHED}, ''
    FROM generate_series({{first}}::bigint, {{last}}) AS i
"""  # noqa: S608 - numbers and names of ours
_PROMISES = f"""
    INSERT INTO promises (log, leaves_root, count, issued_at, due, signature, key_id, first_entry)
    SELECT 1, '', {SET}, 1800000000, 1800086400, '', '', i
    FROM generate_series({{first}}::bigint, {{last}}, {SET}) AS i
"""  # noqa: S608 - numbers and names of ours


def _others(engine: sa.Engine, cut: Sequence[tuple[Part, int]], rows: int) -> None:
    firms = max(1, rows // OF_A_FIRM)
    with begin_write(engine) as connection, unhurried(connection):
        _run(connection, _SUBJECTS.format(firms=firms))
        for part, count in cut:
            ends = {"first": part.first_id, "last": part.first_id + count - 1}
            _run(connection, _RECORDS.format(month=part.month, firms=firms, **ends))
            _run(connection, _PROMISES.format(**ends))
    for part, count in cut:
        _one_part(engine, part, count, CONTENTS)


def _run(connection: sa.Connection, text: str, *values: object) -> None:
    connection.exec_driver_sql(text, values or None)


# ---- sizes

_TREE = """
    WITH RECURSIVE tree AS (
        SELECT c.oid, c.oid AS top FROM pg_class c WHERE c.relname = ANY(:names)
        UNION ALL SELECT i.inhrelid, t.top FROM pg_inherits i JOIN tree t ON t.oid = i.inhparent)
    SELECT top::regclass::text, sum(pg_relation_size(oid)) FROM tree GROUP BY 1 ORDER BY 1
"""
RELATIONS: Final = (
    *("entries", "pk_entries", "ix_entries_generation_leaf", "ix_entries_generation_record"),
    *("records", "pk_records", _UNIQUE, "ix_records_subject"),
    *(CONTENTS, "pk_contents"),
    *("content_keys", "pk_content_keys", "ix_content_keys_wrapped_by"),
)


def _sizes(engine: sa.Engine, rows: int) -> dict[str, float]:
    """Bytes a row of each table and index over all its parts."""
    with begin_read(engine) as connection:
        found = connection.execute(sa.text(_TREE), {"names": list(RELATIONS)})
        return {name: round(float(size) / rows, 1) for name, size in found}


# ---- asking


def _ask(node: Node, found: Measured, say: Callable[[str], None]) -> None:
    engine, values = node.ctx.engine, found.values
    some = random.Random(1)  # noqa: S311 - repeatable, guards nothing
    with begin_read(engine) as connection:
        ids = _some_ids(connection, parts(connection), found, some)
    say("look-ups")
    with engine.connect() as connection:
        leaves = [hashlib.sha256(row.to_bytes(8, "big", signed=True)).digest() for row in ids]
        values["leaf_ms"] = _each(leaves, lambda leaf: locate(connection, leaf))
        nothing = [some.randbytes(32) for _ in range(ASKED)]
        values["nothing_ms"] = _each(nothing, lambda name: locate(connection, name))
        values["record_ms"] = _each(ids, lambda row: record_row(connection, row))
        pages = [ids[at : at + 100] for at in range(0, len(ids), 100)]
        values["page_of_100_ms"] = _each(pages, lambda page: record_rows(connection, page))
        firms = [some.randint(1, max(1, found.rows // OF_A_FIRM)) for _ in range(ASKED)]
        values["subject_ms"] = _each(firms, lambda firm: _of_subject(connection, firm))
        documents = _documents(connection, ids)
        values["duplicates_of_4096_ms"] = _each(
            [[*documents, *(some.randbytes(16) for _ in range(SET - len(documents)))]] * 5,
            lambda keys: known_records(connection, keys),
        )
    say("sets into the newest part")
    values["store_records_per_s"] = _store_sets(node)
    if found.parts > 1:
        _archive(engine, found, say)
    else:
        _delete(engine, found)


def _some_ids(
    connection: sa.Connection, cut: Sequence[Part], found: Measured, some: random.Random
) -> list[int]:
    """Row numbers all over the parts that are filled."""
    each = found.rows // found.parts
    filled = [part for part in cut if _has(connection, part)]
    return [some.choice(filled).first_id + some.randrange(each) for _ in range(ASKED)]


def _has(connection: sa.Connection, part: Part) -> bool:
    query = sa.select(records.c.id).where(records.c.id == part.first_id)
    return connection.scalar(query) is not None


def _each(wanted: Sequence[Any], ask: Callable[[Any], object]) -> float:
    """Milliseconds of one, the middle of all; the first ones prepare the statements."""
    for one in wanted[: len(wanted) // 10]:
        ask(one)
    taken = []
    for one in wanted:
        begun = time.perf_counter()
        ask(one)
        taken.append(time.perf_counter() - begun)
    return 1000 * statistics.median(taken)


def _of_subject(connection: sa.Connection, firm: int) -> object:
    query = WITH_KEYS.join(subjects, subjects.c.id == records.c.subject)
    return connection.execute(query.where(subjects.c.id == firm).order_by(records.c.id)).all()


def _documents(connection: sa.Connection, ids: Sequence[int]) -> list[bytes]:
    query = sa.select(records.c.document_key).where(records.c.id.in_(ids))
    return [bytes(key) for key in connection.scalars(query)]


def _drafts(number: int, log: LogId) -> list[Draft]:
    """A set whose rows are new, of one office, with content of the usual size."""
    some = random.Random(number)  # noqa: S311 - repeatable, guards nothing
    office, wrapped = some.randbytes(4), some.randbytes(48)
    made = []
    for at in range(SET):
        commitment = Digest(some.randbytes(32))
        entry = record_entry(
            commitment=commitment, log=log, period="2026-11", schema="penalty@1", timely="unknown"
        )
        made.append(
            Draft(
                at=at,
                row=at,
                sheet=None,
                schema="penalty@1",
                authority=office * 4,
                visibility=1,
                day=date(2026, 11, 1),
                period=202611,
                subject=(some.randbytes(16), some.randbytes(16)),
                document_key=office + some.randbytes(12),
                record_key=some.randbytes(16),
                content_mac=some.randbytes(16),
                entry=entry,
                leaf=leaf_hash(entry),
                record_id=record_id(log, parse_entry(entry).commitment),
                wrapped_by=b"12345678",
                wrapped_key=wrapped,
                content=some.randbytes(788),
                notes=(),
                unit="",
                timely=None,
                corrects=b"",
            )
        )
    return made


def _store_sets(node: Node) -> float:
    """Records a second of what stores a set: one transaction each, durable at its end."""
    engine, keys = node.ctx.engine, node.signing.keys
    facts, log = make_facts(keys), LogId(LOG_ID)
    newest = node.vault.newest.id
    taken = []
    for number in range(SETS):
        drafts = [one._replace(wrapped_by=newest) for one in _drafts(number, log)]
        promise = make_promise(
            facts,
            LOG_ID,
            [one.leaf for one in drafts],
            1_800_000_000,
            due_in=86_400,
            signer=keys.anchor,
        )
        begun = time.perf_counter()
        with begin_write(engine) as connection:
            store(
                connection,
                drafts,
                promise,
                node.vault,
                key_id=keys.anchor.key_id,
                departments=[None] * SET,
                corrected={},
            )
        taken.append(time.perf_counter() - begun)
    return SET / statistics.median(taken[2:])


def _archive(engine: sa.Engine, found: Measured, say: Callable[[str], None]) -> None:
    """Take the oldest month out, put it back, take it out again and drop it."""
    say("a month into the archive and back")
    with begin_read(engine) as connection:
        month, now = parts(connection)[0].month, this_month(connection)
    work = Partitions(engine, Clock(), Retention(months=MONTHS, now=later(now, 12 * 10)))
    with begin_write(engine) as connection:  # all of it counts as anchored
        _run(connection, "UPDATE logs SET closed = 0, size = %s", found.rows + SET * SETS)
    for name, step in (
        ("detach_s", work.detach),
        ("attach_s", work.attach),
        ("detach_again_s", work.detach),
        ("drop_s", work.drop),
    ):
        begun = time.perf_counter()
        step(month)
        found.values[name] = time.perf_counter() - begun


def _delete(engine: sa.Engine, found: Measured) -> None:
    """What the same month would take by rows: DELETE, then VACUUM, which gives nothing back to the
    disk."""
    with begin_read(engine) as connection:
        first = parts(connection)[0].first_id
    share = max(1, found.rows // 60)
    begun = time.perf_counter()
    with begin_write(engine) as connection, unhurried(connection):
        _run(connection, f"DELETE FROM {CONTENTS} WHERE id < {first + share}")  # noqa: S608
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        with unhurried(connection):
            _run(connection, f"VACUUM {CONTENTS}")
    found.values["delete_s"] = time.perf_counter() - begun
    found.values["deleted_rows"] = share
