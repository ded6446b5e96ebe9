"""The public log as C2SP tlog-tiles: `/logs/{logId}/checkpoint`, `/tile/…`, `/tile/entries/…`."""

from __future__ import annotations

import sqlalchemy as sa
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gateway.base.context import Context
from gateway.base.db import begin_read
from gateway.http.problems import Problem
from gateway.log import store
from gateway.log.serving import answer, read_piece
from ledger.core.canonical import unhex32
from ledger.core.errors import Malformed
from ledger.core.tiles import parse_path

NEVER = {"Cache-Control": "no-cache"}

router = APIRouter(tags=["log"])


def _engine(request: Request) -> sa.Engine:
    """The database of the gateway that the application was made for."""
    ctx: Context = request.app.state.ctx
    return ctx.engine


@router.head("/logs/{log_id}/checkpoint", include_in_schema=False)
@router.get("/logs/{log_id}/checkpoint")
def checkpoint(log_id: str, request: Request) -> Response:
    """The latest signed checkpoint; 404 before the first."""
    with begin_read(_engine(request)) as connection:
        log = store.find(connection, _log_id(log_id))
    if log is None or log.note is None:
        raise Problem("not-found")
    return Response(log.note, media_type="text/plain; charset=utf-8", headers=NEVER)


@router.head("/logs/{log_id}/tile/{path:path}", include_in_schema=False)
@router.get("/logs/{log_id}/tile/{path:path}")
def tile(log_id: str, path: str, request: Request) -> Response:
    """A tile or entry bundle of the published tree, of exactly the width asked for."""
    try:
        address = parse_path(f"tile/{path}")
    except Malformed as error:
        raise Problem("not-found") from error
    data = read_piece(_engine(request), _log_id(log_id), address)
    if data is None:
        raise Problem("not-found")
    return answer(data)


def _log_id(text: str) -> bytes:
    try:
        return unhex32(text)
    except Malformed as error:
        raise Problem("not-found") from error
