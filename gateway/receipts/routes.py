"""`/v1/receipts/{leaf}` for anybody, `/v1/records/{leaf}` for holders of a read token; a record id
may stand in place of the leaf."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Path
from starlette.requests import Request
from starlette.responses import Response

from gateway.base.policy import Caller, Purpose
from gateway.http.problems import Problem
from gateway.receipts.interfaces import Disclose, FieldUnknown, Pending, Stranded
from gateway.receipts.services import Receipts
from gateway.records.errors import NotARecord
from gateway.tokens.services import require
from ledger.core.canonical import unhex32
from ledger.core.errors import Malformed

FRESH = {"Cache-Control": "no-cache"}
"""A receipt changes where the chain has lost the anchor and the leaf is anchored again."""

PROMISED = b'{"state":"promised"}'

router = APIRouter(tags=["receipts"])


def _receipts(request: Request) -> Receipts:
    receipts: Receipts = request.app.state.receipts
    return receipts


Here = Annotated[Receipts, Depends(_receipts)]
Name = Annotated[str, Path(alias="leaf")]
Reader = Annotated[Caller, Depends(require(Purpose.SHOW))]
Taker = Annotated[Caller, Depends(require(Purpose.DISCLOSE))]


@router.get("/v1/receipts/{leaf}")
def bare_receipt(name: Name, receipts: Here) -> Response:
    """The receipt of an entry, without any content: proves that it is anchored."""
    with _told():
        return _answer(receipts.receipt(_digest(name)))


@router.get("/v1/records/{leaf}/receipt")
def shown_receipt(name: Name, receipts: Here, caller: Taker, fields: str | None = None) -> Response:
    """The receipt with a presentation of the fields named (comma list), or of all but texts that
    hold the identity number of a person."""
    disclose = Disclose(caller, None if fields is None else fields.split(","))
    with _told():
        return _answer(receipts.receipt(_digest(name), disclose=disclose))


@router.get("/v1/records/{leaf}")
def record(name: Name, receipts: Here, caller: Reader) -> Response:
    """The record, its leaf and what is known of it."""
    with _told():
        found = receipts.record(_digest(name), caller)
    if found is None:
        raise Problem("not-found")
    return Response(orjson.dumps(found), media_type="application/json", headers=FRESH)


@contextmanager
def _told() -> Iterator[None]:
    """Answer what receipts refuse."""
    try:
        yield
    except FieldUnknown as error:
        raise Problem("field-unknown", extra={"field": error.field}) from error
    except NotARecord as error:
        raise Problem("not-found") from error
    except Stranded as error:
        raise problem_of_stranded(error) from error


def problem_of_stranded(error: Stranded) -> Problem:
    """That there will be no receipt, and which record stands in its place."""
    if error.replaced_by is None:
        return Problem("stranded")
    leaf = error.replaced_by.hex()
    detail = {
        "zh": f"该条目位于已关闭日志的末尾之后；其记录已重新登记，新的叶值为 {leaf}",
        "en": f"This entry stands beyond the end of a closed log; its record was logged again as"
        f" {leaf}",
    }
    return Problem("replaced", detail, extra={"replacedBy": leaf})


def _answer(receipt: bytes | Pending | None) -> Response:
    if receipt is None:
        raise Problem("not-found")
    if isinstance(receipt, Pending):
        headers = FRESH | {"Retry-After": str(receipt.retry_after)}
        return Response(PROMISED, 202, media_type="application/json", headers=headers)
    return Response(receipt, media_type="application/json", headers=FRESH)


def _digest(text: str) -> bytes:
    try:
        return unhex32(text)
    except Malformed as error:
        raise Problem("not-found") from error
