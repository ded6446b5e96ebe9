"""A copy of a gateway's database, made while it runs, and a database made of it again.

    DIR/gateway.db     all tables as of one moment, as SQLite whatever the database is; without any
                       wrapped key
    DIR/keys.db        the wrapped keys of all content (`gateway.operations.backup_keys`)
    DIR/manifest.json  what it is a copy of, how many rows, and the hashes of both; written last

Keys lie in a file of their own so that they can be kept for a shorter time than the records: a key
that was destroyed is in no later `keys.db`, and what it opened is erased, however old the
`gateway.db` is that it comes from (decisions 28 and 32). Key files, settings and the network file
are no part of it: they are kept elsewhere, by whoever answers for them.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa

import gateway.accesses.models
import gateway.anchoring.models
import gateway.authorisations.models
import gateway.casefiles.models
import gateway.cases.models
import gateway.erasures.models
import gateway.files.models
import gateway.jobs.models
import gateway.mirrors.models
import gateway.outcomes.models
import gateway.partitions.models
import gateway.peers.models
import gateway.products.models
import gateway.quality.models
import gateway.queries.models
import gateway.reports.models
import gateway.sealing.models
import gateway.statements.models
import gateway.statuses.models
import gateway.tokens.models
import gateway.watching.models
import gateway.webhooks.models  # noqa: F401 - `tables` is to know every table
from gateway.base.clock import Clock
from gateway.base.db import (
    begin_write,
    insert_rows,
    metadata,
    open_engine,
    read_long,
)
from gateway.base.lease import leases
from gateway.base.revision import migrate, program_revision, revision
from gateway.chain.models import chain_cache
from gateway.log.models import logs
from gateway.operations.backup_keys import Given, create_keys, give_keys, keep_keys, portions
from gateway.partitions.making import create, remove
from gateway.partitions.models import partitions
from gateway.partitions.store import Part, parts, tables_of_parts
from gateway.sealing.models import content_keys, wrapping_keys
from gateway.web.models import web_sessions
from ledger.core.canonical import instant
from ledger.core.errors import ConfigError

TYPE = "credit-ledger/backup@1"
DATA, KEYS, MANIFEST = "gateway.db", "keys.db", "manifest.json"
_MAX_MANIFEST = 1 << 20

Progress = Callable[[int], None]
"""Is told how many more rows were copied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a database was made of. made: Unix seconds of the backup. rows: in all tables but those
    of the keys. keys: what became of what they open."""

    made: int
    rows: int
    keys: Given


def tables() -> Sequence[sa.Table]:
    """Every table with something to keep in `gateway.db`, in the order in which rows may be
    written. Who is logged in at a page is not kept: whoever has logged out stays out."""
    apart = (leases, content_keys, wrapping_keys, web_sessions)
    return [table for table in metadata.sorted_tables if table not in apart]


def count(engine: sa.Engine) -> int:
    """Rows that a backup would hold; for a progress bar."""
    with read_long(engine) as connection:
        return sum(_count(connection, table) for table in tables())


def backup(
    engine: sa.Engine,
    folder: Path,
    *,
    member: str,
    clock: Clock,
    progress: Progress = lambda _rows: None,
) -> None:
    """Write a backup into a folder that is empty or not there. Raises ConfigError."""
    _demand_revision(revision(engine), "database_url")
    _demand_known(engine)
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        if any(folder.iterdir()):
            raise ConfigError(str(folder), "is not empty; name a new folder for each backup")
    except OSError as error:
        raise ConfigError(str(folder), error.strerror or "cannot be written") from error
    with ExitStack() as stack:
        source = stack.enter_context(read_long(engine))
        # The moment is that of the first read: everything promised before `made` is in it.
        made = clock.seconds()
        heads = [_head(row) for row in source.execute(sa.select(logs).order_by(logs.c.id))]
        data = stack.enter_context(new_file(folder / DATA, migrate))
        counts = {table.name: _copy(source, data, table, progress) for table in tables()}
        kept = stack.enter_context(new_file(folder / KEYS, create_keys))
        counts["keys"] = keep_keys(source, kept)
    document = {
        "_type": TYPE,
        "member": member,
        "made": instant(made),
        "madeSeconds": made,
        "revision": program_revision(),
        "rows": counts,
        "logs": heads,
        "sha256": {name: sha256_of(folder / name) for name in (DATA, KEYS)},
    }
    _write(folder / MANIFEST, json.dumps(document, indent=2).encode() + b"\n")


def restore(
    engine: sa.Engine,
    folder: Path,
    *,
    member: str,
    keys_from: Path | None = None,
    progress: Progress = lambda _rows: None,
) -> Restored:
    """Fill an empty database from a backup. keys_from: a later backup, whose keys are taken.

    Everything is checked first, and written in one transaction. What these keys say of a record
    comes before what the backup's own say, which are asked only where the others never had it. The
    logs may be older than what the chain has of them, so each is unproven until the gateway has
    looked there; what was known of the chain is forgotten. Raises ConfigError.
    """
    manifest = checked(folder, member, DATA)
    newer = checked(keys_from or folder, member, KEYS)
    if newer["madeSeconds"] < manifest["madeSeconds"]:
        raise ConfigError(
            str(keys_from), "its keys are older than the backup; name the newest backup"
        )
    migrate(engine)
    with ExitStack() as stack:
        target = stack.enter_context(begin_write(engine, "migrate"))
        _demand_empty(target)
        data = stack.enter_context(kept_file(folder / DATA))
        rows = 0
        _cut_as_before(data, target)
        for table in tables():
            rows += (copied := _copy(data, target, table, progress))
            if copied != manifest["rows"].get(table.name):
                raise ConfigError(str(folder / DATA), f"other rows in {table.name} than were kept")
        kept = [stack.enter_context(kept_file((keys_from or folder) / KEYS))]
        if keys_from is not None and manifest["sha256"][KEYS] == _sha256_if_there(folder / KEYS):
            kept.append(stack.enter_context(kept_file(folder / KEYS)))
        given = give_keys(kept, target)
        _continue_numbers(target)
        target.execute(sa.update(logs).values(unproven=True))
        target.execute(sa.delete(chain_cache))
    return Restored(made=manifest["madeSeconds"], rows=rows, keys=given)


def checked(folder: Path, member: str, name: str) -> dict[str, Any]:
    """The manifest of a backup, one file of which is what it says."""
    path = folder / MANIFEST
    try:
        with path.open("rb") as file:
            manifest = orjson.loads(file.read(_MAX_MANIFEST))
        if manifest["_type"] != TYPE:
            raise ConfigError(str(path), f"_type is not {TYPE}")
        whose, expected = manifest["member"], manifest["sha256"][name]
        _demand_revision(manifest["revision"], str(path))
        found = sha256_of(folder / name)
        int(manifest["madeSeconds"]), dict(manifest["rows"])
    except OSError as error:
        raise ConfigError(
            str(error.filename or folder), "cannot be read; is the backup complete?"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(str(path), "no manifest of a backup") from error
    if whose != member:
        raise ConfigError(str(path), f"a backup of {whose}, not of {member}")
    if found != expected:
        raise ConfigError(str(folder / name), "altered since it was made; take another backup")
    return dict(manifest)


def _demand_revision(found: str | None, where: str) -> None:
    ours = program_revision()
    if found != ours:
        raise ConfigError(
            where, f"has tables of revision {found or 'none'}, this program {ours}; use its version"
        )


def _demand_known(engine: sa.Engine) -> None:
    """Require that we know each table: one that is left out would be missed when it is too late."""
    known = {*metadata.tables, "alembic_version"}
    with engine.connect() as connection:
        known |= tables_of_parts(connection)
    if unknown := {*sa.inspect(engine).get_table_names()} - known:
        raise ConfigError("database_url", f"holds tables of others: {', '.join(sorted(unknown))}")


def _demand_empty(target: sa.Connection) -> None:
    for table in tables():
        if table is partitions:  # those of months to come
            continue
        if target.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first():
            raise ConfigError("database_url", "the database is not empty; restore into a new one")


def _cut_as_before(source: sa.Connection, target: sa.Connection) -> None:
    """Have the parts that the backup knows of, and no others, where it knows of any: their rows
    follow. Numbers then go on behind those that it holds."""
    rows = source.execute(sa.select(*partitions.columns).order_by(partitions.c.first_id)).all()
    if rows and target.dialect.name == "postgresql":
        for part in parts(target):
            remove(target, part)
        for row in rows:
            create(target, Part(row.first_id, row.end_id, row.month, row.n, row.archived_at))
    if rows:
        target.execute(sa.delete(partitions))


def _copy(
    source: sa.Connection,
    target: sa.Connection,
    table: sa.Table,
    progress: Progress,
) -> int:
    """All rows of one table; returns how many."""
    names = [column.name for column in table.columns]
    copied = 0
    for some in portions(source, sa.select(*table.columns)):
        insert_rows(target, table, names, some)
        copied += len(some)
        progress(len(some))
    return copied


def _continue_numbers(target: sa.Connection) -> None:
    """PostgreSQL counts row numbers by itself; SQLite looks at the rows."""
    if target.dialect.name != "postgresql":
        return
    for table in tables():
        column = table.autoincrement_column
        if column is None:
            continue
        newest = target.scalar(sa.select(sa.func.max(column)))
        sequence = target.scalar(sa.select(sa.func.pg_get_serial_sequence(table.name, column.name)))
        if newest is not None and sequence is not None:
            target.execute(sa.select(sa.func.setval(sequence, newest)))


def _count(connection: sa.Connection, table: sa.Table) -> int:
    return connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def _head(row: sa.Row[Any]) -> dict[str, Any]:
    return {
        "log": row.log_id.hex(),
        "size": row.size,
        "root": row.root.hex(),
        "published": row.published,
        "closed": row.closed,
    }


@contextmanager
def new_file(path: Path, make: Callable[[sa.Engine], None]) -> Iterator[sa.Connection]:
    """A new SQLite file with tables, whole on disk at the end."""
    engine = open_engine(f"sqlite:///{path}")
    try:
        make(engine)
        with begin_write(engine) as connection:
            yield connection
        with closing(engine.raw_connection()) as raw:  # one file, without others beside it
            raw.cursor().execute("PRAGMA journal_mode=DELETE").fetchone()
    finally:
        engine.dispose()


@contextmanager
def kept_file(path: Path) -> Iterator[sa.Connection]:
    """A file of a backup, to be read only."""
    engine = sa.create_engine(f"sqlite:///file:{path.resolve()}?mode=ro&uri=true")
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _sha256_if_there(path: Path) -> str | None:
    """None: there is no such file; the keys of older backups are not to be kept."""
    return sha256_of(path) if path.exists() else None


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: Path, data: bytes) -> None:
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
