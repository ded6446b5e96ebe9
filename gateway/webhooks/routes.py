"""`/v1/webhooks`: where events of what is watched are sent; each caller handles its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gateway.base.policy import Caller, Purpose
from gateway.http.places import Places
from gateway.http.problems import Problem, retry_later
from gateway.tokens.services import require
from gateway.watching.subject_routes import json_of, object_of, read_subject, told
from gateway.webhooks.errors import WebhookRefused
from gateway.webhooks.sending import MAX_URL
from gateway.webhooks.services import MAX_RECORDS, TEST_PAUSE, Named, Webhooks
from ledger.core.canonical import unhex32
from ledger.core.errors import Malformed

_FORM: Final = {
    "zh": "正文须为 {url, records?, subject?}：接收地址、记录编号或叶值、要关注的主体",
    "en": "the body must be {url, records?, subject?}: where to, ids or leaves of records, a"
    " subject to be followed",
}

router = APIRouter(tags=["webhooks"])


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDesk:
    """What the routes need. outward: of those who have a URL looked up or tried out, which may take
    seconds; what others ask for meanwhile must not wait."""

    webhooks: Webhooks
    outward: Places = field(default_factory=lambda: Places(at_once=8, each=1, waiting=2, line=32))


def _desk(request: Request) -> WebhookDesk:
    found: WebhookDesk = request.app.state.webhooks
    return found


def _webhooks(request: Request) -> Webhooks:
    return _desk(request).webhooks


Desk = Annotated[WebhookDesk, Depends(_desk)]
Here = Annotated[Webhooks, Depends(_webhooks)]
Holder = Annotated[Caller, Depends(require(Purpose.FOLLOW))]
Name = Annotated[str, Path(alias="webhook", pattern="^[0-9a-f]{32}$")]


@router.post("/v1/webhooks", status_code=201)
async def add(request: Request, desk: Desk, caller: Holder) -> Response:
    """Have events sent to a URL, as Standard Webhooks: of these records and this subject, or where
    none is named of all that `/v1/watch` tells the caller. The secret is shown here alone."""
    value = object_of(await request.body())
    url = value.pop("url", None)
    if not isinstance(url, str) or len(url) > MAX_URL:
        raise _wrong()
    named = _named(value)
    with _told():
        async with desk.outward.hold(str(caller.id)):
            made = await run_in_threadpool(desk.webhooks.add, caller, url, named)
    return json_of(made, 201)


@router.get("/v1/webhooks")
def listed(webhooks: Here, caller: Holder) -> Response:
    """The caller's endpoints: what they are told of, and how deliveries go."""
    return json_of({"items": webhooks.listed(caller)})


@router.delete("/v1/webhooks/{webhook}", status_code=204)
def remove(name: Name, webhooks: Here, caller: Holder) -> Response:
    """Send nothing more there. Subjects followed for this endpoint alone are followed no longer."""
    with _told():
        webhooks.remove(caller, name)
    return Response(status_code=204)


@router.post("/v1/webhooks/{webhook}/follow")
async def follow(name: Name, request: Request, webhooks: Here, caller: Holder) -> Response:
    """Have an endpoint told of further records, or of a further subject."""
    named = _named(object_of(await request.body()))
    if named.nothing:
        raise _wrong()
    with _told():
        return json_of(await run_in_threadpool(webhooks.follow, caller, name, named))


@router.post("/v1/webhooks/{webhook}/test")
async def test(name: Name, desk: Desk, caller: Holder) -> Response:
    """Send a message of the type `webhook.test` now, once, and say what came of it."""
    with _told():
        async with desk.outward.hold(str(caller.id)):
            done = await run_in_threadpool(desk.webhooks.test, caller, name)
    return json_of(done)


@router.get("/v1/webhooks/{webhook}/dead-letters")
def letters(name: Name, webhooks: Here, caller: Holder) -> Response:
    """What could not be delivered in sixteen tries or three days, and what of it is tried again."""
    with _told():
        return json_of({"id": name, "items": webhooks.letters(caller, name)})


@router.post("/v1/webhooks/{webhook}/retry")
def retry(name: Name, webhooks: Here, caller: Holder) -> Response:
    """Send all dead letters again, and go on with an endpoint that was disabled."""
    with _told():
        return json_of(webhooks.retry(caller, name))


@router.post("/v1/webhooks/{webhook}/rotate")
def rotate(name: Name, webhooks: Here, caller: Holder, end_old: bool = False) -> Response:
    """Have a new secret, shown here alone. For a day deliveries are signed with the old one too;
    end_old: no more from now on."""
    with _told():
        return json_of(webhooks.rotate(caller, name, end_old=end_old))


def _named(value: dict[str, Any]) -> Named:
    """What is named, of a body. Raises Problem `schema-invalid`."""
    records, subject = value.get("records", []), value.get("subject")
    if not value.keys() <= {"records", "subject"}:
        raise _wrong()
    if not isinstance(records, list) or len(records) > MAX_RECORDS:
        raise _wrong()
    if subject is not None and not isinstance(subject, dict):
        raise _wrong()
    try:
        ids = [unhex32(one if isinstance(one, str) else "") for one in records]
    except Malformed as error:
        raise _wrong() from error
    return Named(records=ids, subject=None if subject is None else read_subject(subject))


@contextmanager
def _told() -> Iterator[None]:
    """Answer what is refused."""
    try:
        with told():
            yield
    except WebhookRefused as error:
        if error.code == "too-many-requests":
            raise retry_later(error.code, int(TEST_PAUSE)) from error
        raise Problem(error.code, error.detail, extra=error.extra) from error


def _wrong() -> Problem:
    return Problem("schema-invalid", _FORM)
