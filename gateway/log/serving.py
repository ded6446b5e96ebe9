"""Published tiles and entry bundles, answered before anything else of a request is looked at.

An auditor asks for all of them, and so do the mirrors: finding the route took as long as the
answer. Only what is there is answered here; everything else goes its way to the route, which
answers the same, and says in words what is not there.
"""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import sqlalchemy as sa
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.log import store
from gateway.log.models import bundles, logs, tiles
from gateway.log.tile_files import TilesInFolder
from ledger.core.canonical import DIGEST_SIZE
from ledger.core.errors import LedgerError, Malformed
from ledger.core.tiles import (
    WIDTH,
    TileAddress,
    bundle_entries,
    encode_bundle,
    parse_path,
    tile_width,
)

FOREVER: Final = {"Cache-Control": "public, max-age=31536000, immutable"}
"""A tile of a given width never changes: the log only grows."""
THREADS: Final = 4
"""For reading what a disk may keep waiting; they are tiles' own, so that a replay holds up no
other route."""

ROUTE: Final = Route("/logs/{log_id}/tile/{path:path}", lambda request: answer(b""))
"""By which a request is named, as by the route that answers what is not answered here."""

_PATH = re.compile(r"/logs/(?P<log>[0-9a-f]{64})/(?P<piece>tile/.+)", re.ASCII)

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


class PublishedTiles:
    """ASGI middleware, the innermost: bounds, rates, the log line and its metrics are as for any
    route."""

    def __init__(self, app: ASGIApp, *, reader: TileReader) -> None:
        self._app = app
        self._reader = reader

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = asked_of(scope)
        data = None if asked is None else await self._reader.read(*asked)
        if data is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = ROUTE
        await answer(data)(scope, receive, send)


class TileReader:
    """Reads in threads of its own, so that no disk stops the event loop. files: where full tiles
    are beside the database; None: nowhere."""

    def __init__(self, engine: sa.Engine, files: TilesInFolder | None) -> None:
        self._engine = engine
        self._files = files
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="tiles")

    async def read(self, log_id: bytes, address: TileAddress) -> bytes | None:
        """A piece of the published tree; None: there is none, or whoever asks again is told what is
        wrong."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._read, log_id, address)

    def _read(self, log_id: bytes, address: TileAddress) -> bytes | None:
        if self._files is not None:
            data = self._files.read(log_id, address)
            if data is not None:
                return data
        try:
            return read_piece(self._engine, log_id, address)
        except (LedgerError, sa.exc.OperationalError, sa.exc.TimeoutError):
            return None  # the route meets it again, and what it raises is answered in one place


def asked_of(scope: Scope) -> tuple[bytes, TileAddress] | None:
    """Which piece of which log is asked for; None: something else."""
    if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
        return None
    match = _PATH.fullmatch(scope["path"])
    if match is None or scope.get("root_path"):
        return None
    try:
        return bytes.fromhex(match["log"]), parse_path(match["piece"])
    except Malformed:
        return None


def answer(data: bytes) -> Response:
    """A tile or bundle."""
    return Response(data, media_type="application/octet-stream", headers=FOREVER)


def read_piece(engine: sa.Engine, log_id: bytes, address: TileAddress) -> bytes | None:
    """A tile or bundle of exactly this width from the database; None: the published tree has none.
    Raises Malformed where the disk has changed it."""
    wanted: dict[str, bytes | int] = {"log_id": log_id, "n": address.n}
    query = _BUNDLE if address.level is None else _TILE
    if address.level is not None:
        wanted["level"] = address.level
    with engine.connect() as connection:
        row = connection.execute(query, wanted).one_or_none()
    if row is None or address.width > tile_width(row.published, address.level or 0, address.n):
        return None
    if address.level is not None:
        tile: bytes = row.data[: address.width * DIGEST_SIZE]
        return tile
    data = store.unpack(row.data, address.n)
    if address.width == WIDTH:
        return data
    entries = bundle_entries(data)
    return data if len(entries) == address.width else encode_bundle(entries[: address.width])
