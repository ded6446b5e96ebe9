"""`/v1/records/{record}/erasure`: the certificate of an erasure."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from starlette.requests import Request
from starlette.responses import Response

from gateway.base.policy import Caller, Purpose
from gateway.erasures.services import Erasures, NotErased
from gateway.http.problems import MEDIA_TYPE, Problem
from gateway.tokens.services import require
from ledger.core.canonical import unhex32
from ledger.core.errors import Malformed

JOSE = "application/jose"
FRESH = {"Cache-Control": "no-cache"}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "A compact JWS of the member's PRESENT key", "content": {JOSE: {}}},
    404: {"description": "No such record, or it is not erased", "content": {MEDIA_TYPE: {}}},
}

router = APIRouter(tags=["cases"])


def _erasures(request: Request) -> Erasures:
    found: Erasures = request.app.state.erasures
    return found


Here = Annotated[Erasures, Depends(_erasures)]
Reader = Annotated[Caller, Depends(require(Purpose.SEE_CASE))]
Name = Annotated[str, Path(alias="record")]


@router.get("/v1/records/{record}/erasure", response_class=Response, responses=_ANSWERS)
def certificate(name: Name, erasures: Here, caller: Reader) -> Response:
    """The signed certificate that the content of a record was destroyed: what, when, by whose
    order, and nothing of the content."""
    try:
        found = erasures.certificate(caller, unhex32(name))
    except Malformed as error:
        raise Problem("not-found") from error
    if isinstance(found, NotErased):
        raise Problem(found.code)
    return Response(found, media_type=JOSE, headers=FRESH)
