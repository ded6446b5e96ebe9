"""Files in the database: taken in, claimed by a worker, answered set by set, forgotten."""

from __future__ import annotations

import math
import secrets
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from gateway.base.crypto import Sealed, Vault
from gateway.base.db import begin_read, begin_write
from gateway.base.policy import Caller
from gateway.files.models import file_parts, file_sets, files
from ledger.core.errors import LedgerError

PART = 1 << 20
"""Bytes of a file in one row of `file_parts`."""
MAX_WAITING = 200
"""Files that may wait at once; at 64 MiB each they fill 13 GiB."""
LEASE = 300
"""Seconds without a stored set after which another gateway may take a file over; the same one
does so as soon as it starts again. Reading the largest file before its first set takes a minute."""
KEPT = 30 * 86_400
"""Seconds that answers and rows to correct are kept; they hold what senders wrote."""
STALE = 6 * 3600
"""Seconds after which an upload that never ended is dropped."""
VERDICTS = ("accepted", "duplicate", "conflict", "rejected")

_LEVEL = (
    1  # of zlib: answers repeat themselves so much that the fastest level halves it eight times
)


class TakenOver(LedgerError):
    """Another worker has stored this set of the file meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file. token: that sent it. attempts: since the last set that was stored."""

    id: str
    token: int
    department: str | None
    state: str
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What of a file is answered. counts: rows by verdict."""

    sets: int
    promises: int
    counts: Mapping[str, int]

    @property
    def rows(self) -> int:
        """Rows answered."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A file in a list. created: Unix seconds."""

    id: str
    state: str
    created: int
    name: str
    counts: Mapping[str, int]


class FileStore:
    """The files of this member; all content is sealed."""

    def __init__(self, engine: sa.Engine, vault: Vault) -> None:
        self._engine = engine
        self._vault = vault

    # ---- taking in

    def open_upload(self, caller: Caller) -> str | None:
        """The id of a new file, to which parts can be added; None where too many wait already."""
        file = secrets.token_hex(16)
        name = self._vault.seal(b"{}", _aad(file, "name"))
        waiting = sa.select(sa.func.count()).where(files.c.state.in_(("receiving", "queued")))
        with begin_write(self._engine) as connection:
            if (connection.scalar(waiting) or 0) >= MAX_WAITING:
                return None
            connection.execute(
                sa.insert(files).values(
                    id=file,
                    token=caller.id,
                    department=caller.department,
                    state="receiving",
                    created_at=now(),
                    due=now(),
                    attempts=0,
                    name_key=name.wrapped_key,
                    name=name.content,
                )
            )
        return file

    def add_part(self, file: str, n: int, content: bytes) -> None:
        """The next piece of a file."""
        sealed = self._vault.seal(content, _aad(file, f"part/{n}"))
        values = {"content_key": sealed.wrapped_key, "content": sealed.content}
        with begin_write(self._engine) as connection:
            connection.execute(sa.insert(file_parts).values(file=file, n=n, **values))

    def close_upload(self, file: str, name: str, type_: str | None) -> None:
        """The file is complete and may be read."""
        sealed = self._vault.seal(orjson.dumps({"name": name, "type": type_}), _aad(file, "name"))
        values = {"name_key": sealed.wrapped_key, "name": sealed.content}
        with begin_write(self._engine) as connection:
            connection.execute(
                sa.update(files)
                .where(files.c.id == file)
                .values(state="queued", due=now(), **values)
            )

    def abandon(self, file: str) -> None:
        """Forget an upload that did not end well."""
        with begin_write(self._engine) as connection:
            drop(connection, file)

    def forget_old(self) -> None:
        """Drop what was answered long ago, and uploads that never ended."""
        ended = sa.and_(files.c.ended_at.is_not(None), files.c.ended_at < now() - KEPT)
        stale = sa.and_(files.c.state == "receiving", files.c.created_at < now() - STALE)
        with begin_write(self._engine, "files") as connection:
            old = list(connection.scalars(sa.select(files.c.id).where(sa.or_(ended, stale))))
            for file in old:
                drop(connection, file)

    # ---- working

    # ---- working

    def take_over(self) -> None:
        """Let go of the files that workers hold; for a process that has just started, whose files
        the dead one before it holds. Where another process lives, one of the two finds itself
        `TakenOver` and stops: holding is about not doing work twice, no more."""
        held = files.c.state == "running"
        with begin_write(self._engine) as connection:
            connection.execute(sa.update(files).where(held).values(due=now()))

    def claim(self) -> File | None:
        """Take the file that has waited longest, for `LEASE` seconds; None where there is none."""
        waiting = (
            sa.select(files.c.id)
            .where(files.c.state.in_(("queued", "running")), files.c.due <= now())
            .order_by(files.c.due, files.c.created_at)
            .limit(1)
        )
        with begin_read(self._engine) as connection:
            if connection.scalar(waiting) is None:
                return None
        with begin_write(self._engine, "files") as connection:
            file = connection.scalar(waiting)
            if file is None:
                return None
            connection.execute(
                sa.update(files)
                .where(files.c.id == file)
                .values(state="running", due=now() + LEASE, attempts=files.c.attempts + 1)
            )
            return _file(connection, file)

    def release(self, file: str, *, after: float, failed: bool = True) -> None:
        """Leave the file to whoever comes, not before `after` seconds. failed: it counts as a
        try."""
        values: dict[str, Any] = {"state": "queued", "due": now() + math.ceil(after)}
        if not failed:
            values["attempts"] = files.c.attempts - 1
        running = sa.and_(files.c.id == file, files.c.state == "running")
        with begin_write(self._engine) as connection:
            connection.execute(sa.update(files).where(running).values(**values))

    def find(self, file: str) -> File | None:
        """The file of this id, however far it is; not one still being received."""
        with begin_read(self._engine) as connection:
            found = _file(connection, file)
        return found if found and found.state != "receiving" else None

    def newest(self, department: str | None, limit: int) -> list[Listed]:
        """The files handed in last, the newest first. department: None for those of all."""
        columns = [
            sa.func.coalesce(sa.func.sum(file_sets.c[verdict]), 0).label(verdict)
            for verdict in VERDICTS
        ]
        chosen = (
            sa.select(files)
            .where(files.c.state != "receiving")
            .order_by(files.c.created_at.desc(), files.c.id)
            .limit(limit)
        )
        if department is not None:
            chosen = chosen.where(files.c.department == department)
        some = chosen.subquery()
        query = (
            sa.select(some.c.id, some.c.state, some.c.created_at, some.c.name_key, some.c.name)
            .add_columns(*columns)
            .outerjoin(file_sets, file_sets.c.file == some.c.id)
            .group_by(some.c.id, some.c.state, some.c.created_at, some.c.name_key, some.c.name)
            .order_by(some.c.created_at.desc(), some.c.id)
        )
        with begin_read(self._engine) as connection:
            rows = connection.execute(query).all()
        return [
            Listed(
                id=row.id,
                state=row.state,
                created=row.created_at,
                name=self._name(row.id, row.name_key, row.name)["name"],
                counts={verdict: int(row._mapping[verdict]) for verdict in VERDICTS},
            )
            for row in rows
        ]

    def told(self, file: str) -> tuple[str, str | None]:
        """(name, type) as sent with the file."""
        query = sa.select(files.c.name_key, files.c.name).where(files.c.id == file)
        with begin_read(self._engine) as connection:
            key, name = connection.execute(query).one()
        opened = self._name(file, key, name)
        return opened["name"], opened["type"]

    def _name(self, file: str, key: bytes, name: bytes) -> dict[str, Any]:
        opened: dict[str, Any] = orjson.loads(
            self._vault.open(Sealed(key, name), _aad(file, "name"))
        )
        return opened

    def content(self, file: str) -> bytes:
        """The file as sent."""
        query = sa.select(file_parts).where(file_parts.c.file == file).order_by(file_parts.c.n)
        with begin_read(self._engine) as connection:
            parts = connection.execute(query).all()
        return b"".join(
            self._vault.open(Sealed(part.content_key, part.content), _aad(file, f"part/{part.n}"))
            for part in parts
        )

    def progress(self, file: str) -> Progress:
        """How far the file is answered."""
        columns = [sa.func.sum(file_sets.c[verdict]) for verdict in VERDICTS]
        query = sa.select(sa.func.count(), sa.func.count(file_sets.c.promise), *columns)
        with begin_read(self._engine) as connection:
            sets, promises, *counts = connection.execute(
                query.where(file_sets.c.file == file)
            ).one()
        return Progress(
            sets=sets,
            promises=promises,
            counts={verdict: int(n or 0) for verdict, n in zip(VERDICTS, counts, strict=True)},
        )

    def keep_set(
        self,
        connection: sa.Connection,
        file: str,
        n: int,
        *,
        counts: Mapping[str, int],
        promise: Mapping[str, Any] | None,
        answers: list[dict[str, Any]],
        back: Mapping[str, Any],
    ) -> None:
        """Store the answer to set `n` in the transaction that stores its records; TakenOver where
        that was done already. The file is held for another `LEASE` seconds."""
        packed = [zlib.compress(orjson.dumps(value), _LEVEL) for value in (answers, back)]
        aads = [_aad(file, f"answers/{n}"), _aad(file, f"back/{n}")]
        spoken, returned = self._vault.seal_many(packed, aads)
        values = {
            **{verdict: counts.get(verdict, 0) for verdict in VERDICTS},
            "promise": None if promise is None else orjson.dumps(promise),
            "answers_key": spoken.wrapped_key,
            "answers": spoken.content,
            "back_key": returned.wrapped_key,
            "back": returned.content,
        }
        try:
            connection.execute(sa.insert(file_sets).values(file=file, n=n, **values))
        except sa.exc.IntegrityError as error:
            raise TakenOver(f"set {n}") from error
        connection.execute(
            sa.update(files).where(files.c.id == file).values(due=now() + LEASE, attempts=0)
        )

    def end(self, file: str, state: str, head: Mapping[str, Any]) -> None:
        """All is answered, or all that can be. head: members of the file answer besides those that
        follow from the sets. What was sent is deleted."""
        sealed = self._vault.seal(orjson.dumps(head), _aad(file, "head"))
        values = {"head_key": sealed.wrapped_key, "head": sealed.content}
        with begin_write(self._engine) as connection:
            connection.execute(sa.delete(file_parts).where(file_parts.c.file == file))
            connection.execute(
                sa.update(files)
                .where(files.c.id == file, files.c.ended_at.is_(None))
                .values(state=state, ended_at=now(), **values)
            )

    # ---- answering

    # ---- answering

    def head(self, file: str) -> dict[str, Any]:
        """What `end` was given; empty before."""
        with begin_read(self._engine) as connection:
            row = connection.execute(
                sa.select(files.c.head_key, files.c.head).where(files.c.id == file)
            ).one()
        if row.head_key is None:
            return {}
        opened = self._vault.open(Sealed(row.head_key, row.head), _aad(file, "head"))
        found: dict[str, Any] = orjson.loads(opened)
        return found

    def promises(self, file: str) -> list[bytes]:
        """JSON of the promises, in order."""
        query = (
            sa.select(file_sets.c.promise)
            .where(file_sets.c.file == file, file_sets.c.promise.is_not(None))
            .order_by(file_sets.c.n)
        )
        with begin_read(self._engine) as connection:
            return list(connection.scalars(query))

    def answers(self, file: str, n: int) -> bytes:
        """JSON list of the row answers of one set."""
        return self._opened(file, n, "answers")

    def back(self, file: str, n: int) -> dict[str, Any]:
        """The packed rows of one set that go back."""
        packed: dict[str, Any] = orjson.loads(self._opened(file, n, "back"))
        return packed

    def _opened(self, file: str, n: int, what: str) -> bytes:
        query = sa.select(file_sets.c[f"{what}_key"], file_sets.c[what]).where(
            file_sets.c.file == file, file_sets.c.n == n
        )
        with begin_read(self._engine) as connection:
            key, sealed = connection.execute(query).one()
        return zlib.decompress(self._vault.open(Sealed(key, sealed), _aad(file, f"{what}/{n}")))


def now() -> int:
    """Unix seconds of the wall clock: leases must pass even where CREDIT_LEDGER_NOW stands."""
    return int(time.time())


def drop(connection: sa.Connection, file: str) -> None:
    """Forget a file and its answers; the records stay."""
    for table in (file_parts, file_sets):
        connection.execute(sa.delete(table).where(table.c.file == file))
    connection.execute(sa.delete(files).where(files.c.id == file))


def _file(connection: sa.Connection, file: str) -> File | None:
    query = sa.select(
        *(files.c[name] for name in ("id", "token", "department", "state", "attempts"))
    )
    row = connection.execute(query.where(files.c.id == file)).one_or_none()
    return File(**row._mapping) if row else None


def _aad(file: str, place: str) -> bytes:
    return f"credit-ledger/file/1\0{file}\0{place}".encode()
