"""`POST /v1/records`: one record as JSON, or many as NDJSON."""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus
from typing import Annotated, Any

import orjson
import sqlalchemy as sa
from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from gateway.base.errors import NotReady
from gateway.base.policy import Caller, Purpose
from gateway.http.limits import NDJSON, media_type
from gateway.http.problems import Problem, retry_later
from gateway.intake.batcher import Batcher, Proof
from gateway.intake.interfaces import RowAnswer
from gateway.intake.parsing import parse_record
from gateway.intake.schemas import RECORDS_OPENAPI
from gateway.intake.services import Intake
from gateway.intake.stream import NdjsonResponse
from gateway.tokens.services import require

JSON = "application/json"
MAX_STREAMS = 16
"""NDJSON requests at once; each may hold 40 MiB of rows and answers."""
STREAMS_PER_TOKEN = 4
"""Of these, those of one token: others find room."""
BUSY_SECONDS = 5
"""Seconds after which one of the streams may have ended."""
THREADS = 4
"""Sets of streams at once. They compete for one interpreter and one writer; more only wait
longer. Single records have a thread of their own, so that they never queue behind them."""

router = APIRouter(tags=["records"])


class Reception:
    """What the routes share within one application: bounded threads, the queue of singles."""

    def __init__(self, engine: sa.Engine, intake: Intake) -> None:
        self.intake = intake
        self.limiter = CapacityLimiter(THREADS)
        self.batcher = Batcher(engine, intake)
        self.streams: Counter[int] = Counter()  # by token


@router.post("/v1/records", openapi_extra=RECORDS_OPENAPI)
async def post_records(
    request: Request, caller: Annotated[Caller, Depends(require(Purpose.SUBMIT))]
) -> Response:
    """Submit records. Every accepted one is durable and promised when its answer arrives."""
    kind = media_type(request.headers.get("content-type", "").encode("latin-1"))
    if kind == JSON:
        return await _single(request, caller)
    if kind == NDJSON:
        return await _stream(request, caller)
    raise Problem(
        "wrong-content-type",
        {"zh": f"请使用 {JSON} 或 {NDJSON}", "en": f"Send {JSON} or {NDJSON}"},
        headers={"Accept-Post": f"{JSON}, {NDJSON}"},
    )


async def _single(request: Request, caller: Caller) -> Response:
    reception: Reception = request.app.state.reception
    row = parse_record(await request.body(), None)
    return _answer(*await reception.batcher.submit(row, caller))


async def _stream(request: Request, caller: Caller) -> Response:
    reception: Reception = request.app.state.reception
    # Asked here so that "not now" is a status; later it can only be a line of the answer.
    await to_thread.run_sync(reception.intake.ready)
    if reception.streams[caller.id] >= STREAMS_PER_TOKEN:
        raise retry_later("too-many-requests", BUSY_SECONDS, _MANY_STREAMS)
    if reception.streams.total() >= MAX_STREAMS:
        raise NotReady("busy")
    return _Counted(request, reception, caller)


class _Counted(NdjsonResponse):
    """Holds one of the places for streams while it runs."""

    def __init__(self, request: Request, reception: Reception, caller: Caller) -> None:
        super().__init__(request, reception.intake, reception.limiter)
        self._reception = reception
        self._token = caller.id

    async def __call__(self, *args: Any) -> None:
        self._reception.streams[self._token] += 1
        try:
            await super().__call__(*args)
        finally:
            self._reception.streams[self._token] -= 1
            if not self._reception.streams[self._token]:
                del self._reception.streams[self._token]


_MANY_STREAMS = {
    "zh": f"此令牌同时报送的 NDJSON 流已达上限（{STREAMS_PER_TOKEN} 个），请待其结束后再报送",
    "en": f"This token sends {STREAMS_PER_TOKEN} streams of NDJSON at once, the most it may; send"
    " this one once one of them has ended",
}
_STATUS = {"accepted": HTTPStatus.CREATED, "duplicate": HTTPStatus.OK}
_PROBLEMS = {"conflict": "conflict", "rejected": "rejected"}


def _answer(row: RowAnswer, proof: Proof | None) -> Response:
    """The row answer with the promise beside it; inside a problem where it is one, whose `code`
    is then that of the row."""
    body = row.as_dict() | (proof or {})
    if row.verdict in _PROBLEMS:
        detail = row.errors[0].message if row.errors else None
        code = row.errors[0].code if row.errors else None
        name = code if code == "not-a-province" else _PROBLEMS[row.verdict]
        return Problem(name, detail, extra=body).response()
    headers = {"Location": f"/v1/records/{row.leaf}"}
    return Response(orjson.dumps(body), _STATUS[row.verdict], headers, media_type=JSON)
