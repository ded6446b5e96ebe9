"""`GET /v1/quality/{period}`: how well the units of this member file, for anybody.

It holds codes of authorities, names of types, codes of answers and numbers, nothing of any record
or subject. Small numbers stand as they are: units are public bodies, what they filed is counted in
the public log as well, and a rank without them would be false.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from gateway.http.problems import MEDIA_TYPE, Problem
from gateway.log.serving import FOREVER
from gateway.quality.services import QualityFiles
from ledger.core.errors import Malformed
from ledger.records.quality import Period

JOSE = "application/jose"
PROVISIONAL = {"Cache-Control": "public, max-age=10"}

_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "A compact JWS of the member's PRESENT key", "content": {JOSE: {}}},
    404: {"description": "No such month or week here", "content": {MEDIA_TYPE: {}}},
}

router = APIRouter(tags=["quality"])


def _files(request: Request) -> QualityFiles:
    files: QualityFiles = request.app.state.quality
    return files


@router.get("/v1/quality/{month}", response_class=Response, responses=_ANSWERS)
def get_quality(month: str, files: Annotated[QualityFiles, Depends(_files)]) -> Response:
    """The signed figures of a month (`2026-11`) or an ISO week (`2026-W48`): provisional while it
    lasts and for an hour after; then they never change."""
    try:
        found = files.file(Period.parse(month))
    except Malformed as error:
        raise Problem("not-found") from error
    if found is None:
        raise Problem("not-found")
    headers = FOREVER if found.final else PROVISIONAL
    return Response(found.jws, media_type=JOSE, headers=headers)
