"""The jobs in the database: opened, claimed by a worker, ended, set aside, tried again.

Holding a job is about not doing its work twice, no more: what must not be doubled is kept apart by
the keys of the domain's own tables.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from gateway.base.db import begin_read, begin_write, insert_unless_there
from gateway.jobs.models import jobs

LEASE = 300
"""Seconds without progress after which another gateway may take a job over; the same one does so as
soon as it starts again. Reading the largest file before its first set takes a minute."""
LISTED = 1000
"""Jobs of one list."""

Kind = Literal["file", "report"]
HOLDING = ("receiving", "queued", "running", "set-aside")
"""States in which what was sent is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One row. token: None for a job that no token asked for, or one of the member itself."""

    id: str
    kind: str
    subject: str
    token: int | None
    bytes: int
    state: str
    created_at: int
    ended_at: int | None
    due: int
    attempts: int
    code: str | None


def now() -> int:
    """Unix seconds of the wall clock: leases must pass even where CREDIT_LEDGER_NOW stands."""
    return int(time.time())


# ---- within the transaction of a domain


def open_job(
    connection: sa.Connection,
    job: str,
    kind: Kind,
    subject: str,
    *,
    state: Literal["receiving", "queued"] = "queued",
    token: int | None = None,
    size: int = 0,
) -> None:
    """Add a job; nothing happens where the subject has one of this kind."""
    statement = insert_unless_there(connection, jobs).values(
        id=job,
        kind=kind,
        subject=subject,
        token=token,
        bytes=size,
        state=state,
        created_at=now(),
        due=now(),
        attempts=0,
    )
    connection.execute(statement)


def queue(connection: sa.Connection, job: str, size: int) -> None:
    """All that the job needs is there."""
    ready = sa.update(jobs).where(jobs.c.id == job, jobs.c.state == "receiving")
    connection.execute(ready.values(state="queued", due=now(), bytes=size))


def got_on(connection: sa.Connection, job: str) -> None:
    """A part of its work is stored: it is held for another `LEASE`, and no attempt failed."""
    connection.execute(
        sa.update(jobs).where(jobs.c.id == job).values(due=now() + LEASE, attempts=0, code=None)
    )


def end(
    connection: sa.Connection,
    job: str,
    state: Literal["done", "failed"],
    code: str | None = None,
) -> bool:
    """All is done, or all that can be; False where it had ended."""
    change = sa.update(jobs).where(jobs.c.id == job, jobs.c.ended_at.is_(None))
    values = {"state": state, "ended_at": now(), "code": code}
    return connection.execute(change.values(**values)).rowcount == 1


def held(connection: sa.Connection, token: int | None = None) -> tuple[int, int]:
    """(number, bytes) of the jobs whose content is kept: of one token, or of all."""
    query = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(jobs.c.bytes), 0))
    query = query.where(jobs.c.kind == "file", jobs.c.state.in_(HOLDING))
    if token is not None:
        query = query.where(jobs.c.token == token)
    count, size = connection.execute(query).one()
    return int(count), int(size)


def forget(connection: sa.Connection, job: str) -> None:
    """Drop the row."""
    connection.execute(sa.delete(jobs).where(jobs.c.id == job))


def find(connection: sa.Connection, job: str) -> Job | None:
    """The job of this id."""
    row = connection.execute(sa.select(jobs).where(jobs.c.id == job)).one_or_none()
    return Job(**row._mapping) if row else None


def find_of(connection: sa.Connection, kind: Kind, subject: str) -> Job | None:
    """The job of this kind about a subject."""
    query = sa.select(jobs).where(jobs.c.kind == kind, jobs.c.subject == subject)
    row = connection.execute(query).one_or_none()
    return Job(**row._mapping) if row else None


class Jobs:
    """What workers and the operator do with jobs."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def take_over(self, kind: Kind) -> None:
        """Let go of the jobs that workers hold; for a process that has just started, whose jobs
        the dead one before it holds. Where another process lives, one of the two finds itself
        `TakenOver` and stops."""
        running = sa.update(jobs).where(jobs.c.kind == kind, jobs.c.state == "running")
        with begin_write(self._engine) as connection:
            connection.execute(running.values(due=now()))

    def claim(self, kind: Kind) -> Job | None:
        """Take the job that has waited longest, for `LEASE` seconds; None where there is none."""
        waiting = (
            sa.select(jobs.c.id)
            .where(
                jobs.c.kind == kind,
                jobs.c.state.in_(("queued", "running")),
                jobs.c.due <= now(),
            )
            .order_by(jobs.c.due, jobs.c.created_at)
            .limit(1)
        )
        with begin_read(self._engine) as connection:
            if connection.scalar(waiting) is None:
                return None
        with begin_write(self._engine, "jobs") as connection:
            job = connection.scalar(waiting)
            if job is None:
                return None
            connection.execute(
                sa.update(jobs)
                .where(jobs.c.id == job)
                .values(state="running", due=now() + LEASE, attempts=jobs.c.attempts + 1)
            )
            return find(connection, job)

    def give_back(self, job: str) -> None:
        """Leave the job to whoever comes, at once: its worker ends."""
        self._release(job, due=now(), attempts=jobs.c.attempts - 1)

    def put_off(self, job: str, *, after: float, code: str) -> None:
        """Something else is in the way: wait. Having come so far, the job kills no process."""
        self._release(job, due=now() + math.ceil(after), attempts=0, code=code)

    def try_again(self, job: str, *, after: float, code: str) -> None:
        """An attempt failed and stays counted."""
        self._release(job, due=now() + math.ceil(after), code=code)

    def set_aside(self, job: str, code: str) -> None:
        """It failed too often. What it needs is kept; `retry` makes it wait again."""
        self._release(job, state="set-aside", ended_at=now(), code=code)

    def _release(self, job: str, *, state: str = "queued", **values: Any) -> None:
        running = sa.update(jobs).where(jobs.c.id == job, jobs.c.state == "running")
        with begin_write(self._engine) as connection:
            connection.execute(running.values(state=state, **values))

    def listed(self, states: Sequence[str] | None = None) -> list[Job]:
        """The jobs added last, the newest first: all, or those in one of `states`."""
        query = sa.select(jobs).order_by(jobs.c.created_at.desc(), jobs.c.id).limit(LISTED)
        if states is not None:
            query = query.where(jobs.c.state.in_(states))
        with begin_read(self._engine) as connection:
            return [Job(**row._mapping) for row in connection.execute(query)]


def retry(connection: sa.Connection, job: str) -> bool:
    """Have a job that was set aside done again; False where it was not."""
    change = sa.update(jobs).where(jobs.c.id == job, jobs.c.state == "set-aside")
    values = {"state": "queued", "due": now(), "attempts": 0, "ended_at": None, "code": None}
    return connection.execute(change.values(**values)).rowcount == 1


def drop(connection: sa.Connection, job: str) -> bool:
    """Give up a job that waits or was set aside; False where it does neither."""
    waiting = jobs.c.state.in_(("queued", "set-aside"))
    change = sa.update(jobs).where(jobs.c.id == job, waiting)
    values = {"state": "failed", "ended_at": now(), "code": "dropped"}
    return connection.execute(change.values(**values)).rowcount == 1
