"""`POST /v1/files`, `GET /v1/files`, `GET /v1/files/{id}`, `GET /v1/files/{id}/report.xlsx`."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from anyio import CancelScope, to_thread
from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from gateway.accesses.services import Access, AccessLog
from gateway.base.context import Signals
from gateway.base.policy import Caller, Purpose, Record, decide
from gateway.files.services import ENDED, Files
from gateway.files.store import File, FileStore
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
                    },
                }
            }
        },
    }
}


@router.post("/v1/files", status_code=202, openapi_extra=_FORM)
async def post_file(request: Request, store: Store, caller: Sender) -> Response:
    """Hand in a file (xlsx, csv, ndjson, json). Every row gets an answer at the address in
    `Location`; one bad row stops nothing."""
    upload = Upload(request.headers.get("content-type", ""))
    file = await to_thread.run_sync(store.open_upload, caller)
    if file is None:
        raise retry_later("not-ready", 30, _FULL)
    try:
        await _receive(request, store, file, upload)
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
    found = _find(store, log, file, caller, Purpose.ANSWER)
    return StreamingResponse(files.answer(found), media_type=JSON, headers=FRESH)


@router.get("/v1/files/{file}/report.xlsx")
def get_report(file: str, store: Store, files: Answers, log: Log, caller: Taker) -> Response:
    """The workbook to correct and send again; 202 while there is no answer yet."""
    found = _find(store, log, file, caller, Purpose.REPORT)
    if found.state not in ENDED:
        body = orjson.dumps({"id": found.id, "state": found.state})
        return Response(body, 202, FRESH | {"Retry-After": str(POLL)}, media_type=JSON)
    headers = FRESH | {"Content-Disposition": f'attachment; filename="report-{found.id[:8]}.xlsx"'}
    return Response(files.report(found), media_type=XLSX, headers=headers)


_FULL = {
    "zh": "等待处理的文件过多，请稍后再报送",
    "en": "Too many files wait to be read; send this one again later",
}


async def _receive(request: Request, store: FileStore, file: str, upload: Upload) -> None:
    n = 0
    async for chunk in request.stream():
        upload.feed(chunk)
        for piece in upload.pieces():
            await to_thread.run_sync(store.add_part, file, n, piece)
            n += 1
    last, type_ = upload.finish()
    if last:
        await to_thread.run_sync(store.add_part, file, n, last)
    await to_thread.run_sync(store.close_upload, file, upload.name, type_)


def _find(store: FileStore, log: AccessLog, file: str, caller: Caller, purpose: Purpose) -> File:
    """The file, where policy lets the caller have it; logged once there is something to have."""
    found = store.find(file)
    if found is None:
        raise Problem("not-found")
    decision = decide(caller, purpose, Record(department=found.department))
    if found.state in ENDED or not decision.allowed:
        record = bytes.fromhex(found.id)
        log.write(Access(token=caller.id, purpose=purpose, decision=decision, record=record))
    decision.demand()
    return found
