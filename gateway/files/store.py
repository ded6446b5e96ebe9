"""Files in the database: taken in, answered set by set, forgotten. Everything is sealed."""

from __future__ import annotations

import re
import secrets
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal

import orjson
import sqlalchemy as sa

from gateway.base.crypto import Vault
from gateway.base.db import begin_read, begin_write
from gateway.base.errors import NotReady
from gateway.base.policy import Caller
from gateway.base.settings import MAX_WAITING_PER_TOKEN, FileSettings
from gateway.files.listing import (
    ANY,
    FILES,
    VERDICTS,
    Chosen,
    Listed,
    aad,
    newest,
    senders,
    shown,
    told_name,
)
from gateway.files.models import file_parts, file_reports, file_sets, files
from gateway.jobs import services as jobs
from gateway.jobs.errors import TakenOver
from gateway.jobs.models import jobs as job_rows
from gateway.jobs.services import Job
from gateway.sealing import services as sealing
from gateway.sealing.services import Boxes, Kind, number
from ledger.core.errors import LedgerError

MAX_WAITING = 4 * MAX_WAITING_PER_TOKEN
"""Files that may wait at once; at 64 MiB each they fill 13 GiB."""
KEPT = 30 * 86_400
"""Seconds that answers and rows to correct are kept; they hold what senders wrote."""
STALE = 6 * 3600
"""Seconds after which an upload that never ended is dropped."""
FILE_ID_BYTES = 16
_FILE_ID = re.compile(f"[0-9a-f]{{{2 * FILE_ID_BYTES}}}")

_LEVEL = (
    1  # of zlib: answers repeat themselves so much that the fastest level halves it eight times
)


class QuotaReached(LedgerError):
    """No further file is taken now. what: `all` files wait as may; or those of this token are as
    many (`files`) or as large (`bytes`) as it may have waiting."""

    def __init__(self, what: Literal["all", "files", "bytes"]) -> None:
        super().__init__(what)
        self.what = what


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file. state: of its answer, in which "failed" is also what was set aside; code: why it
    was. token: that sent it. created: Unix seconds."""

    id: str
    token: int
    department: str | None
    state: str
    code: str | None
    created: int


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


class FileStore:
    """The files of this member; all content is sealed."""

    def __init__(self, engine: sa.Engine, vault: Vault, bounds: FileSettings) -> None:
        self._engine = engine
        self._keys = Boxes(vault)
        self._bounds = bounds

    # ---- taking in

    def open_upload(self, caller: Caller, *, size: int = 0) -> str:
        """The id of a new file, to which parts can be added; it counts for the quota of the
        caller's token. size: bytes announced. Raises QuotaReached."""
        file = secrets.token_hex(FILE_ID_BYTES)
        with begin_write(self._engine, "files") as connection:
            self._demand_room(connection, caller.id, size)
            jobs.open_job(
                connection, file, "file", file, state="receiving", token=caller.id, size=size
            )
            self._keys.make(connection, Kind.FILE, file)
            name = self._keys.make(connection, Kind.ANSWER, file).seal(b"{}", aad(file, "name"))
            values = {"token": caller.id, "department": caller.department, "name": name}
            connection.execute(sa.insert(files).values(id=file, **values))
        return file

    def _demand_room(self, connection: sa.Connection, token: int, size: int) -> None:
        if jobs.held(connection)[0] >= MAX_WAITING:
            raise QuotaReached("all")
        count, total = jobs.held(connection, token)
        if count >= self._bounds.waiting_per_token:
            raise QuotaReached("files")
        if total + size > self._bounds.bytes_per_token:
            raise QuotaReached("bytes")

    def add_part(self, file: str, n: int, content: bytes) -> None:
        """The next piece of a file."""
        with begin_read(self._engine) as connection:
            box = self._keys.open(connection, Kind.FILE, file)
        sealed = box.seal(content, aad(file, f"part/{n}"))
        with begin_write(self._engine) as connection:
            connection.execute(sa.insert(file_parts).values(file=file, n=n, content=sealed))

    def close_upload(
        self, file: str, name: str, type_: str | None, *, size: int, after: str | None = None
    ) -> None:
        """The file is complete and may be read. size: bytes that came. after: the file that it
        corrects."""
        told = orjson.dumps({"name": name, "type": type_, "after": after})
        with begin_write(self._engine) as connection:
            sealed = self._keys.open(connection, Kind.ANSWER, file).seal(told, aad(file, "name"))
            connection.execute(sa.update(files).where(files.c.id == file).values(name=sealed))
            jobs.queue(connection, file, size)

    def abandon(self, file: str) -> None:
        """Forget an upload that did not end well."""
        with begin_write(self._engine) as connection:
            drop(connection, file)

    def forget_old(self) -> None:
        """Drop what was answered long ago, and uploads that never ended."""
        ended = job_rows.c.ended_at < jobs.now() - KEPT
        stale = sa.and_(job_rows.c.state == "receiving", job_rows.c.created_at < jobs.now() - STALE)
        query = sa.select(job_rows.c.id).where(job_rows.c.kind == "file", sa.or_(ended, stale))
        with begin_write(self._engine, "files") as connection:
            # By the numbers of their keys, as `gateway rewrap` changes them.
            for file in sorted(connection.scalars(query), key=number):
                drop(connection, file)

    # ---- finding

    def find(self, file: str) -> File | None:
        """The file of this id, however far it is; not one still being received."""
        if not _FILE_ID.fullmatch(file):  # PostgreSQL takes no text with a NUL
            return None
        query = FILES.where(files.c.id == file)
        with begin_read(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        return File(
            id=row.id,
            token=row.token,
            department=row.department,
            state=shown(row.state),
            code=row.code,
            created=row.created_at,
        )

    def newest(self, department: str | None, limit: int, chosen: Chosen = ANY) -> list[Listed]:
        """The files handed in last, the newest first. department: None for those of all."""
        with begin_read(self._engine) as connection:
            return newest(connection, self._keys, department, limit=limit, chosen=chosen)

    def senders(self, department: str | None) -> dict[int, str]:
        """Whose files there are: number and name of each token, at most `MAX_SENDERS`."""
        with begin_read(self._engine) as connection:
            return senders(connection, department)

    # ---- working

    def after(self, file: str) -> str | None:
        """The file that this one corrects, as its sender said."""
        with begin_read(self._engine) as connection:
            name = connection.scalar(sa.select(files.c.name).where(files.c.id == file))
            box = self._keys.open(connection, Kind.ANSWER, file)
        found: str | None = told_name(box, file, name or b"").get("after")
        return found

    def told(self, file: str) -> tuple[str, str | None]:
        """(name, type) as sent with the file."""
        with begin_read(self._engine) as connection:
            name = connection.scalar(sa.select(files.c.name).where(files.c.id == file))
            box = self._keys.open(connection, Kind.ANSWER, file)
        opened = told_name(box, file, name or b"")
        return opened["name"], opened["type"]

    def content(self, file: str) -> Iterator[bytes]:
        """The file as sent, piece by piece."""
        return self._pieces(file_parts, file, Kind.FILE, "part")

    def _pieces(self, table: sa.Table, file: str, kind: Kind, what: str) -> Iterator[bytes]:
        """One piece in memory at a time, and no connection held between two."""
        query = sa.select(table.c.n, table.c.content)
        n, box = -1, None
        while True:
            following = query.where(table.c.file == file, table.c.n > n)
            with begin_read(self._engine) as connection:
                row = connection.execute(following.order_by(table.c.n).limit(1)).one_or_none()
                if row is None:
                    return
                box = box or self._keys.open(connection, kind, file)
            n = row.n
            yield box.open(row.content, aad(file, f"{what}/{n}"))

    def counted(self, file: str) -> list[Mapping[str, int]]:
        """Rows by verdict of each set, in order."""
        query = sa.select(*[file_sets.c[verdict] for verdict in VERDICTS])
        with begin_read(self._engine) as connection:
            rows = connection.execute(
                query.where(file_sets.c.file == file).order_by(file_sets.c.n)
            ).all()
        return [dict(row._mapping) for row in rows]

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
        job: Job,
        n: int,
        *,
        counts: Mapping[str, int],
        promise: Mapping[str, Any] | None,
        answers: list[dict[str, Any]],
        back: Mapping[str, Any],
    ) -> None:
        """Store the answer to set `n` in the transaction that stores its records; TakenOver where
        that was done already, or the job is held no more. It is held for another `LEASE` seconds.
        """
        file = job.subject
        packed = [zlib.compress(orjson.dumps(value), _LEVEL) for value in (answers, back)]
        box = self._keys.open(connection, Kind.ANSWER, file)
        values = {
            **{verdict: counts.get(verdict, 0) for verdict in VERDICTS},
            "promise": None if promise is None else orjson.dumps(promise),
            "answers": box.seal(packed[0], aad(file, f"answers/{n}")),
            "back": box.seal(packed[1], aad(file, f"back/{n}")),
        }
        jobs.got_on(connection, job)
        try:
            connection.execute(sa.insert(file_sets).values(file=file, n=n, **values))
        except sa.exc.IntegrityError as error:
            raise TakenOver(f"set {n}") from error

    def end(self, job: Job, state: Literal["done", "failed"], head: Mapping[str, Any]) -> None:
        """All is answered, or all that can be. head: members of the file answer besides those that
        follow from the sets. What was sent is deleted."""
        file = job.subject
        with begin_write(self._engine) as connection:
            if jobs.end(connection, job, state, head.get("code")):
                box = self._keys.open(connection, Kind.ANSWER, file)
                sealed = box.seal(orjson.dumps(head), aad(file, "head"))
                connection.execute(sa.update(files).where(files.c.id == file).values(head=sealed))
                _forget_parts(connection, file)

    # ---- the workbook to correct

    def report_job(self, file: str) -> Job:
        """The job that makes it, opened where there is none."""
        with begin_read(self._engine) as connection:
            found = jobs.find_of(connection, "report", file)
        if found is None:
            with begin_write(self._engine) as connection:
                jobs.open_job(connection, secrets.token_hex(16), "report", file)
                found = jobs.find_of(connection, "report", file)
        if found is None:
            raise TakenOver(file)
        return found

    def report_state(self, file: str) -> str | None:
        """How far that job is; None: the workbook was not asked for."""
        with begin_read(self._engine) as connection:
            found = jobs.find_of(connection, "report", file)
        return None if found is None else shown(found.state)

    def keep_report(
        self, job: Job, pieces: Iterator[bytes], good: Callable[[sa.Connection], bool]
    ) -> None:
        """Store it and end its job, in one transaction: two that make it at once must not mix their
        pieces. The first piece is waited for outside; the others are there with it. good: asked at
        the end whether it may be kept; where not, NotReady, and it is made anew."""
        file = job.subject
        first = next(pieces)
        with begin_write(self._engine) as connection:
            if not jobs.end(connection, job, "done"):
                raise TakenOver(file)
            _forget_pieces(connection, file)
            box = self._keys.make(connection, Kind.REPORT, file)
            for n, piece in enumerate(chain((first,), pieces)):
                sealed = box.seal(piece, aad(file, f"report/{n}"))
                connection.execute(sa.insert(file_reports).values(file=file, n=n, content=sealed))
            if not good(connection):
                raise NotReady("closing", retry_after=1)

    def forget_report(self, file: str) -> None:
        """Have it made anew where it is asked for again."""
        with begin_write(self._engine) as connection:
            forget_report(connection, file)

    def fail_report(self, job: Job, code: str) -> None:
        """It can never be made."""
        with begin_write(self._engine) as connection:
            jobs.end(connection, job, "failed", code)

    def report(self, file: str) -> Iterator[bytes]:
        """It, piece by piece, once its job is done."""
        return self._pieces(file_reports, file, Kind.REPORT, "report")

    # ---- answering

    def head(self, file: str) -> dict[str, Any]:
        """What `end` was given; empty before."""
        with begin_read(self._engine) as connection:
            head = connection.scalar(sa.select(files.c.head).where(files.c.id == file))
            if head is None:
                return {}
            box = self._keys.open(connection, Kind.ANSWER, file)
        found: dict[str, Any] = orjson.loads(box.open(head, aad(file, "head")))
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
        query = sa.select(file_sets.c[what]).where(file_sets.c.file == file, file_sets.c.n == n)
        with begin_read(self._engine) as connection:
            sealed = connection.execute(query).scalar_one()
            box = self._keys.open(connection, Kind.ANSWER, file)
        return zlib.decompress(box.open(sealed, aad(file, f"{what}/{n}")))


def drop(connection: sa.Connection, file: str) -> None:
    """Forget a file and its answers; the records stay."""
    forget_report(connection, file)
    _forget_parts(connection, file)
    connection.execute(sa.delete(file_sets).where(file_sets.c.file == file))
    sealing.drop(connection, Kind.ANSWER, [number(file)])
    connection.execute(sa.delete(files).where(files.c.id == file))
    jobs.forget(connection, file)


def forget_job(connection: sa.Connection, job: Job) -> None:
    """Delete what the job that was given up waited with; the answers stay. Of a workbook to correct
    nothing is left that says so: it is made where it is asked for again."""
    if job.kind == "report":
        forget_report(connection, job.subject)
    else:
        _forget_parts(connection, job.subject)


def make_anew(connection: sa.Connection, job: Job) -> None:
    """A job is done again: of a file, its workbook to correct will be another."""
    if job.kind == "file":
        forget_report(connection, job.subject)


def forget_report(connection: sa.Connection, file: str) -> None:
    """The workbook to correct is to be made anew where it is asked for. Its job goes first: where
    it is just being stored, that is waited for, and no piece comes after the others were deleted.
    """
    jobs.forget_of(connection, "report", file)
    _forget_pieces(connection, file)


def _forget_parts(connection: sa.Connection, file: str) -> None:
    """What was sent, with its key."""
    connection.execute(sa.delete(file_parts).where(file_parts.c.file == file))
    sealing.drop(connection, Kind.FILE, [number(file)])


def _forget_pieces(connection: sa.Connection, file: str) -> None:
    """The workbook to correct, with its key."""
    connection.execute(sa.delete(file_reports).where(file_reports.c.file == file))
    sealing.drop(connection, Kind.REPORT, [number(file)])
