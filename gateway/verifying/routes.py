"""`POST /v1/verify`: the verdict on a file, for whoever cannot run `ledger.verify` itself."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from functools import partial
from typing import Annotated, Any, Final

import orjson
from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from gateway.base.policy import Caller, Purpose
from gateway.http.problems import Problem
from gateway.tokens.services import require
from gateway.verifying.asking import LENGTHS, demand_askable, read_question
from gateway.verifying.services import Verifying
from ledger.files.judge import MAX_SINGLE, not_asked
from ledger.files.reports import is_report

THREADS: Final = 4
"""Files that are judged at once; each waits for the chain most of the time."""
BODY_SECONDS: Final = 60.0
"""For a whole file: whoever sends it drop by drop holds a place that others wait for."""
_BEGINNING: Final = 8
"""Bytes by which a PDF is recognised."""
FRESH: Final = {"Cache-Control": "no-store"}

_OPENAPI: Final[dict[str, Any]] = {
    "parameters": [
        {"name": name, "in": "query", "schema": {"type": "string", "maxLength": length}}
        for name, length in LENGTHS.items()
    ],
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object"}}},
    },
}

router = APIRouter(tags=["verifying"])


class Bench:
    """What the route needs: the judge, and threads of its own, so that a chain that does not answer
    holds up no other route."""

    def __init__(self, verifying: Verifying) -> None:
        self.verifying = verifying
        self.limiter = CapacityLimiter(THREADS)


def _bench(request: Request) -> Bench:
    bench: Bench = request.app.state.bench
    return bench


Here = Annotated[Bench, Depends(_bench)]
Reader = Annotated[Caller, Depends(require(Purpose.SHOW))]


@router.post("/v1/verify", openapi_extra=_OPENAPI)
async def verify(request: Request, bench: Here, caller: Reader) -> Response:
    """Judge a receipt, an opening, a list of a day, a history, a bundle, an answer or a report
    (PDF), byte for byte as its file is: the answer is that of `credit-ledger verify --json`. For
    programs on the gateway's own machine; others believe no gateway, and verify themselves."""
    question = read_question(request.query_params.multi_items())
    with ExitStack() as places:
        places.enter_context(bench.verifying.places.hold(caller.id))
        data = await _body(request, bench, places, caller.id)
        demand_askable(not_asked(data, question))
        work = partial(bench.verifying.verdict, data, question)
        found = await to_thread.run_sync(work, limiter=bench.limiter)
        made = orjson.dumps(found.as_dict())
    return Response(made, media_type="application/json", headers=FRESH)


async def _body(request: Request, bench: Bench, places: ExitStack, asker: int) -> bytes:
    """The file, as long as one may be (`gateway.http.limits`); a long one takes a place more, and
    so does a PDF of any length, for it may need much time. Raises Problem, NotReady."""
    data = bytearray()
    large = False
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                data += chunk
                if not large and (len(data) > MAX_SINGLE or is_report(bytes(data[:_BEGINNING]))):
                    places.enter_context(bench.verifying.places.hold_large(asker))
                    large = True
    except TimeoutError as error:
        raise Problem("too-slow") from error
    return bytes(data)
