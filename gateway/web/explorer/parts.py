"""What the pages of the explorer share."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Generic, TypeVar

from fastapi import Depends, Query
from starlette.requests import Request

from gateway.base.context import Context
from gateway.explorer.errors import NotRead
from gateway.explorer.services import Explorer
from gateway.http.problems import Problem
from gateway.web.visits import Refused, Visit, told_of
from ledger.core.canonical import unhex32
from ledger.core.errors import Malformed

PAGE: Final = 50
"""Rows of a page."""
_LAST: Final = 10**9

T = TypeVar("T")


def _explorer(request: Request) -> Explorer:
    explorer: Explorer = request.app.state.explorer
    return explorer


Ledger = Annotated[Explorer, Depends(_explorer)]
Page = Annotated[int, Query(ge=1, le=_LAST)]
Below = Annotated[int | None, Query(ge=1, le=2**53)]


@dataclass(frozen=True, slots=True)
class Read(Generic[T]):
    """What was read of the chain. wrong: why it could not be; then value is None."""

    value: T | None
    wrong: NotRead | None


async def tried(reading: Awaitable[T]) -> Read[T]:
    """What it reads, or why it cannot."""
    try:
        return Read(await reading, None)
    except NotRead as error:
        return Read(None, error)


def found(read: Read[T | None]) -> T | None:
    """What was read. Raises Problem `not-found` where that is nothing."""
    if read.value is None and read.wrong is None:
        raise Problem("not-found")
    return read.value


def digest(text: str) -> bytes:
    """32 bytes as 64 hex digits. Raises Problem `not-found`."""
    try:
        return unhex32(text)
    except Malformed as error:
        raise Problem("not-found") from error


def clock(visit: Visit) -> datetime:
    """The time of this node."""
    ctx: Context = visit.request.app.state.ctx
    return ctx.clock.now()


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why the interface refuses. problem: as `problem_box` wants it."""

    status: int
    problem: dict[str, Any]

    @classmethod
    def of(cls, error: Refused) -> Wrong:
        """What an answer of it says."""
        return cls(*told_of(error))


async def asked(visit: Visit, path: str, **params: Any) -> tuple[Any, Wrong | None]:
    """What the interface answers, or why it refuses."""
    try:
        return await visit.get(path, **params), None
    except Refused as error:
        return None, Wrong.of(error)


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """Some rows of many. newer, older: number of the page before and behind; None: there is
    none."""

    rows: list[T]
    count: int
    newer: int | None
    older: int | None


def part(rows: list[T], page: int, size: int = PAGE) -> Part[T]:
    """A page of rows that are all there."""
    return sized(rows[(page - 1) * size : page * size], len(rows), page, size)


def sized(rows: list[T], count: int, page: int, size: int = PAGE) -> Part[T]:
    """A page of `count` rows, of which these are at hand."""
    more = page * size < count
    return Part(rows, count, page - 1 if page > 1 else None, page + 1 if more else None)
