"""`GET /v1/lists` and `/v1/lists/{list}` for holders of a read token, `/v1/exchange/list` for other
members."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from gateway.base.clock import Clock
from gateway.base.policy import Caller, Purpose
from gateway.http.problems import Problem, retry_later
from gateway.lists.interfaces import DayToCome, ListTooLarge, Wanted
from gateway.lists.services import Lists
from gateway.peers.errors import Refused
from gateway.peers.interfaces import ROUTES, Asker, Reply
from gateway.peers.routes import Door
from gateway.tokens.services import require
from ledger.core.canonical import parse_day
from ledger.core.errors import Malformed
from ledger.records.lists import LISTS, find

FRESH: Final = {"Cache-Control": "no-store"}
RETRY_SECONDS: Final = 5

router = APIRouter(tags=["lists"])
_one = threading.Lock()
"""One list at a time: all provinces are asked for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListParts:
    """What the routes need."""

    lists: Lists
    clock: Clock


def _parts(request: Request) -> ListParts:
    parts: ListParts = request.app.state.lists
    return parts


def _door(request: Request) -> Door:
    door: Door = request.app.state.door
    return door


Here = Annotated[ListParts, Depends(_parts)]
TheDoor = Annotated[Door, Depends(_door)]
Reader = Annotated[Caller, Depends(require(Purpose.LIST))]
Name = Annotated[str, Path(alias="list", max_length=64)]
On = Annotated[str | None, Query(max_length=10)]


@router.get("/v1/lists")
def lists(_caller: Reader) -> list[dict[str, Any]]:
    """The lists that there are."""
    return [{"list": one.entry, "exit": one.exit, "title": dict(one.title)} for one in LISTS]


@router.get("/v1/lists/{list}")
def list_of_day(name: Name, parts: Here, caller: Reader, on: On = None) -> Response:
    """Who is on a list, of all provinces: the signed file with a receipt of each entry. on: the
    day, today by default."""
    kind = find(name)
    if kind is None:
        raise Problem("list-unknown")
    wanted = Wanted(kind=kind, day=parts.clock.today() if on is None else _day(on))
    with _alone(), _told():
        made = parts.lists.file(caller, wanted)
    return Response(made, media_type="application/json", headers=FRESH)


@router.post(f"{ROUTES}list", tags=["exchange"])
async def part(request: Request, parts: Here, door: TheDoor) -> Response:
    """Our part of the list of a day: `{day, from, list}`."""

    def handle(asker: Asker, body: bytes) -> Reply:
        try:
            return parts.lists.part(asker, body)
        except DayToCome as error:
            raise Refused("day-to-come") from error

    return await door.answer(request, handle)


def _day(text: str) -> date:
    try:
        return parse_day(text)
    except Malformed as error:
        detail = {"zh": "on 须为 YYYY-MM-DD", "en": "`on` must be YYYY-MM-DD"}
        raise Problem("schema-invalid", detail) from error


@contextmanager
def _alone() -> Iterator[None]:
    if not _one.acquire(blocking=False):
        raise retry_later("too-many-requests", RETRY_SECONDS)
    try:
        yield
    finally:
        _one.release()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except DayToCome as error:
        raise Problem("day-to-come") from error
    except ListTooLarge as error:
        raise Problem("list-too-large") from error
