"""`POST /v1/histories`, for the centre."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final, get_args

import orjson
from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gateway.base.clock import Clock
from gateway.base.policy import Caller, Purpose
from gateway.history.interfaces import Asked, HandedFor, NotToBeHanded
from gateway.history.services import Histories
from gateway.http.problems import Problem, retry_later
from gateway.tokens.services import require
from ledger.core.canonical import parse_day
from ledger.core.errors import Malformed
from ledger.core.ids import CODE
from ledger.records import uscc

FRESH: Final = {"Cache-Control": "no-store"}
RETRY_SECONDS: Final = 5
_CODE_LENGTH: Final = 18
_FORM: Final = {
    "zh": "正文须为 {code, purpose, to?, asOf?}：统一社会信用代码、relocation 或 own、成员、日期",
    "en": "the body must be {code, purpose, to?, asOf?}: USCC, relocation or own, member, a day",
}

router = APIRouter(tags=["histories"])
_one = threading.Lock()
"""One history at a time: each opens all records of a subject."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryParts:
    """What the route needs."""

    histories: Histories
    clock: Clock


def _parts(request: Request) -> HistoryParts:
    parts: HistoryParts = request.app.state.histories
    return parts


Here = Annotated[HistoryParts, Depends(_parts)]
Centre = Annotated[Caller, Depends(require(Purpose.HISTORY))]


@router.post("/v1/histories")
async def history(request: Request, parts: Here, caller: Centre) -> Response:
    """The history of a subject as a signed file with proofs: `{code, purpose, to?, asOf?}`. A post,
    for a code in an address would stand in the logs of every proxy."""
    asked = read_asked(await request.body(), parts.clock.today())
    made = await run_in_threadpool(_made, parts, caller, asked)
    return Response(made, media_type="application/json", headers=FRESH)


def _made(parts: HistoryParts, caller: Caller, asked: Asked) -> bytes:
    with _alone():
        try:
            return parts.histories.file(caller, asked)
        except NotToBeHanded as error:
            raise Problem(error.code) from error


def read_asked(body: bytes, today: date) -> Asked:
    """What is asked for. Raises Problem `schema-invalid`."""
    value = _object(body)
    code, purpose, to = value["code"], value["purpose"], value.get("to", "")
    if not isinstance(code, str) or len(code) > 2 * _CODE_LENGTH:
        raise _wrong()
    code = uscc.normalise(code)
    if len(code) != _CODE_LENGTH or code == uscc.FILLER or not (code.isascii() and code.isalnum()):
        raise _wrong()
    if purpose not in get_args(HandedFor) or not isinstance(to, str):
        raise _wrong()
    if (purpose == "own") is bool(to) or (to and not CODE.fullmatch(to)):
        raise _wrong()
    try:
        as_of = parse_day(value["asOf"]) if "asOf" in value else today
    except (Malformed, TypeError) as error:
        raise _wrong() from error
    return Asked(code=code, purpose=purpose, to=to, as_of=as_of)


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _wrong() from error
    required, optional = {"code", "purpose"}, {"to", "asOf"}
    if not isinstance(value, dict) or not required <= value.keys() <= required | optional:
        raise _wrong()
    return value


def _wrong() -> Problem:
    return Problem("schema-invalid", _FORM)


@contextmanager
def _alone() -> Iterator[None]:
    if not _one.acquire(blocking=False):
        raise retry_later("too-many-requests", RETRY_SECONDS)
    try:
        yield
    finally:
        _one.release()
