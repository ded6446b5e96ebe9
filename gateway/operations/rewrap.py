"""Wrapping all keys anew under the newest content key.

1. every key under an older one is wrapped anew, in pieces;
2. the older ones are retired: from then on nothing can be stored under them
   (`gateway.sealing.services.put`), and whoever was about to has done so;
3. what came meanwhile is wrapped anew; nothing is left, and the older ones are noted as empty.

Only the wrapped key changes, and only where it still is what was read: content that is erased
meanwhile stays erased. A run that was interrupted goes on where it stopped, several at once do no
harm, and a gateway may run meanwhile: it has `GRACE` to take the newest key up before the others
are retired. One that does not have its file takes no records after that, and says so.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from gateway.base.crypto import ContentKeyMissing, ContentLost, Vault, Wrapped
from gateway.base.db import begin_read, begin_write
from gateway.log.models import entries
from gateway.sealing.models import content_keys, wrapping_keys
from gateway.sealing.services import LOCK, Kind, aad_of, demand_good, register

PIECE = 1024
"""Keys of one transaction, which takes a few hundredths of a second."""
GRACE = 10
"""Seconds from when the newest key is first known to when the others are retired; a gateway looks
for new ones every second, and needs another to open one."""

Progress = Callable[[int], None]
"""Is told how many more keys were looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrapped:
    """What became of the keys. newest: id of the content key. done: wrapped anew. lost: that do
    not open. missing: those whose content key is not at hand, by its id. empty: ids of the content
    keys that nothing is wrapped under any more. All ids in hex."""

    newest: str
    done: int
    lost: int
    missing: Mapping[str, int]
    empty: Sequence[str]


class Rewrap:
    """One run."""

    def __init__(self, engine: sa.Engine, vault: Vault) -> None:
        self._engine = engine
        self._vault = vault
        self._done = 0

    def count(self) -> int:
        """How many keys are to be wrapped anew; for a progress bar."""
        query = sa.select(sa.func.count()).select_from(content_keys).where(*self._older())
        with begin_read(self._engine) as connection:
            return connection.scalar(query) or 0

    def _older(self) -> tuple[sa.ColumnElement[bool], ...]:
        """Keys under an older content key, but for those that were lost."""
        by = content_keys.c.wrapped_by
        return by != self._vault.newest.id, by != b""

    def run(self, progress: Progress = lambda _count: None) -> Rewrapped:
        """Wrap anew all that can be. Raises ContentKeyMissing where a newer key is in use than any
        that is at hand."""
        newest = self._vault.newest.id
        with begin_write(self._engine) as connection:
            register(connection, self._vault, newest)
            demand_good(connection, self._vault)
            later = _KNOWN.where(wrapping_keys.c.version > self._vault.newest.version)
            newer = connection.execute(later).first()
            since = wrapping_keys.c.since
            known = connection.execute(sa.select(since).where(wrapping_keys.c.key_id == newest))
            ready = known.scalar_one() + GRACE
        if newer is not None:
            raise ContentKeyMissing(newer.key_id)
        self._pass(progress)
        time.sleep(max(0, min(ready - time.time(), GRACE)))
        self._retire(newest)
        left = self._pass(lambda _count: None)
        lost = left.pop(None, 0)
        return Rewrapped(
            newest=newest.hex(),
            done=self._done,
            lost=lost,
            missing={by.hex(): count for by, count in left.items() if by is not None},
            empty=self._note_empty(),
        )

    def _pass(self, progress: Progress) -> Counter[bytes | None]:
        """Wrap anew what is not under the newest; returns how many could not be, by the content
        key that is missing, None: that do not open."""
        left: Counter[bytes | None] = Counter()
        for kind in Kind:
            last = -1
            while rows := self._read(kind, last):
                last = rows[-1].id
                self._change([new for row in rows if (new := self._anew(row, left))])
                progress(len(rows))
        return left

    def _read(self, kind: Kind, last: int) -> Sequence[sa.Row[Any]]:
        """The next keys of this kind that are not under the newest; of records with their leaf."""
        columns = [*content_keys.columns]
        query = sa.select(*columns)
        if kind is Kind.RECORD:
            query = sa.select(*columns, entries.c.leaf)
            query = query.join(entries, entries.c.id == content_keys.c.id)
        query = query.where(
            content_keys.c.kind == int(kind),
            content_keys.c.id > last,
            *self._older(),
        )
        with begin_read(self._engine) as connection:
            return connection.execute(query.order_by(content_keys.c.id).limit(PIECE)).all()

    def _anew(self, row: sa.Row[Any], left: Counter[bytes | None]) -> dict[str, Any] | None:
        """What is to be changed; None where it cannot be."""
        aad = row.leaf if row.kind == Kind.RECORD else aad_of(Kind(row.kind), row.id)
        try:
            by, key = self._vault.rewrap(Wrapped(row.wrapped_by, row.wrapped_key), aad)
        except ContentLost:
            left[None] += 1
            return None
        except ContentKeyMissing:
            left[row.wrapped_by] += 1
            return None
        return {"_kind": row.kind, "_id": row.id, "_was": row.wrapped_key, "_by": by, "_key": key}

    def _change(self, changes: Sequence[dict[str, Any]]) -> None:
        if not changes:
            return
        with begin_write(self._engine) as connection:
            connection.execute(_CHANGE, changes)
        self._done += len(changes)

    def _retire(self, newest: bytes) -> None:
        """Retire the others, after whoever stores under one of them at this moment."""
        with begin_write(self._engine, LOCK) as connection:
            others = sa.update(wrapping_keys).where(
                wrapping_keys.c.key_id != newest, wrapping_keys.c.retired_at.is_(None)
            )
            connection.execute(others.values(retired_at=int(time.time())))

    def _note_empty(self) -> list[str]:
        """Nothing comes under a retired key any more, so what is found empty stays so."""
        used = sa.select(content_keys.c.wrapped_by).distinct()
        with begin_read(self._engine) as connection:
            still = set(connection.scalars(used))
            retired = connection.execute(_KNOWN.where(wrapping_keys.c.retired_at.is_not(None)))
            empty = [row.key_id for row in retired if row.key_id not in still]
        with begin_write(self._engine) as connection:
            gone = wrapping_keys.c.key_id.in_(empty) & wrapping_keys.c.emptied_at.is_(None)
            values = {"emptied_at": int(time.time())}
            connection.execute(sa.update(wrapping_keys).where(gone).values(**values))
        return [key_id.hex() for key_id in empty]


_KNOWN = sa.select(wrapping_keys)
_CHANGE = (
    sa.update(content_keys)
    .where(
        content_keys.c.kind == sa.bindparam("_kind"),
        content_keys.c.id == sa.bindparam("_id"),
        content_keys.c.wrapped_key == sa.bindparam("_was"),
    )
    .values(wrapped_by=sa.bindparam("_by"), wrapped_key=sa.bindparam("_key"))
)
