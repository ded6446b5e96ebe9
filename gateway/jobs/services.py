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
from gateway.jobs.errors import TakenOver
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
    takeovers: int
    waits: int
    claim: int
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
        takeovers=0,
        waits=0,
        claim=0,
    )
    connection.execute(statement)


def queue(connection: sa.Connection, job: str, size: int) -> None:
    """All that the job needs is there."""
    ready = sa.update(jobs).where(jobs.c.id == job, jobs.c.state == "receiving")
    connection.execute(ready.values(state="queued", due=now(), bytes=size))


def got_on(connection: sa.Connection, job: Job) -> None:
    """A part of its work is stored: it is held for another `LEASE`, and no attempt failed. Raises
    TakenOver where it is held no more, by another claim or because it was dropped."""
    values = {"due": now() + LEASE, "attempts": 0, "takeovers": 0, "waits": 0, "code": None}
    if connection.execute(_held(job).values(**values)).rowcount != 1:
        raise TakenOver(job.id)


def _held(job: Job) -> sa.Update:
    """A change of a job that is still held by the claim of `job`."""
    return sa.update(jobs).where(
        jobs.c.id == job.id, jobs.c.state == "running", jobs.c.claim == job.claim
    )


def end(
    connection: sa.Connection,
    job: Job,
    state: Literal["done", "failed"],
    code: str | None = None,
) -> bool:
    """All is done, or all that can be; False where it is held no more."""
    values = {"state": state, "ended_at": now(), "code": code}
    return connection.execute(_held(job).values(**values)).rowcount == 1


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


def forget_of(connection: sa.Connection, kind: Kind, subject: str) -> None:
    """Drop the row of this kind about a subject; waits for whoever is ending it."""
    connection.execute(sa.delete(jobs).where(jobs.c.kind == kind, jobs.c.subject == subject))


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
        `TakenOver` and stops. That is no attempt that failed: it is counted by itself."""
        held = (jobs.c.kind == kind, jobs.c.state == "running")
        values = {
            "due": now(),
            "attempts": sa.case((jobs.c.attempts > 0, jobs.c.attempts - 1), else_=0),
            "takeovers": jobs.c.takeovers + 1,
        }
        with begin_write(self._engine) as connection:
            fresh = jobs.c.due > now()  # not those that wait to be claimed anew
            connection.execute(sa.update(jobs).where(*held, fresh).values(**values))

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
                .values(
                    state="running",
                    due=now() + LEASE,
                    attempts=jobs.c.attempts + 1,
                    claim=jobs.c.claim + 1,
                )
            )
            return find(connection, job)

    def give_back(self, job: Job) -> None:
        """Leave the job to whoever comes, at once: its worker ends."""
        self._release(job, due=now(), attempts=jobs.c.attempts - 1)

    def put_off(self, job: Job, *, after: float, code: str) -> None:
        """Something else is in the way: wait. Having come so far, the job kills no process."""
        due = now() + math.ceil(after)
        waits = jobs.c.waits + 1
        self._release(job, due=due, attempts=0, takeovers=0, waits=waits, code=code)

    def try_again(self, job: Job, *, after: float, code: str) -> None:
        """An attempt failed and stays counted."""
        self._release(job, due=now() + math.ceil(after), code=code)

    def set_aside(self, job: Job, code: str) -> None:
        """It failed too often. What it needs is kept; `retry` makes it wait again."""
        self._release(job, state="set-aside", ended_at=now(), code=code)

    def _release(self, job: Job, *, state: str = "queued", **values: Any) -> None:
        with begin_write(self._engine) as connection:
            connection.execute(_held(job).values(state=state, **values))

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
    values = {"state": "queued", "due": now(), "ended_at": None, "code": None}
    values |= {"attempts": 0, "takeovers": 0, "waits": 0}
    return connection.execute(change.values(**values)).rowcount == 1


def drop(connection: sa.Connection, job: str) -> bool:
    """Give up a job that waits, runs or was set aside; False where it does none of these. Whoever
    works on it is told when it gets on or ends; what it stored until then stands."""
    waiting = jobs.c.state.in_(("queued", "running", "set-aside"))
    change = sa.update(jobs).where(jobs.c.id == job, waiting)
    values = {"state": "failed", "ended_at": now(), "code": "dropped"}
    return connection.execute(change.values(**values)).rowcount == 1
