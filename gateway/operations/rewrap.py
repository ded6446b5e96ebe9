"""Wrapping all keys anew under the newest content key.

1. the newest is noted, and running gateways get `GRACE` to take it up;
2. every key under an older one is wrapped anew, in pieces;
3. the older ones are retired: from then on nothing can be stored under them
   (`gateway.sealing.services.put`), and whoever was about to has done so;
4. what came meanwhile is wrapped anew; nothing is left, and the older ones are noted as empty.

Only the wrapped key changes, and only where it still is what was read: content that is erased
meanwhile stays erased. A run that was interrupted goes on where it stopped. Several at once do no
harm: one that meets a newer key than its own ends (`Overtaken`). A gateway that does not
have the file of the newest key opens nothing that was wrapped anew and takes no records once the
older ones are retired, and says so.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from gateway.base.crypto import (
    ContentKeyMissing,
    ContentKeyRetired,
    ContentKeyTrouble,
    ContentLost,
    Vault,
    Wrapped,
)
from gateway.base.db import begin_read, begin_write, read_long
from gateway.log.models import entries
from gateway.sealing.models import content_keys, wrapping_keys
from gateway.sealing.services import (
    LOCK,
    Kind,
    aad_of,
    demand_good,
    in_use,
    is_retired,
    register,
)
from gateway.statements.models import statements

_BOUND: Mapping[Kind, sa.Column[bytes]] = {
    Kind.RECORD: entries.c.leaf,
    Kind.STATEMENT: statements.c.commitment,
}
"""What the keys of these are bound to, by the row number that they have."""

PIECE = 1024
"""Keys of one transaction, which takes a few hundredths of a second."""
SPAN = 65_536
"""Rows that one statement looks at, at most: a table may hold 10^8."""
ATTEMPTS = 5
"""How often a piece is changed that another transaction was in the way of."""
DEADLOCK = "40P01"
"""PostgreSQL's code for it."""
GRACE = 10
"""Seconds from when the newest key is first known to when anything is wrapped anew under it; a
gateway looks for new ones every second, and needs another to open one."""

Progress = Callable[[int], None]
"""Is told how many more keys were looked at."""


class Overtaken(ContentKeyTrouble):
    """Another content key is in use that is newer than ours, or has its version."""

    reason = "content-key-overtaken"


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
        with read_long(self._engine) as connection:
            return connection.scalar(query) or 0

    def _older(self) -> tuple[sa.ColumnElement[bool], ...]:
        """Keys under an older content key, but for those that were lost."""
        by = content_keys.c.wrapped_by
        return by != self._vault.newest.id, by != b""

    def run(self, progress: Progress = lambda _count: None) -> Rewrapped:
        """Wrap anew all that can be. Raises ContentKeyMissing where a newer key is in use than any
        that is at hand, Overtaken where one comes meanwhile or another has the same version,
        ContentKeyRetired."""
        newest = self._vault.newest.id
        ready = self._begin() + GRACE
        time.sleep(max(0, min(ready - time.time(), GRACE)))
        self._pass(progress)
        self._retire()
        left = self._pass(lambda _count: None)
        lost = left.pop(None, 0)
        return Rewrapped(
            newest=newest.hex(),
            done=self._done,
            lost=lost,
            missing={by.hex(): count for by, count in left.items() if by is not None},
            empty=self._note_empty(),
        )

    def _begin(self) -> int:
        """Note our newest key; since when it is known."""
        newest = self._vault.newest
        ours = wrapping_keys.c.key_id == newest.id
        with begin_write(self._engine, LOCK) as connection:
            register(connection, self._vault, newest.id)
            demand_good(connection, self._vault)
            # Its file was given a higher number, because another key had the same.
            higher = sa.update(wrapping_keys).where(ours, wrapping_keys.c.version < newest.version)
            connection.execute(higher.values(version=newest.version))
            try:
                self._demand_first(connection)
            except Overtaken as error:
                other = connection.execute(_KNOWN.where(_id(error.key_id))).one()
                if other.version > newest.version and other.key_id not in self._vault.ids:
                    raise ContentKeyMissing(other.key_id) from error
                raise
            since: int = connection.execute(_KNOWN.where(ours)).one().since
            return since

    def _demand_first(self, connection: sa.Connection) -> None:
        """Require, under `LOCK`, that no other content key is as new as ours, and that ours wraps.
        Raises Overtaken, ContentKeyRetired."""
        version, newest = wrapping_keys.c.version, self._vault.newest
        as_new = (version == newest.version) & wrapping_keys.c.retired_at.is_(None)
        rivals = _KNOWN.where(
            wrapping_keys.c.key_id != newest.id, sa.or_(version > newest.version, as_new)
        )
        rival = connection.execute(rivals.order_by(version.desc())).first()
        if rival is not None:
            raise Overtaken(rival.key_id)
        if is_retired(connection, self._vault, newest.id):
            raise ContentKeyRetired(newest.id)

    def _pass(self, progress: Progress) -> Counter[bytes | None]:
        """Wrap anew what is not under the newest; returns how many could not be, by the content
        key that is missing, None: that do not open."""
        left: Counter[bytes | None] = Counter()
        with begin_read(self._engine) as connection:
            if in_use(connection) <= {self._vault.newest.id}:
                return left
        for kind in Kind:
            for rows in self._pieces(kind):
                self._change([new for row in rows if (new := self._anew(row, left))])
                progress(len(rows))
        return left

    def _pieces(self, kind: Kind) -> Iterator[Sequence[sa.Row[Any]]]:
        """The keys of this kind that are not under the newest, by id, `PIECE` at a time."""
        last = -1
        while (end := self._end(kind, last)) is not None:
            while rows := self._read(kind, last, end):
                yield rows
                last = rows[-1].id
            last = end

    def _end(self, kind: Kind, last: int) -> int | None:
        """The last id of the next `SPAN` keys, whatever they are under."""
        ids = sa.select(content_keys.c.id).where(
            content_keys.c.kind == int(kind), content_keys.c.id > last
        )
        span = ids.order_by(content_keys.c.id).limit(SPAN).subquery()
        with begin_read(self._engine) as connection:
            found: int | None = connection.scalar(sa.select(sa.func.max(span.c.id)))
        return found

    def _read(self, kind: Kind, last: int, end: int) -> Sequence[sa.Row[Any]]:
        """The next keys of this kind that are not under the newest; of records with their leaf, of
        statements with their commitment, as `aad`."""
        columns = [*content_keys.columns]
        query = sa.select(*columns)
        if kind in _BOUND:
            bound = _BOUND[kind]
            query = sa.select(*columns, bound.label("aad"))
            query = query.join(bound.table, bound.table.c.id == content_keys.c.id)
        query = query.where(
            content_keys.c.kind == int(kind),
            content_keys.c.id > last,
            content_keys.c.id <= end,
            *self._older(),
        )
        with begin_read(self._engine) as connection:
            return connection.execute(query.order_by(content_keys.c.id).limit(PIECE)).all()

    def _anew(self, row: sa.Row[Any], left: Counter[bytes | None]) -> dict[str, Any] | None:
        """What is to be changed; None where it cannot be."""
        kind = Kind(row.kind)
        aad = row.aad if kind in _BOUND else aad_of(kind, row.id)
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
        """In one transaction, in the order of ids as whoever erases. A deadlock (with who erases
        several things of one kind) undoes it, so it is tried again."""
        if not changes:
            return
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._change_once(changes)
                break
            except sa.exc.OperationalError as error:
                if getattr(error.orig, "sqlstate", None) != DEADLOCK or attempt == ATTEMPTS:
                    raise
        self._done += len(changes)

    def _change_once(self, changes: Sequence[dict[str, Any]]) -> None:
        """While our key wraps: one that was retired meanwhile may have been called empty."""
        with begin_write(self._engine) as connection:
            if is_retired(connection, self._vault, self._vault.newest.id):
                newer = _KNOWN.order_by(wrapping_keys.c.version.desc()).limit(1)
                raise Overtaken(connection.execute(newer).one().key_id)
            connection.execute(_CHANGE, changes)

    def _retire(self) -> None:
        """Retire the older ones, after whoever stores under one of them at this moment."""
        with begin_write(self._engine, LOCK) as connection:
            self._demand_first(connection)
            older = sa.update(wrapping_keys).where(
                wrapping_keys.c.key_id != self._vault.newest.id,
                wrapping_keys.c.version < self._vault.newest.version,
                wrapping_keys.c.retired_at.is_(None),
            )
            connection.execute(older.values(retired_at=int(time.time())))

    def _note_empty(self) -> list[str]:
        """Nothing comes under a retired key any more, so what is found empty stays so."""
        with begin_write(self._engine, LOCK) as connection:
            self._demand_first(connection)
            still = in_use(connection)
            retired = connection.execute(_KNOWN.where(wrapping_keys.c.retired_at.is_not(None)))
            empty = [row.key_id for row in retired if row.key_id not in still]
            gone = wrapping_keys.c.key_id.in_(empty) & wrapping_keys.c.emptied_at.is_(None)
            values = {"emptied_at": int(time.time())}
            connection.execute(sa.update(wrapping_keys).where(gone).values(**values))
        return [key_id.hex() for key_id in empty]


def _id(key_id: str) -> sa.ColumnElement[bool]:
    return wrapping_keys.c.key_id == bytes.fromhex(key_id)


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
