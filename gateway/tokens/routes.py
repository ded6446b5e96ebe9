"""`/v1/tokens`: the tokens of one's department, for whoever administers them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Depends, Path
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gateway.base.policy import Caller, Purpose
from gateway.http.problems import Problem
from gateway.tokens.issuing import Issuing, Wanted
from gateway.tokens.services import MAX_AUTHORITIES, require
from ledger.core.errors import InputError

FRESH: Final = {"Cache-Control": "no-store"}
MAX_BODY: Final = 1 << 14
"""Bytes: 64 codes and two names take some 2,000."""
_MEMBERS: Final = {"name", "scopes", "department", "authorities"}
_MOST: Final = max(MAX_AUTHORITIES, 16)
_MAX_TEXT: Final = 100

router = APIRouter(tags=["tokens"])


def _issuing(request: Request) -> Issuing:
    found: Issuing = request.app.state.issuing
    return found


Here = Annotated[Issuing, Depends(_issuing)]
Reader = Annotated[Caller, Depends(require(Purpose.SEE_TOKENS))]
Issuer = Annotated[Caller, Depends(require(Purpose.ISSUE_TOKENS))]
Revoker = Annotated[Caller, Depends(require(Purpose.REVOKE_TOKENS))]
Number = Annotated[int, Path(alias="token", ge=1, le=2**31 - 1)]


@router.get("/v1/tokens")
def list_all(issuing: Here, caller: Reader, response: Response) -> Mapping[str, Any]:
    """The tokens of the caller's department, revoked ones too; of all departments to the centre.
    No token itself is shown."""
    response.headers.update(FRESH)
    return issuing.listed(caller)


@router.post("/v1/tokens", status_code=201)
async def issue(
    request: Request, issuing: Here, caller: Issuer, response: Response
) -> Mapping[str, Any]:
    """Issue a token: `{name, scopes, department?, authorities?}`. `secret` is the token, told this
    once. A department issues its own alone, for its own authorities."""
    wanted = _wanted(await request.body())
    response.headers.update(FRESH)
    return await run_in_threadpool(issuing.issue, caller, wanted)


@router.delete("/v1/tokens/{token}", status_code=204)
def revoke(number: Number, issuing: Here, caller: Revoker) -> Response:
    """Revoke a token: it opens nothing any more, and what waits for its release by it ends."""
    issuing.revoke(caller, number)
    return Response(status_code=204)


def _wanted(body: bytes) -> Wanted:
    if len(body) > MAX_BODY:
        raise Problem("too-large")
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _wrong(None) from error
    if not isinstance(value, dict) or not {"name", "scopes"} <= value.keys() <= _MEMBERS:
        raise _wrong(None)
    authorities = value.get("authorities")
    department = value.get("department")
    if department is not None and not isinstance(department, str):
        raise _wrong("department")
    if not isinstance(value["name"], str):
        raise _wrong("name")
    return Wanted(
        name=value["name"],
        scopes=_texts("scopes", value["scopes"]),
        department=department,
        authorities=None if authorities is None else _texts("authorities", authorities),
    )


def _texts(name: str, value: Any) -> Sequence[str]:
    if not isinstance(value, list) or len(value) > _MOST:
        raise _wrong(name)
    if not all(isinstance(one, str) and len(one) <= _MAX_TEXT for one in value):
        raise _wrong(name)
    return value


def _wrong(name: str | None) -> InputError:
    wanted = "{name, scopes: […], department?, authorities?: […]}"
    message = {"zh": f"正文须为 {wanted}", "en": f"The body must be {wanted}"}
    return InputError(name, "body-form", message)
