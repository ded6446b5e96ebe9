"""What pages load besides: style, scripts, fonts of none; from this node alone."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gateway.http.problems import Problem
from ledger.audit.page import STYLE

MEDIA_TYPES: Final[Mapping[str, str]] = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
}
"""By ending; nothing else is given out."""
FOR_EVER: Final = "public, max-age=31536000, immutable"

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Static:
    """One file. version: the beginning of its SHA-256. packed: as gzip has it."""

    media_type: str
    data: bytes
    packed: bytes
    version: str


@cache
def files() -> Mapping[str, Static]:
    """All of them by path, with the style of what `ledger.audit.page` writes."""
    found = dict(_walk(resources.files(__package__) / "static", ""))
    return found | {"audit-report.css": _packed("css", STYLE.encode())}


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, Static]]:
    for one in folder.iterdir():
        if one.is_dir():
            yield from _walk(one, f"{prefix}{one.name}/")
        elif (ending := one.name.rpartition(".")[2]) in MEDIA_TYPES:
            yield prefix + one.name, _packed(ending, one.read_bytes())


def _packed(ending: str, data: bytes) -> Static:
    version = hashlib.sha256(data).hexdigest()[:16]
    return Static(MEDIA_TYPES[ending], data, gzip.compress(data, 9, mtime=0), version)


def address(path: str) -> str:
    """The path below which a file is had; it changes with the file, so it may be kept for ever."""
    return f"/static/{path}?v={files()[path].version}"


@router.get("/static/{path:path}")
def static(path: str, request: Request) -> Response:
    """One file of what pages load."""
    found = files().get(path)
    if found is None:
        raise Problem("not-found")
    known = request.query_params.get("v") == found.version
    headers = {"Cache-Control": FOR_EVER if known else "no-cache", "Vary": "Accept-Encoding"}
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(found.data, media_type=found.media_type, headers=headers)
    headers["Content-Encoding"] = "gzip"
    return Response(found.packed, media_type=found.media_type, headers=headers)
