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
from gateway.log.models import bundles, logs, tiles
from ledger.core.canonical import DIGEST_SIZE, unhex32
from ledger.core.errors import Malformed
from ledger.core.tiles import (
    WIDTH,
    TileAddress,
    bundle_entries,
    encode_bundle,
    parse_path,
    tile_width,
)

FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
"""A tile of a given width never changes: the log only grows."""
NEVER = {"Cache-Control": "no-cache"}

# Made once: an auditor asks for all of them, and building a statement costs more than its answer.
_PUBLISHED = sa.func.coalesce(logs.c.published, 0).label("published")
_THIS_LOG = logs.c.log_id == sa.bindparam("log_id")
_BUNDLE = (
    sa.select(bundles.c.data, _PUBLISHED)
    .join(logs, logs.c.id == bundles.c.log)
    .where(_THIS_LOG, bundles.c.n == sa.bindparam("n"))
)
_TILE = (
    sa.select(tiles.c.data, _PUBLISHED)
    .join(logs, logs.c.id == tiles.c.log)
    .where(_THIS_LOG, tiles.c.level == sa.bindparam("level"), tiles.c.n == sa.bindparam("n"))
)

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
    data = _read(_engine(request), _log_id(log_id), address)
    return Response(data, media_type="application/octet-stream", headers=FOREVER)


def _read(engine: sa.Engine, log_id: bytes, address: TileAddress) -> bytes:
    wanted: dict[str, bytes | int] = {"log_id": log_id, "n": address.n}
    query = _BUNDLE if address.level is None else _TILE
    if address.level is not None:
        wanted["level"] = address.level
    with engine.connect() as connection:
        row = connection.execute(query, wanted).one_or_none()
    if row is None or address.width > tile_width(row.published, address.level or 0, address.n):
        raise Problem("not-found")
    if address.level is not None:
        tile: bytes = row.data[: address.width * DIGEST_SIZE]
        return tile
    data = store.unpack(row.data, address.n)
    if address.width == WIDTH:
        return data
    entries = bundle_entries(data)
    return data if len(entries) == address.width else encode_bundle(entries[: address.width])


def _log_id(text: str) -> bytes:
    try:
        return unhex32(text)
    except Malformed as error:
        raise Problem("not-found") from error
