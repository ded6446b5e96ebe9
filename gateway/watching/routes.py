"""`GET /v1/watch`: changes of statuses and of followed subjects as server-sent events.

    event: begin | reset      once, first: where the stream is; `reset`: changes may be missing
    event: status             a record has another status; data as /v1/records/{leaf}/status
    event: record.new …       what became known of a followed subject: gateway.watching.interfaces
    : with an id              nothing happened for a while that the caller is told

The id of each event is the place behind it; `Last-Event-ID` goes on there.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Annotated, Any, Final

import orjson
from anyio import sleep, to_thread
from fastapi import APIRouter, Depends, Query
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import StreamingResponse

from gateway.base.policy import Caller, Purpose
from gateway.http.problems import Problem, retry_later
from gateway.statuses.changes import Change, Place
from gateway.tokens.services import require
from gateway.watching.services import MAX_RECORDS, TooManyStreams, Watching
from ledger.core.canonical import unhex32
from ledger.core.errors import Malformed

EVENTS = "text/event-stream"
PAUSE_SECONDS: Final = 0.5
"""Between two looks of one stream; they cost nothing while there is no news."""
HEARTBEAT_SECONDS: Final = 15.0
"""After which a comment is sent, so that neither end nor a proxy takes silence for an end."""
LONGEST_SECONDS: Final = 900.0
"""Then a stream ends, and who comes again goes on: a token that was revoked meanwhile does not."""
RETRY_SECONDS: Final = 10
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # nginx hands on what comes as it comes
}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "Events, until either side ends", "content": {EVENTS: {}}}
}

router = APIRouter(tags=["statuses"])


def _watching(request: Request) -> Watching:
    found: Watching = request.app.state.watching
    return found


Here = Annotated[Watching, Depends(_watching)]
Reader = Annotated[Caller, Depends(require(Purpose.SHOW))]
Records = Annotated[list[str] | None, Query(alias="record", max_length=MAX_RECORDS)]
Since = Annotated[str | None, Query(max_length=32)]


@router.get("/v1/watch", response_class=StreamingResponse, responses=_ANSWERS)
async def watch(
    request: Request, watching: Here, caller: Reader, record: Records = None, since: Since = None
) -> StreamingResponse:
    """Follow the statuses of records: those named by record id; or all of this member that the
    caller may know of, with all that becomes known of the subjects that they follow. since: as
    Last-Event-ID, which comes before it."""
    records = frozenset(map(_record, record or ()))
    told = request.headers.get("last-event-id") or since
    # One that is no place of ours is like one that is not kept any more.
    place = None if told is None else Place.parse(told) or Place(number=2**62)
    stack = ExitStack()
    try:
        stack.enter_context(watching.stream(caller))
    except TooManyStreams as error:
        raise retry_later("too-many-requests", RETRY_SECONDS, reason="streams") from error
    body = _events(watching, caller, place, records, stack)
    # The generator may never have begun.
    ended = BackgroundTask(stack.close)
    return StreamingResponse(body, media_type=EVENTS, headers=_HEADERS, background=ended)


async def _events(
    watching: Watching,
    caller: Caller,
    since: Place | None,
    records: frozenset[bytes],
    stack: ExitStack,
) -> AsyncIterator[bytes]:
    try:
        place, reset = await to_thread.run_sync(watching.start, since)
        yield b"retry: 1000\n" + _event("reset" if reset else "begin", place, {})
        end = time.monotonic() + LONGEST_SECONDS
        said = time.monotonic()
        while time.monotonic() < end and not watching.ending:
            if (await to_thread.run_sync(watching.newest)).number > place.number:
                page = await to_thread.run_sync(watching.page, caller, place, records)
                place = page.place
                for event in page.events:
                    name = "status" if isinstance(event, Change) else event.kind
                    yield _event(name, event.place, event.as_dict())
                    said = time.monotonic()
                if page.full:
                    continue
            if time.monotonic() - said >= HEARTBEAT_SECONDS:
                yield b": \nid: %s\n\n" % str(place).encode()
                said = time.monotonic()
            await sleep(PAUSE_SECONDS)
    finally:
        stack.close()


def _event(name: str, place: Place, data: dict[str, Any]) -> bytes:
    return b"event: %s\nid: %s\ndata: %s\n\n" % (
        name.encode(),
        str(place).encode(),
        orjson.dumps(data),
    )


def _record(text: str) -> bytes:
    try:
        return unhex32(text)
    except Malformed as error:
        raise Problem("not-found") from error
