"""`POST /v1/files`, `GET /v1/files`, `GET /v1/files/{id}`, `GET /v1/files/{id}/report.xlsx`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import chain
from typing import Annotated, Any

import orjson
from anyio import CancelScope, to_thread
from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from gateway.accesses.services import Access, AccessLog
from gateway.base.context import Signals
from gateway.base.policy import ALWAYS, Caller, Purpose, Record, decide
from gateway.base.settings import Settings
from gateway.files.services import ENDED, Files
from gateway.files.store import File, FileStore, QuotaReached
from gateway.files.upload import Upload
from gateway.http.problems import Problem, retry_later
from gateway.tokens.services import require
from ledger.core.canonical import instant

JSON = "application/json"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
POLL = 1
"""Seconds after which asking for an answer again makes sense."""
FRESH = {"Cache-Control": "no-store"}

router = APIRouter(tags=["files"])


def _store(request: Request) -> FileStore:
    store: FileStore = request.app.state.file_store
    return store


def _files(request: Request) -> Files:
    files: Files = request.app.state.files
    return files


def _log(request: Request) -> AccessLog:
    log: AccessLog = request.app.state.accesses
    return log


Store = Annotated[FileStore, Depends(_store)]
Answers = Annotated[Files, Depends(_files)]
Log = Annotated[AccessLog, Depends(_log)]
Sender = Annotated[Caller, Depends(require(Purpose.SUBMIT))]
Lister = Annotated[Caller, Depends(require(Purpose.FILES))]
Asker = Annotated[Caller, Depends(require(Purpose.ANSWER))]
Taker = Annotated[Caller, Depends(require(Purpose.REPORT))]
Limit = Annotated[int, Query(ge=1, le=1000)]

_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "type": {
                            "type": "string",
                            "description": "record type, where the header does not tell",
                        },
                        "after": {
                            "type": "string",
                            "description": "id of the file that this one corrects",
                        },
                    },
                }
            }
        },
    }
}


@router.post("/v1/files", status_code=202, openapi_extra=_FORM)
async def post_file(request: Request, store: Store, caller: Sender) -> Response:
    """Hand in a file (xlsx, xls, tables as text, ndjson, json). Every row gets an answer at the
    address in `Location`; one bad row stops nothing."""
    upload = Upload(request.headers.get("content-type", ""))
    size = _announced(request)
    opening = partial(store.open_upload, caller, size=size)
    try:
        file = await to_thread.run_sync(opening)
    except QuotaReached as error:
        code = "not-ready" if error.what == "all" else "too-many-requests"
        raise retry_later(code, FULL_SECONDS, _FULL[error.what]) from error
    try:
        await _receive(request, store, file, upload, caller)
    except BaseException:  # also where the sender goes away and this is cancelled
        with CancelScope(shield=True):
            await to_thread.run_sync(store.abandon, file)
        raise
    signals: Signals = request.app.state.ctx.signals
    signals.uploaded.set()
    headers = {"Location": f"/v1/files/{file}", "Retry-After": str(POLL)}
    body = orjson.dumps({"id": file, "state": "queued"})
    return Response(body, 202, headers, media_type=JSON)


@router.get("/v1/files")
def get_files(store: Store, caller: Lister, limit: Limit = 100) -> Response:
    """The files handed in last, the newest first: those of the caller's department, or of all
    where it acts for the whole member."""
    department = None if caller.whole_member else caller.department
    listed = [
        {
            "id": file.id,
            "file": file.name,
            "state": file.state,
            "created": instant(file.created),
            "rows": sum(file.counts.values()),
            "counts": file.counts,
        }
        for file in store.newest(department, limit)
    ]
    return Response(orjson.dumps({"files": listed}), media_type=JSON, headers=FRESH)


@router.get("/v1/files/{file}")
def get_file(file: str, store: Store, files: Answers, log: Log, caller: Asker) -> Response:
    """How far the file is, and at the end the answer to every row."""
    found, access = find_file(store, log, file, caller, Purpose.ANSWER)
    if found.state in ENDED:
        log.write(access)
    return _streamed(files.answer(found), JSON, FRESH)


@router.get("/v1/files/{file}/report.xlsx")
def get_report(
    request: Request, file: str, store: Store, files: Answers, caller: Taker
) -> Response:
    """The workbook to correct and send again; 202 while there is no answer yet, or while the
    workbook is being made, which asking for it begins."""
    log = _log(request)
    found, access = find_file(store, log, file, caller, Purpose.REPORT)
    if found.state not in ENDED:
        return not_yet(found.id, found.state)
    pieces = files.report(found.id)  # before its job is asked: what is closed from here on is seen
    job = files.fresh_report(found.id, store.report_job(found.id))
    if job.state == "failed":
        raise Problem("too-large", _COSTLY)
    if job.state == "set-aside":
        raise retry_later("not-ready", FULL_SECONDS, _NOT_MADE)
    if job.state != "done":
        signals: Signals = request.app.state.ctx.signals
        signals.asked.set()
        return not_yet(found.id, found.state)
    log.write(access)
    headers = FRESH | {"Content-Disposition": f'attachment; filename="report-{found.id[:8]}.xlsx"'}
    return _streamed(pieces, XLSX, headers)


def _streamed(pieces: Iterator[bytes], media_type: str, headers: dict[str, str]) -> Response:
    """The first piece is opened before the answer begins: where its key is not at hand that can
    still be told."""
    opened = chain((next(pieces, b""),), pieces)
    return StreamingResponse(opened, media_type=media_type, headers=headers)


def not_yet(file: str, state: str) -> Response:
    """202: what was asked for is not there yet."""
    body = orjson.dumps({"id": file, "state": state})
    return Response(body, 202, FRESH | {"Retry-After": str(POLL)}, media_type=JSON)


FULL_SECONDS = 30
"""Seconds after which a queue that is full may have room."""
_FULL = {
    "all": {
        "zh": "等待处理的文件过多，请稍后再报送",
        "en": "Too many files wait to be read; send this one again later",
    },
    "files": {
        "zh": "此令牌等待处理或被搁置的文件已达上限，请待其处理完毕后再报送，或联系运维",
        "en": "This token has as many files waiting or set aside as it may have; send this one once"
        " they are answered, or turn to the operator",
    },
    "bytes": {
        "zh": "此令牌等待处理或被搁置的文件总量已达上限，请待其处理完毕后再报送，或联系运维",
        "en": "The files of this token that wait or were set aside are as large as they may be"
        " together; send this one once they are answered, or turn to the operator",
    },
}
_NOT_CORRECTED = {
    "zh": "没有编号为 after 的文件；请从原文件的页面重新报送，或不填 after",
    "en": "There is no file with the id in `after`: send this one from the page of the file that it"
    " corrects, or leave `after` out",
}
_COSTLY = {
    "zh": "待更正工作簿过大，无法生成；请按答复逐行更正，或将文件分成几个重新报送",
    "en": "The workbook to correct is too large to be made; correct the rows by the answer, or send"
    " the file again in several parts",
}
_NOT_MADE = {
    "zh": "待更正工作簿多次生成失败，请联系运维重试；各行的答复不受影响",
    "en": "Making the workbook to correct failed several times; have the operator retry it. The"
    " answers to the rows stand",
}


def _announced(request: Request) -> int:
    """Bytes of the body; the most that may come where they are not told."""
    told = request.headers.get("content-length", "")
    settings: Settings = request.app.state.ctx.settings
    return int(told) if told.isascii() and told.isdigit() else settings.http.max_file_bytes


async def _receive(
    request: Request, store: FileStore, file: str, upload: Upload, caller: Caller
) -> None:
    n = size = 0
    async for chunk in request.stream():
        upload.feed(chunk)
        for piece in upload.pieces():
            await to_thread.run_sync(store.add_part, file, n, piece)
            n, size = n + 1, size + len(piece)
    last, type_ = upload.finish()
    if last:
        await to_thread.run_sync(store.add_part, file, n, last)
    after = upload.after
    if after is not None:
        await to_thread.run_sync(_demand_own, store, after, caller)
    closing = partial(store.close_upload, size=size + len(last), after=after)
    await to_thread.run_sync(closing, file, upload.name, type_)


def _demand_own(store: FileStore, file: str, caller: Caller) -> None:
    """Raise Problem where that is no file of the caller's, which another one could correct."""
    found = store.find(file)
    seen = (
        found is not None
        and decide(
            caller, Purpose.FILES, Record(department=found.department, decided=ALWAYS)
        ).allowed
    )
    if not seen:
        raise Problem("schema-invalid", _NOT_CORRECTED, extra={"field": "after"})


def find_file(
    store: FileStore, log: AccessLog, file: str, caller: Caller, purpose: Purpose
) -> tuple[File, Access]:
    """The file, where policy lets the caller have it; what is to be logged once there is something
    to have. A refusal is logged here."""
    found = store.find(file)
    if found is None:
        raise Problem("not-found")
    decision = decide(caller, purpose, Record(department=found.department, decided=ALWAYS))
    record = bytes.fromhex(found.id)
    access = Access(token=caller.id, purpose=purpose, decision=decision, record=record)
    if not decision.allowed:
        log.write(access)
    decision.demand()
    return found, access
