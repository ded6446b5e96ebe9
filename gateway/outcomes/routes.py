"""`/v1/outcomes`: reports of an institution, and sums of custodians."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gateway.base.policy import Caller, Purpose
from gateway.http.places import Places
from gateway.http.problems import Problem
from gateway.outcomes.errors import OutcomesRefused
from gateway.outcomes.interfaces import MAX_MONTHS, months_from
from gateway.outcomes.services import Outcomes
from gateway.tokens.services import require
from ledger.core.sums import DIMENSIONS

FRESH: Final = {"Cache-Control": "no-store"}
MONTH: Final = "^[0-9]{4}-(0[1-9]|1[0-2])$"
_MOST: Final = 2**53

router = APIRouter(tags=["outcomes"])


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeParts:
    """What the routes need. places: files at once."""

    outcomes: Outcomes
    places: Places = field(
        default_factory=lambda: Places(at_once=4, each=1, waiting=8, patience=60.0)
    )


def _parts(request: Request) -> OutcomeParts:
    parts: OutcomeParts = request.app.state.outcomes
    return parts


Here = Annotated[OutcomeParts, Depends(_parts)]
Reporter = Annotated[Caller, Depends(require(Purpose.OUTCOMES))]
Adder = Annotated[Caller, Depends(require(Purpose.SUMS))]
Month = Annotated[str, Query(pattern=MONTH)]


@router.post("/v1/outcomes")
async def report(request: Request, parts: Here, caller: Reporter) -> dict[str, Any]:
    """Report outcomes: the CSV file is the body. Good rows become statements, bad ones are told of
    with what to do."""
    async with parts.places.hold(str(caller.id)):
        data = await request.body()
        with _told():
            done = await run_in_threadpool(parts.outcomes.report, caller, data)
    return done.as_dict()


@router.get("/v1/outcomes")
def reported(
    parts: Here,
    caller: Reporter,
    response: Response,
    period: Month,
    after: Annotated[int, Query(ge=0, le=_MOST)] = 0,
) -> Mapping[str, Any]:
    """What this member reported of a month, as it counts."""
    response.headers.update(FRESH)
    return parts.outcomes.own(period, after)


@router.get("/v1/outcomes/sums")
def sums(
    *,
    parts: Here,
    caller: Adder,
    response: Response,
    first: Annotated[str, Query(alias="from", pattern=MONTH)],
    until: Month,
    by: Annotated[str, Query(max_length=64)] = "period,region,product",
) -> Mapping[str, Any]:
    """Sums of what was reported here, at most 36 months, both included. by: of `period region
    product version`, by commas. A cell (one of each) under five households goes into none of
    them."""
    response.headers.update(FRESH)
    names = [name for name in by.split(",") if name]
    if not set(names) <= set(DIMENSIONS) or len(set(names)) != len(names):
        known = ", ".join(DIMENSIONS)
        detail = {"zh": f"by 须取自 {known}", "en": f"`by` must be of {known}"}
        raise Problem("schema-invalid", detail, extra={"field": "by"})
    if not 1 <= months_from(first, until) <= MAX_MONTHS:
        raise Problem("months-too-many", extra={"field": "until", "most": MAX_MONTHS})
    return parts.outcomes.sums(first, until, names)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except OutcomesRefused as error:
        raise Problem(error.code, error.detail, extra=error.extra) from error
