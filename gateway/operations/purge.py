"""Destroying in backups the keys of what was erased since.

A later `keys.db` does not hold them anyway, and whoever restores with the newest one restores
nothing that was erased. But an old one, restored by itself, would: here each that can be reached is
written anew without these keys.

1. `keys.db.new` is written and made durable; 2. the manifest that names its hash takes the place of
the old one; 3. `keys.db.new` takes the place of `keys.db`. A run that was killed between 2 and 3 is
ended by the next one.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from gateway.base.db import insert_rows, read_long
from gateway.erasures.store import all_erasures
from gateway.log.models import entries
from gateway.operations.backup import (
    KEYS,
    MANIFEST,
    checked,
    kept_file,
    new_file,
    sha256_of,
)
from gateway.operations.backup_keys import create_keys, erased_documents, keys, portions, wrapping
from gateway.records.models import records
from gateway.sealing.models import content_keys
from gateway.sealing.services import Kind, number, opens
from ledger.core.errors import ConfigError

_NEW = f"{KEYS}.new"
_COLUMNS = ("kind", "subject", "wrapped_by", "wrapped_key")

Erased = frozenset[tuple[int, bytes]]
"""Kind and subject, as `keys.db` names them."""


def erased(engine: sa.Engine) -> Erased:
    """All that this database knows to be erased on order, and what was forgotten with it."""
    no_key = content_keys.c.id.is_(None)
    lasting = records.join(entries, entries.c.id == records.c.id)
    of_records = (
        sa.select(entries.c.leaf)
        .select_from(lasting.outerjoin(content_keys, opens(Kind.RECORD, records.c.id)))
        .where(no_key)
    )
    with read_long(engine) as connection:
        found = {(int(Kind.RECORD), leaf) for leaf in connection.scalars(of_records)}
        found |= {(int(Kind.MATERIAL), _subject(id_)) for id_ in erased_documents(connection)}
        for row in all_erasures(connection):
            for file in filter(None, row.files.split(",")):
                subject = _subject(number(file))
                found |= {(int(kind), subject) for kind in (Kind.FILE, Kind.ANSWER, Kind.REPORT)}
    return frozenset(found)


def purge(folder: Path, gone: Erased, *, member: str) -> int:
    """Destroy these keys in one backup; how many it had. Raises ConfigError where it is none of
    ours, or was altered."""
    try:
        _end_interrupted(folder)
        manifest = checked(folder, member, KEYS)
        with kept_file(folder / KEYS) as source:
            had = _count(source, gone)
            if not had:
                return 0
            (folder / _NEW).unlink(missing_ok=True)
            with new_file(folder / _NEW, create_keys) as target:
                kept = _copy(source, target, gone)
        _put(folder, manifest, kept)
    except OSError as error:
        raise ConfigError(
            str(error.filename or folder), error.strerror or "cannot be written"
        ) from error
    return had


def _count(source: sa.Connection, gone: Erased) -> int:
    query = sa.select(keys.c.kind, keys.c.subject).where(keys.c.wrapped_key.is_not(None))
    return sum(
        (kind, subject) in gone for some in portions(source, query) for kind, subject in some
    )


def _copy(source: sa.Connection, target: sa.Connection, gone: Erased) -> int:
    """Copy all but these keys, of which it says that they are erased; how many keys are left."""
    for some in portions(source, sa.select(*wrapping.columns)):
        insert_rows(target, wrapping, wrapping.columns.keys(), some)
    kept = 0
    for some in portions(source, sa.select(*keys.columns)):
        left = [row if row[:2] not in gone else (*row[:2], None, None) for row in some]
        insert_rows(target, keys, _COLUMNS, left)
        kept += sum(row[-1] is not None for row in left)
    return kept


def _put(folder: Path, manifest: dict[str, Any], kept: int) -> None:
    _sync(folder / _NEW)
    manifest["sha256"][KEYS] = sha256_of(folder / _NEW)
    manifest["rows"]["keys"] = kept
    written = folder / f"{MANIFEST}.new"
    with os.fdopen(os.open(written, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as file:
        file.write(json.dumps(manifest, indent=2).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    written.replace(folder / MANIFEST)
    _sync(folder)
    (folder / _NEW).replace(folder / KEYS)
    _sync(folder)


def _end_interrupted(folder: Path) -> None:
    """Where the manifest names the new file already, put that in its place."""
    new = folder / _NEW
    if not new.exists():
        return
    named = json.loads((folder / MANIFEST).read_bytes()).get("sha256", {}).get(KEYS)
    if sha256_of(new) == named:
        new.replace(folder / KEYS)
        _sync(folder)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _subject(id_: int) -> bytes:
    return id_.to_bytes(8, "big")
