"""`GET /v1/subjects/check` and the same as a workbook, for holders of a read token."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from gateway.base.policy import Caller, Purpose
from gateway.http.problems import retry_later
from gateway.subjects.services import MAX_FINDINGS, SubjectCheck
from gateway.subjects.workbook import workbook
from gateway.tokens.services import require

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FRESH = {"Cache-Control": "no-store"}
RETRY_SECONDS = 5

router = APIRouter(tags=["subjects"])
_one = threading.Lock()
"""One check at a time: on a large database it reads for a while."""


def _check(request: Request) -> SubjectCheck:
    check: SubjectCheck = request.app.state.subject_check
    return check


Check = Annotated[SubjectCheck, Depends(_check)]
Asker = Annotated[Caller, Depends(require(Purpose.CHECK))]
Limit = Annotated[int, Query(ge=1, le=MAX_FINDINGS)]


@router.get("/v1/subjects/check")
def check(subjects: Check, caller: Asker, limit: Limit = 100) -> Response:
    """Subjects of which records that the caller may see have two names or two codes."""
    with _alone():
        answer = subjects.check(caller, limit)
    return Response(orjson.dumps(answer), media_type="application/json", headers=FRESH)


@router.get("/v1/subjects/check.xlsx")
def check_workbook(subjects: Check, caller: Asker, limit: Limit = MAX_FINDINGS) -> Response:
    """The same as a workbook."""
    with _alone():
        answer = subjects.check(caller, limit)
    return Response(workbook(answer), media_type=XLSX, headers=FRESH)


@contextmanager
def _alone() -> Iterator[None]:
    if not _one.acquire(blocking=False):
        raise retry_later("too-many-requests", RETRY_SECONDS)
    try:
        yield
    finally:
        _one.release()
