"""`/v1/case-files`: files that decide about many records."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Annotated, Any, Literal

import orjson
from anyio import to_thread
from fastapi import APIRouter, Depends, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from gateway.base.policy import Caller, Purpose
from gateway.casefiles import report
from gateway.casefiles.services import CaseFiles
from gateway.cases.errors import CaseRefused
from gateway.files.routes import FRESH, JSON, XLSX
from gateway.http.problems import Problem
from gateway.tokens.services import require
from gateway.worklists.routes import FORM, table_of

router = APIRouter(tags=["cases"])


def _files(request: Request) -> CaseFiles:
    found: CaseFiles = request.app.state.case_files
    return found


Here = Annotated[CaseFiles, Depends(_files)]
FileName = Annotated[str, Path(alias="file", pattern="^[0-9a-f]{32}$")]
Decider = Annotated[Caller, Depends(require(Purpose.DECIDE))]
Reader = Annotated[Caller, Depends(require(Purpose.SEE_CASE_FILE))]
Releaser = Annotated[Caller, Depends(require(Purpose.RELEASE_CASE_FILE))]
Limit = Annotated[int, Query(ge=1, le=1000)]
Seen = Annotated[int | None, Query(ge=0, le=2**31)]
After = Annotated[int, Query(ge=-1, le=2**31)]
State = Literal["new", "proposed", "refused", "done"]


@router.post("/v1/case-files", status_code=202, openapi_extra=FORM)
async def post_case_file(request: Request, files: Here, caller: Decider) -> Response:
    """Propose national results by file (xlsx, csv): 文书号, 认定单位代码, 结果, 日期 and, where it
    has them, 失信程度, 主体代码, 申请编号. Its rows are looked up at once; another person releases
    them together. The same file is one however often it is sent."""
    with files.place(caller), _told():
        name, data = await table_of(request)
        file = await to_thread.run_sync(partial(files.take_in, caller, name, data))
    headers = FRESH | {"Location": f"/v1/case-files/{file}"}
    return Response(orjson.dumps({"id": file}), 202, headers, media_type=JSON)


@router.get("/v1/case-files")
def list_case_files(files: Here, caller: Reader, limit: Limit = 100) -> Response:
    """The files proposed last, the newest first: national results, and imports with exits."""
    return _json(files.listed(caller, limit))


@router.get("/v1/case-files/{file}")
def show_case_file(name: FileName, files: Here, caller: Reader) -> Response:
    """How far a file is: its rows by state, and what goes to the chain."""
    with _told():
        return _json(files.head(caller, name))


@router.get("/v1/case-files/{file}/rows")
def show_case_file_rows(
    name: FileName, files: Here, caller: Reader, state: State | None = None, after: After = -1
) -> Response:
    """The next rows behind number `after`, at most 200, with what became of each."""
    with _told():
        return _json(files.rows(caller, name, state, after))


@router.get("/v1/case-files/{file}/report.xlsx")
def show_case_file_report(name: FileName, files: Here, caller: Reader) -> Response:
    """What became of every row, as a workbook."""
    with _told():
        made = report.build(files.every_row(caller, name))
    disposition = {"Content-Disposition": f'attachment; filename="decided-{name[:8]}.xlsx"'}
    return Response(made, media_type=XLSX, headers=FRESH | disposition)


@router.post("/v1/case-files/{file}/release")
def release_case_file(
    name: FileName, files: Here, caller: Releaser, proposed: Seen = None
) -> Response:
    """Release all that a file proposes; not by who proposed it. proposed: how many rows the caller
    has seen proposed."""
    with _told():
        files.release(caller, name, proposed)
        return _json({"id": name, "state": "released"})


@contextmanager
def _told() -> Iterator[None]:
    """Answer what is refused."""
    try:
        yield
    except CaseRefused as error:
        raise Problem(error.code, error.detail, extra=error.extra) from error


def _json(value: dict[str, Any]) -> Response:
    return Response(orjson.dumps(value), media_type=JSON, headers=FRESH)
