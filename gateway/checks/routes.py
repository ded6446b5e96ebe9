"""`POST /v1/checks/subjects` and `/v1/feedback`, and the tables that people send."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Annotated, Any, Final

import orjson
from anyio import to_thread
from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from gateway.base.policy import Caller, Purpose
from gateway.checks.interfaces import MAX_SUBJECTS, Fault, Kind, Matter, Subject
from gateway.checks.running import Running
from gateway.checks.services import Checks
from gateway.http.problems import Problem
from gateway.queries.bodies import read_named, read_terms
from gateway.tokens.services import require
from gateway.worklists.routes import FORM, table_of
from ledger.core.errors import InputError

FRESH: Final = {"Cache-Control": "no-store"}
NDJSON: Final = "application/x-ndjson"
MAX_SAID: Final = 40
"""Characters that are repeated of a code that is none."""
_CODES: Final[Mapping[str | None, str]] = {
    "code": "subject-invalid",
    "authorisation": "authorisation-unknown",
}

router = APIRouter(tags=["checks"])


def _checks(request: Request) -> Checks:
    checks: Checks = request.app.state.checks
    return checks


Here = Annotated[Checks, Depends(_checks)]
User = Annotated[Caller, Depends(require(Purpose.USE))]


@router.post("/v1/checks/subjects")
async def check_subjects(request: Request, checks: Here, caller: User) -> Response:
    """Ask all provinces about up to 1,000 subjects for one matter, a line of JSON each, in their
    order: `{purpose, matter?, types?, subjects:[{code, authorisation?}…]}`. Each question is kept,
    with its bundle, as one of `/v1/uses`. One that cannot be asked about has `problem`, and holds
    up no other."""
    matter, subjects = read_checks(await request.body())
    running = checks.subjects(caller, matter, subjects)  # refused before anything is answered
    lines = _lines(running)
    await anext(lines)
    return StreamingResponse(lines, media_type=NDJSON, headers=FRESH)


@router.post("/v1/checks/table", openapi_extra=FORM)
async def read_subjects(request: Request, checks: Here, caller: User) -> Response:
    """The codes in a table (xlsx, xls, csv; a bare list too), to be checked piece by piece."""
    return await _table(request, checks, caller, "subjects")


@router.post("/v1/feedback/table", openapi_extra=FORM)
async def read_feedback(request: Request, checks: Here, caller: User) -> Response:
    """The rows of a table of feedback, to be sent as `/v1/feedback`."""
    return await _table(request, checks, caller, "feedback")


@router.post("/v1/feedback")
async def feedback(request: Request, checks: Here, caller: User) -> Response:
    """State what was done about subjects, up to 1,000 rows: `{rows:[{day, measure, query, matter?,
    result?}…]}`. query: commitment of the query that it rests on. What is wrong with a row is told,
    and the others are stated. The same row again is the same statement (`known`)."""
    rows = _list(_object(await request.body(), {"rows"}, set()), "rows")
    told = await to_thread.run_sync(checks.feedback, caller, rows)
    lines = [
        {
            "n": one.n,
            "statement": None if one.statement is None else one.statement.hex(),
            "known": one.known,
            "errors": [fault.as_dict() for fault in one.faults],
        }
        for one in told
    ]
    return Response(orjson.dumps({"rows": lines}), media_type="application/json", headers=FRESH)


async def _table(request: Request, checks: Checks, caller: Caller, kind: Kind) -> Response:
    with checks.place(caller):
        _, data = await table_of(request)
        rows = await to_thread.run_sync(checks.rows, data, kind)
    value = [{"row": one.row, "sheet": one.sheet, **one.texts} for one in rows]
    return Response(orjson.dumps({"rows": value}), media_type="application/json", headers=FRESH)


async def _lines(running: Running) -> AsyncGenerator[bytes]:
    """Nothing first: only what has begun is ended where whoever reads goes away."""
    try:
        yield b""
        async for line in running.lines():
            yield orjson.dumps(line) + b"\n"
    finally:
        running.stop()


def read_checks(body: bytes) -> tuple[Matter, Sequence[Subject]]:
    """What is to be checked; a subject that cannot be read has its fault. Raises InputError, which
    names the member."""
    value = _object(body, {"purpose", "subjects"}, {"matter", "types"})
    subjects = _list(value, "subjects")
    purpose, types, text = read_terms(value)
    matter = Matter(purpose=purpose, matter=text, types=types)
    return matter, [_subject(one) for one in subjects]


def _subject(value: Mapping[str, Any]) -> Subject:
    """One of them, read as a single question would be."""
    if not value.keys() <= {"code", "authorisation"} or "code" not in value:
        raise _wrong(
            "subjects", "每项须为 {code, authorisation?}", "each is {code, authorisation?}"
        )
    try:
        code, authorisation = read_named(value)
    except InputError as error:
        said = value["code"] if isinstance(value["code"], str) else ""
        fault = Fault(code=_CODES[error.field], field=error.field, text=error.message)
        return Subject(code=said[:MAX_SAID], fault=fault)
    return Subject(code=code, authorisation=authorisation)


def _list(value: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    found = value[name]
    good = isinstance(found, list) and 1 <= len(found) <= MAX_SUBJECTS
    if not good or not all(isinstance(one, dict) for one in found):
        raise _wrong(name, f"1 到 {MAX_SUBJECTS} 项", f"1 to {MAX_SUBJECTS} objects")
    return list(found)


def _object(body: bytes, required: set[str], optional: set[str]) -> dict[str, Any]:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Problem("schema-invalid") from error
    if not isinstance(value, dict) or not required <= value.keys() <= required | optional:
        names = ", ".join([*sorted(required), *(f"{name}?" for name in sorted(optional))])
        raise _wrong(None, f"正文须为 {{{names}}}", f"the body must be {{{names}}}")
    return value


def _wrong(field: str | None, zh: str, en: str) -> InputError:
    return InputError(field, "body-form", {"zh": zh, "en": en})
