"""Giving up what is sealed under a content key that is lost for good.

Without it `gateway rewrap`, `restore` and `doctor` name the key for ever, and readiness with them.
What it sealed cannot be opened by anybody, so its wrapped keys say nothing: they are dropped, and
the records are erased as by any other way. Anchors and receipts stand.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping

import sqlalchemy as sa

from gateway.base.crypto import Vault
from gateway.base.db import begin_write, read_long
from gateway.operations.backup_keys import settle_files
from gateway.sealing.models import content_keys, wrapping_keys
from gateway.sealing.services import LOCK, Kind, drop
from ledger.core.errors import ConfigError

PIECE = 1024
"""Keys of one transaction."""

Progress = Callable[[int], None]
"""Is told how many more keys were dropped."""


class GiveUp:
    """One content key that is lost. key_id: 8 bytes. Raises ConfigError where it is at hand, where
    nothing was ever sealed under it, or where it was not retired: another gateway may have it."""

    def __init__(self, engine: sa.Engine, vault: Vault, key_id: bytes) -> None:
        if key_id in vault.ids:
            raise ConfigError("key", "this content key is in the key folder: nothing is lost")
        self._engine = engine
        self._key_id = key_id
        self._under = content_keys.c.wrapped_by == key_id
        if not self.count() and not self._is(wrapping_keys.c.emptied_at):
            raise ConfigError("key", "nothing is sealed under such a content key")
        if self._is(wrapping_keys.c.retired_at):
            raise ConfigError(
                "key", "a gateway may still seal under it; run `gateway rewrap --new` first"
            )

    def count(self) -> Mapping[Kind, int]:
        """How much is sealed under it, by kind."""
        kind = content_keys.c.kind
        query = sa.select(kind, sa.func.count()).where(self._under).group_by(kind)
        with read_long(self._engine) as connection:
            return {Kind(row[0]): row[1] for row in connection.execute(query)}

    def _is(self, not_yet: sa.ColumnElement[int]) -> bool:
        """Whether the key is known and this did not happen to it."""
        query = sa.select(wrapping_keys.c.key_id).where(
            wrapping_keys.c.key_id == self._key_id, not_yet.is_(None)
        )
        with read_long(self._engine) as connection:
            return connection.execute(query).first() is not None

    def run(self, progress: Progress = lambda _count: None) -> Mapping[Kind, int]:
        """Drop all of it; returns how much of each kind. Goes on where it was interrupted."""
        dropped: Counter[Kind] = Counter()
        while some := self._piece():
            dropped += some
            progress(some.total())
        with begin_write(self._engine, LOCK) as connection:
            settle_files(connection)
            row = sa.update(wrapping_keys).where(wrapping_keys.c.key_id == self._key_id)
            now = int(time.time())
            connection.execute(
                row.values(
                    emptied_at=now, retired_at=sa.func.coalesce(wrapping_keys.c.retired_at, now)
                )
            )
        return dropped

    def _piece(self) -> Counter[Kind]:
        query = sa.select(content_keys.c.kind, content_keys.c.id).where(self._under)
        with begin_write(self._engine) as connection:
            rows = connection.execute(query.limit(PIECE)).all()
            for kind in Kind:
                drop(connection, kind, [row.id for row in rows if row.kind == kind])
        return Counter(Kind(row.kind) for row in rows)
