"""`POST /v1/returns`, `POST /v1/reconcile`: a table in, the answer at once; records by
number and by subject."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated, Any, Final

import orjson
from anyio import to_thread
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from gateway.base.policy import Caller, Purpose
from gateway.files.routes import FRESH, JSON, XLSX
from gateway.files.upload import Upload
from gateway.http.problems import Problem
from gateway.tokens.services import require
from gateway.worklists.searching import Sought
from gateway.worklists.services import Worklists
from ledger.core.errors import InputError
from ledger.records import uscc
from ledger.records.texts import message

BODY_SECONDS = 300.0
"""For a whole table: whoever sends it drop by drop holds a place that others wait for."""

router = APIRouter(tags=["worklists"])

FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}


def _worklists(request: Request) -> Worklists:
    worklists: Worklists = request.app.state.worklists
    return worklists


Here = Annotated[Worklists, Depends(_worklists)]
Corrector = Annotated[Caller, Depends(require(Purpose.RETURNED))]
Comparer = Annotated[Caller, Depends(require(Purpose.RECONCILE))]
Reader = Annotated[Caller, Depends(require(Purpose.SHOW))]
Namer = Annotated[Caller, Depends(require(Purpose.SEE_CASE))]
Authority = Annotated[str | None, Query(max_length=64)]


@router.get("/v1/records")
def find_records(
    worklists: Here,
    caller: Namer,
    document: Annotated[str, Query(min_length=1, max_length=200)],
    authority: Annotated[str, Query(min_length=1, max_length=64)],
) -> Response:
    """Records in force by document number and USCC of the authority: their ids and leaves. One
    decision may be about several subjects."""
    found = worklists.found(caller, document, _code(authority))
    return Response(orjson.dumps(found), media_type=JSON, headers=FRESH)


class Search(BaseModel):
    """Whose records: of a subject by its code, or by document number; authority: USCC of who gave
    the number, which a token with authorities may leave out: then it is one of those."""

    model_config = ConfigDict(extra="forbid")

    subject: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    document: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    authority: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    before: Annotated[int, Field(ge=1, le=2**53)] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


@router.post("/v1/records/find")
def search_records(wanted: Search, worklists: Here, caller: Reader) -> Response:
    """Records of a subject, or of a document number, that the caller may read, the newest first;
    replaced ones too. A post, for a code in an address would stand in the logs of every proxy.
    `next`: what to go on with as `before`; there may be more where it is not null."""
    found = worklists.searched(caller, _sought(wanted, caller))
    return Response(orjson.dumps(found), media_type=JSON, headers=FRESH)


@router.post("/v1/returns", openapi_extra=FORM)
async def post_returns(request: Request, worklists: Here, caller: Corrector) -> Response:
    """Answer the list of rows that the national platform returned (xlsx, csv): which record of the
    caller's each means. With `Accept` of a workbook: their fields, to correct and send again."""
    with worklists.place(caller):
        name, data = await table_of(request)
        found = await to_thread.run_sync(partial(worklists.returned, caller, name, data))
        if XLSX in request.headers.get("accept", ""):
            made = await to_thread.run_sync(found.workbook)
            headers = FRESH | {"Content-Disposition": 'attachment; filename="returned.xlsx"'}
            return Response(made, media_type=XLSX, headers=headers)
    return Response(orjson.dumps(found.as_dict()), media_type=JSON, headers=FRESH)


@router.post("/v1/reconcile", openapi_extra=FORM)
async def post_reconcile(
    request: Request, worklists: Here, caller: Comparer, authority: Authority = None
) -> Response:
    """Hold a register (xlsx, csv: document numbers, days, subjects) against the records of its
    authority: what was kept back, what it does not know, what came late, what differs. authority:
    USCC of rows that name none."""
    code = None if authority is None else _code(authority)
    with worklists.place(caller):
        _, data = await table_of(request)
        found = await to_thread.run_sync(partial(worklists.reconciled, caller, data, code))
    return Response(orjson.dumps(found.as_dict()), media_type=JSON, headers=FRESH)


def _sought(wanted: Search, caller: Caller) -> Sought:
    """Read what is looked for; InputError where it is neither of the two, or both."""
    if (wanted.subject is None) == (wanted.document is None):
        raise InputError("subject", "schema-invalid", _ONE_OF_TWO)
    if wanted.subject is not None:
        code = uscc.normalise(wanted.subject)
        if not uscc.has_shape(code):
            raise InputError("subject", "uscc-format", message("uscc-format", "subject"))
        return Sought(subject=code, before=wanted.before, limit=wanted.limit)
    authorities = sorted(caller.authorities)
    if wanted.authority is not None:
        authorities = [_code(wanted.authority)]
    if not authorities:
        raise InputError("authority", "required", message("required", "authority"))
    return Sought(
        document=wanted.document,
        authorities=authorities,
        before=wanted.before,
        limit=wanted.limit,
    )


_ONE_OF_TWO: Final = {
    "zh": "请填写主体代码（subject）或文书号（document），二者填一",
    "en": "Give either the code of the subject (`subject`) or the document number (`document`)",
}


async def table_of(request: Request) -> tuple[str, bytes]:
    """Name and content of the file; as long as one may be (gateway.http.limits)."""
    upload = Upload(request.headers.get("content-type", ""))
    parts: list[bytes] = []
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                upload.feed(chunk)
                parts += upload.pieces()
    except TimeoutError as error:
        raise Problem("too-slow") from error
    last, type_ = upload.finish()
    if type_ is not None:
        raise Problem("schema-invalid")
    return upload.name, b"".join([*parts, last])


def _code(text: str) -> str:
    code = uscc.normalise(text)
    wrong = uscc.check(code)
    if wrong is not None:
        raise InputError("authority", wrong, message(wrong, "authority"))
    return code
