"""What a doctor sees of the content keys: missing ones, old ones in use, those without any use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import sqlalchemy as sa

from gateway.base.crypto import ContentKey
from gateway.base.db import begin_read
from gateway.operations.findings import Finding, Level, finding
from gateway.sealing.models import wrapping_keys
from gateway.sealing.services import in_use, missing, newest_is_retired


def examine_keys(engine: sa.Engine, held: tuple[ContentKey, ...]) -> Iterator[Finding]:
    """held: the keys of the folder, the oldest first."""
    ids, newest = frozenset(key.id for key in held), held[-1].id
    with begin_read(engine) as connection:
        used, retired = in_use(connection), newest_is_retired(connection, newest)
        gone = missing(connection, ids)
        known = connection.execute(sa.select(wrapping_keys).order_by(wrapping_keys.c.version)).all()
    ours = [row for row in known if row.key_id in ids and row.key_id != newest]
    empty = [row.key_id for row in ours if row.emptied_at is not None and row.key_id not in used]
    old = [row.key_id for row in ours if row.key_id not in empty]
    over = [newest] if retired else []
    yield _finding("content-keys", Level.PROBLEM, gone, held)
    if gone:  # the newest one may be among them: nothing can be said of the others
        return
    yield _finding("content-keys-newest", Level.PROBLEM, over, held)
    yield _finding("content-keys-old", Level.WARNING, old, held)
    yield _finding("content-keys-empty", Level.WARNING, empty, held)


def _finding(
    code: str, level: Level, keys: Iterable[bytes], held: tuple[ContentKey, ...]
) -> Finding:
    versions = {key.id: f"{key.id.hex()} (version {key.version})" for key in held}
    names = ", ".join(versions.get(key_id, key_id.hex()) for key_id in keys)
    return finding(code, level if names else Level.OK, keys=names)
