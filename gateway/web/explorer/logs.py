"""`/explorer/logs`: logs with their anchors, checkpoints and tiles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import Path, Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from gateway.http.problems import Problem
from gateway.web.explorer import words
from gateway.web.explorer.parts import (
    PAGE,
    Below,
    Ledger,
    Page,
    Read,
    clock,
    digest,
    part,
    sized,
    tried,
)
from gateway.web.routing import page_router
from gateway.web.visits import Anybody
from ledger.core.tiles import HEIGHT, MAX_LEVEL, WIDTH, entries_path, tile_path, tile_width

router = page_router()

MEMBERS: Final = 20
"""Whose logs stand on a page."""
Level = Annotated[int, Query(ge=0, le=MAX_LEVEL)]
Size = Annotated[int, Path(ge=1, le=2**53)]


@router.get("/explorer/logs")
async def logs(visit: Anybody, ledger: Ledger, page: Page = 1) -> Response:
    """All logs of all members; of those that this node keeps, how far they are."""
    known = _known(await visit.get("/v1/node"))
    all_ = await tried(ledger.members())
    members = part(
        [one["code"] for one in all_.value["members"]] if all_.value else [], page, MEMBERS
    )
    codes = members.rows
    read = Read(None, all_.wrong) if all_.wrong else await tried(ledger.logs(codes))
    rows = list(known.values()) if read.wrong else read.value or []
    return visit.page(
        "explorer/logs.html", read=read, rows=rows, known=known, members=members, words=words
    )


@router.get("/explorer/logs/{log}")
async def log(
    log: str, visit: Anybody, ledger: Ledger, below: Below = None, before: Below = None
) -> Response:
    """A log with its anchors: of ours by size, of others by block."""
    log_id, known = digest(log), _known(await visit.get("/v1/node")).get(log)
    read = await tried(ledger.log(log_id))
    if read.value is None and read.wrong is None and known is None:
        raise Problem("not-found")
    own = known is not None and known["own"]
    if own:
        anchors = Read(await run_in_threadpool(ledger.held.anchors, log_id, below), None)
    else:
        anchors = await tried(ledger.anchors(log_id, before))
    return visit.page(
        "explorer/log.html",
        log=log,
        one=read.value or known,
        known=known,
        read=read,
        own=own,
        anchors=anchors.value,
        unread=anchors.wrong,
        below=below,
        before=before,
        now=clock(visit),
        words=words,
    )


@router.get("/explorer/logs/{log}/anchors/{size}")
async def anchor(log: str, size: Size, visit: Anybody, ledger: Ledger) -> Response:
    """One anchor."""
    log_id = digest(log)
    one = await run_in_threadpool(ledger.held.anchor, log_id, size)
    read = await tried(ledger.root(log_id, size))
    root = one["root"] if one else None
    if read.value is not None:
        root = read.value.hex()
    if root is None and read.wrong is None:
        raise Problem("not-found")
    return visit.page(
        "explorer/anchor.html",
        log=log,
        size=size,
        one=one,
        root=root,
        agrees=None if one is None or read.value is None else read.value.hex() == one["root"],
        read=read,
        now=clock(visit),
        words=words,
    )


@router.get("/explorer/logs/{log}/tiles")
async def tiles(log: str, visit: Anybody, page: Page = 1, level: Level = 0) -> Response:
    """Where each tile and each bundle of entries is, the newest first."""
    digest(log)
    known = _known(await visit.get("/v1/node")).get(log)
    if known is None:
        raise Problem("not-found")
    size = known["size"]
    count = -(-(size >> HEIGHT * level) // WIDTH)
    first = max(0, count - page * PAGE)
    rows = [_tile(known, level, n) for n in range(count - (page - 1) * PAGE - 1, first - 1, -1)]
    levels = [n for n in range(MAX_LEVEL + 1) if size >> HEIGHT * n]
    return visit.page(
        "explorer/tiles.html",
        log=log,
        known=known,
        level=level,
        levels=levels,
        rows=sized(rows, count, page),
        words=words,
    )


def _tile(known: Mapping[str, Any], level: int, n: int) -> dict[str, Any]:
    width = tile_width(known["size"], level, n)
    span = WIDTH**level
    return {
        "n": n,
        "first": n * WIDTH * span,
        "last": (n * WIDTH + width) * span - 1,
        "width": width,
        "tile": f"{known['path']}/{tile_path(level, n, width)}",
        "entries": f"{known['path']}/{entries_path(n, width)}" if level == 0 else None,
    }


def _known(node: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """By id the logs that this node serves: its own, and the copies of those of others."""
    own = {
        one["log"]: {**one, "member": node["code"], "own": True, "path": f"/logs/{one['log']}"}
        for one in node["logs"]
    }
    copies = {
        one["log"]: {**one, "own": False, "path": f"/mirrors/{one['log']}", "anchor": None}
        for one in node["mirrors"]
    }
    return copies | own
