"""`/v1/watched-records`: records that a caller follows by themselves; `/v1/watch/latest`: what
changed last of all that it follows."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gateway.base.policy import Caller, Purpose
from gateway.http.problems import Problem
from gateway.statuses.changes import Change
from gateway.tokens.services import require
from gateway.watching.interfaces import Event
from gateway.watching.services import Watching
from gateway.watching.singles import Singles
from gateway.watching.subject_routes import json_of, object_of, told
from ledger.core.canonical import unhex32
from ledger.core.errors import Malformed

MOST: Final = 100
"""Changes of one answer."""
_FORM: Final = {
    "zh": "正文须为 {record}：记录编号，本成员的记录也可用叶值（64 位十六进制）",
    "en": "the body must be {record}: a record id, or a leaf of ours (64 hexadecimal digits)",
}

router = APIRouter(tags=["statuses"])


def _singles(request: Request) -> Singles:
    found: Singles = request.app.state.singles
    return found


def _watching(request: Request) -> Watching:
    found: Watching = request.app.state.watching
    return found


Here = Annotated[Singles, Depends(_singles)]
Follower = Annotated[Caller, Depends(require(Purpose.FOLLOW))]
Name = Annotated[str, Path(alias="record", pattern="^[0-9a-f]{64}$")]
Limit = Annotated[int, Query(ge=1, le=MOST)]


@router.post("/v1/watched-records", status_code=201)
async def follow(request: Request, singles: Here, caller: Follower) -> Response:
    """Follow a record, whosever: `{record}`. Its changes come by `/v1/watch`."""
    value = object_of(await request.body())
    text = value.get("record")
    if value.keys() != {"record"} or not isinstance(text, str):
        raise Problem("schema-invalid", _FORM, extra={"field": "record"})
    try:
        name = unhex32(text)
    except Malformed as error:
        raise Problem("schema-invalid", _FORM, extra={"field": "record"}) from error
    with told():
        record = await run_in_threadpool(singles.follow, caller, name)
    return json_of({"record": record.hex()}, 201)


@router.get("/v1/watched-records")
def listed(singles: Here, caller: Follower) -> Response:
    """The records that the caller follows by themselves, the newest first."""
    return json_of({"items": singles.listed(caller)})


@router.delete("/v1/watched-records/{record}", status_code=204)
def unfollow(name: Name, singles: Here, caller: Follower) -> Response:
    """Follow it no longer."""
    with told():
        singles.unfollow(caller, bytes.fromhex(name))
    return Response(status_code=204)


@router.get("/v1/watch/latest")
def latest(
    watching: Annotated[Watching, Depends(_watching)], caller: Follower, limit: Limit = MOST
) -> Response:
    """What changed last of the subjects and records that the caller follows, and of products, the
    newest first, within the last days: `event` and data as `/v1/watch` has them."""
    return json_of({"items": [_line(one) for one in watching.latest(caller, limit)]})


def _line(event: Event) -> dict[str, Any]:
    name = "status" if isinstance(event, Change) else event.kind
    return {"event": name, "place": str(event.place), **event.as_dict()}
