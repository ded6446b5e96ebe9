"""The public log as C2SP tlog-tiles: `/logs/{logId}/checkpoint`, `/tile/…`, `/tile/entries/…`."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gateway.db import begin_read
from gateway.log import store
from gateway.log.store import TileStore, bundle_entries
from gateway.node import Node
from gateway.problems import Problem
from ledger.core.canonical import unhex32
from ledger.core.errors import Malformed
from ledger.core.tiles import WIDTH, TileAddress, encode_bundle, parse_path, tile_width

FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
"""A tile of a given width never changes: the log only grows."""
NEVER = {"Cache-Control": "no-cache"}

router = APIRouter(tags=["log"])


def node_of(request: Request) -> Node:
    """The node that the application was made for."""
    node: Node = request.app.state.node
    return node


@router.head("/logs/{log_id}/checkpoint", include_in_schema=False)
@router.get("/logs/{log_id}/checkpoint")
def checkpoint(log_id: str, request: Request) -> Response:
    """The latest signed checkpoint; 404 before the first."""
    with begin_read(node_of(request).engine) as connection:
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
    data = _read(node_of(request), _log_id(log_id), address)
    return Response(data, media_type="application/octet-stream", headers=FOREVER)


def _read(node: Node, log_id: bytes, address: TileAddress) -> bytes:
    with begin_read(node.engine) as connection:
        log = store.find(connection, log_id)
        there = tile_width(log.published or 0, address.level or 0, address.n) if log else 0
        if log is None or address.width > there:
            raise Problem("not-found")
        source = TileStore(connection, log.id)
        if address.level is not None:
            return source.tile(address.level, address.n, address.width)
        data = source.bundle(address.n)
    if address.width == WIDTH:
        return data
    entries = bundle_entries(data)
    return data if len(entries) == address.width else encode_bundle(entries[: address.width])


def _log_id(text: str) -> bytes:
    try:
        return unhex32(text)
    except Malformed as error:
        raise Problem("not-found") from error
