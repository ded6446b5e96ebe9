"""The logs of others as C2SP tlog-tiles: `/mirrors/{logId}/checkpoint`, `/tile/…`,
`/tile/entries/…`; and the checkpoint of each anchored size of our own logs, which mirrors need."""

from __future__ import annotations

import re
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from gateway.anchoring.models import anchors
from gateway.base.db import begin_read
from gateway.http.problems import Problem
from gateway.log.models import logs
from gateway.log.routes import NEVER
from gateway.log.serving import FOREVER
from gateway.mirrors.services import Mirrors
from gateway.mirrors.store import MirrorTiles, find_mirror, width_of
from ledger.core.canonical import DIGEST_SIZE, unhex32
from ledger.core.errors import Malformed
from ledger.core.tiles import WIDTH, TileAddress, bundle_entries, encode_bundle, parse_path

router = APIRouter(tags=["mirrors"])

_SIZE = re.compile("[1-9][0-9]{0,15}")  # of a tree; the largest has 2^53 - 1


def _mirrors(request: Request) -> Mirrors:
    mirrors: Mirrors = request.app.state.mirrors
    return mirrors


def _engine(request: Request) -> sa.Engine:
    engine: sa.Engine = request.app.state.ctx.engine
    return engine


Kept = Annotated[Mirrors, Depends(_mirrors)]
Engine = Annotated[sa.Engine, Depends(_engine)]


@router.head("/mirrors/{log_id}/checkpoint", include_in_schema=False)
@router.get("/mirrors/{log_id}/checkpoint")
def checkpoint(log_id: str, engine: Engine) -> Response:
    """The owner's checkpoint of what is kept here, cosigned where this member has a WITNESS key;
    404 before the first."""
    with begin_read(engine) as connection:
        mirror = find_mirror(connection, _log_id(log_id))
    if mirror is None or mirror.note is None:
        raise Problem("not-found")
    return _note(mirror.note, NEVER)


@router.head("/mirrors/{log_id}/tile/{path:path}", include_in_schema=False)
@router.get("/mirrors/{log_id}/tile/{path:path}")
def tile(log_id: str, path: str, engine: Engine, kept: Kept) -> Response:
    """A tile or entry bundle of what is kept, of exactly the width asked for."""
    try:
        address = parse_path(f"tile/{path}")
    except Malformed as error:
        raise Problem("not-found") from error
    data = _read(engine, kept, _log_id(log_id), address)
    return Response(data, media_type="application/octet-stream", headers=FOREVER)


@router.head("/logs/{log_id}/checkpoint/{size}", include_in_schema=False)
@router.get("/logs/{log_id}/checkpoint/{size}")
def own_checkpoint(log_id: str, size: str, engine: Engine) -> Response:
    """The signed checkpoint of a finally anchored size of a log of this member."""
    if _SIZE.fullmatch(size) is None:
        raise Problem("not-found")
    query = (
        sa.select(anchors.c.note)
        .join(logs, logs.c.id == anchors.c.log)
        .where(logs.c.log_id == _log_id(log_id), anchors.c.state == "final")
        .where(anchors.c.size == int(size))
    )
    with engine.connect() as connection:
        found = connection.scalar(query.limit(1))
    if found is None:
        raise Problem("not-found")
    return _note(found, FOREVER)


def _note(text: str, headers: dict[str, str]) -> Response:
    return Response(text, media_type="text/plain; charset=utf-8", headers=headers)


def _read(engine: sa.Engine, kept: Mirrors, log_id: bytes, address: TileAddress) -> bytes:
    with begin_read(engine) as connection:
        mirror = find_mirror(connection, log_id)
        if mirror is None or address.width > width_of(mirror, address.level, address.n):
            raise Problem("not-found")
        source = MirrorTiles(connection, mirror.id)
        try:
            data = _piece(source, address)
        except Malformed:
            data = b""
    if not data:  # the disk has lost or changed it: fetched anew, and not served meanwhile
        kept.mend(log_id, address.level, address.n)
        raise Problem("not-found")
    return data


def _piece(source: MirrorTiles, address: TileAddress) -> bytes:
    if address.level is not None:
        data = source.tile(address.level, address.n, address.width)
        return data if len(data) == address.width * DIGEST_SIZE else b""
    data = source.bundle(address.n)
    entries = bundle_entries(data)
    if len(entries) < address.width:
        return b""
    if address.width == len(entries) or len(entries) == WIDTH == address.width:
        return data
    return encode_bundle(entries[: address.width])


def _log_id(text: str) -> bytes:
    try:
        return unhex32(text)
    except Malformed as error:
        raise Problem("not-found") from error
