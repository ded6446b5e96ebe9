"""Files in a list: which ones, and what of them is told. Their names are sealed, so they are opened
for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
import sqlalchemy as sa

from gateway.base.crypto import Box
from gateway.files.models import file_sets, files
from gateway.jobs.models import jobs as job_rows
from gateway.sealing.services import Boxes, Kind
from gateway.tokens.models import tokens

MAX_SENDERS = 500
"""Tokens that a list of files names to choose from."""
VERDICTS = ("accepted", "duplicate", "conflict", "rejected")


FILES = (
    sa.select(files, job_rows.c.state, job_rows.c.code, job_rows.c.created_at)
    .join(job_rows, job_rows.c.id == files.c.id)
    .where(job_rows.c.state != "receiving")
)
"""Files that are there to the end, with how far the job is that reads them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A file in a list. created: Unix seconds. token: that sent it. after: the file that it
    corrects, as its sender said."""

    id: str
    state: str
    created: int
    name: str
    counts: Mapping[str, int]
    token: int
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which files. since, until: Unix seconds, the second of them left out. state: as the answer
    has it. token: that sent them. before: (created, id) of the last that was told."""

    since: int | None = None
    until: int | None = None
    state: str | None = None
    token: int | None = None
    before: tuple[int, str] | None = None


ANY: Final = Chosen()


def newest(
    connection: sa.Connection,
    keys: Boxes,
    department: str | None,
    *,
    limit: int,
    chosen: Chosen = ANY,
) -> list[Listed]:
    """The files handed in last, the newest first. department: None for those of all."""
    columns = [
        sa.func.coalesce(sa.func.sum(file_sets.c[verdict]), 0).label(verdict)
        for verdict in VERDICTS
    ]
    last = FILES.order_by(job_rows.c.created_at.desc(), files.c.id).limit(limit)
    some = last.where(*_conditions(department, chosen)).subquery()
    told = (some.c.id, some.c.state, some.c.created_at, some.c.name, some.c.token)
    query = (
        sa.select(*told)
        .add_columns(*columns)
        .outerjoin(file_sets, file_sets.c.file == some.c.id)
        .group_by(*told)
        .order_by(some.c.created_at.desc(), some.c.id)
    )
    rows = connection.execute(query).all()
    boxes = keys.open_all(connection, Kind.ANSWER, [row.id for row in rows])
    return [_listed(row, told_name(boxes[row.id], row.id, row.name)) for row in rows]


def senders(connection: sa.Connection, department: str | None) -> dict[int, str]:
    """Whose files there are: number and name of each token, at most `MAX_SENDERS`."""
    query = sa.select(tokens.c.id, tokens.c.name).order_by(tokens.c.name, tokens.c.id)
    mine = sa.select(files.c.token)
    if department is not None:
        mine = mine.where(files.c.department == department)
    rows = connection.execute(query.where(tokens.c.id.in_(mine)).limit(MAX_SENDERS)).all()
    return {row.id: row.name for row in rows}


def _conditions(department: str | None, chosen: Chosen) -> list[sa.ColumnElement[bool]]:
    """Of files. department: None: of all."""
    created, found = job_rows.c.created_at, list[sa.ColumnElement[bool]]()
    if department is not None:
        found.append(files.c.department == department)
    if chosen.since is not None:
        found.append(created >= chosen.since)
    if chosen.until is not None:
        found.append(created < chosen.until)
    if chosen.state is not None:
        states = ("failed", "set-aside") if chosen.state == "failed" else (chosen.state,)
        found.append(job_rows.c.state.in_(states))
    if chosen.token is not None:
        found.append(files.c.token == chosen.token)
    if chosen.before is not None:
        at, file = chosen.before
        found.append(sa.or_(created < at, sa.and_(created == at, files.c.id > file)))
    return found


def _listed(row: sa.Row[Any], told: Mapping[str, Any]) -> Listed:
    return Listed(
        id=row.id,
        state=shown(row.state),
        created=row.created_at,
        name=told["name"],
        counts={verdict: int(row._mapping[verdict]) for verdict in VERDICTS},
        token=row.token,
        after=told.get("after"),
    )


def shown(state: str) -> str:
    """The state of a job as the answer to its file has it: for the sender it is over."""
    return "failed" if state == "set-aside" else state


def told_name(box: Box, file: str, name: bytes) -> dict[str, Any]:
    """What was told with a file: its name, its type, the file that it corrects."""
    opened: dict[str, Any] = orjson.loads(box.open(name, aad(file, "name")))
    return opened


def aad(file: str, place: str) -> bytes:
    """What a piece of a file is sealed to. place: which piece."""
    return f"credit-ledger/file/1\0{file}\0{place}".encode()
