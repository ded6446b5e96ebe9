"""`/v1/records/{leaf}/status` and `/v1/statuses/acknowledgements`, for anybody: both stand on the
chain; `/v1/records/{leaf}/changes` for holders of a read token."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from starlette.requests import Request
from starlette.responses import Response

from gateway.base.policy import Caller, Purpose
from gateway.http.problems import Problem
from gateway.statuses.services import Statuses
from gateway.tokens.services import require
from ledger.core.canonical import unhex32
from ledger.core.errors import Malformed

FRESH = {"Cache-Control": "no-cache"}

router = APIRouter(tags=["statuses"])


def _statuses(request: Request) -> Statuses:
    statuses: Statuses = request.app.state.statuses
    return statuses


Here = Annotated[Statuses, Depends(_statuses)]
Reader = Annotated[Caller, Depends(require(Purpose.SHOW))]
Name = Annotated[str, Path(alias="leaf")]


@router.get("/v1/records/{leaf}/status")
def status(name: Name, statuses: Here, response: Response) -> dict[str, Any]:
    """What the chain says of a record, by its leaf or its record id."""
    try:
        found = statuses.told(unhex32(name))
    except Malformed as error:
        raise Problem("not-found") from error
    if found is None:
        raise Problem("not-found")
    response.headers.update(FRESH)
    return found.as_dict()


@router.get("/v1/records/{leaf}/changes")
def changes(
    name: Name, statuses: Here, response: Response, _caller: Reader
) -> list[dict[str, Any]]:
    """How the status of a record changed within the last days, the newest first; the last change
    is kept longer."""
    try:
        found = statuses.changes(unhex32(name))
    except Malformed as error:
        raise Problem("not-found") from error
    if found is None:
        raise Problem("not-found")
    response.headers.update(FRESH)
    return [one.as_dict() for one in found]


@router.get("/v1/statuses/acknowledgements")
def acknowledged(statuses: Here, response: Response) -> list[dict[str, Any]]:
    """How far each ACTIVE province has carried out all acts, by its own word on the chain."""
    response.headers.update(FRESH)
    return [one.as_dict() for one in statuses.acknowledged()]
