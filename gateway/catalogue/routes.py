"""Schema and rules files by their SHA-256: `/v1/schemas/{sha256}`, `/v1/rules/{sha256}`.

A payload names both by hash, so a verifier may take them from any node and needs to trust none.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gateway.base.context import Context
from gateway.http.problems import MEDIA_TYPE, Problem
from gateway.log.serving import FOREVER
from ledger.records.store import Library

_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The bytes of the file", "content": {"application/json": {}}},
    404: {"description": "No such file here", "content": {MEDIA_TYPE: {}}},
}

router = APIRouter(tags=["catalogue"])


@router.head("/v1/schemas/{sha256}", include_in_schema=False)
@router.get("/v1/schemas/{sha256}", response_class=Response, responses=_ANSWERS)
def get_schema(request: Request, sha256: str) -> Response:
    """The schema file with this SHA-256 (64 lower-case hex): what records of a type must be."""
    return _answer(_library(request).schema_file(sha256))


@router.head("/v1/rules/{sha256}", include_in_schema=False)
@router.get("/v1/rules/{sha256}", response_class=Response, responses=_ANSWERS)
def get_rules(request: Request, sha256: str) -> Response:
    """The rules file with this SHA-256 (64 lower-case hex): how long records may be used."""
    return _answer(_library(request).rules_file(sha256))


def _library(request: Request) -> Library:
    ctx: Context = request.app.state.ctx
    return ctx.schemas.current()


def _answer(data: bytes | None) -> Response:
    if data is None:
        raise Problem("not-found")
    return Response(data, media_type="application/json", headers=FOREVER)
