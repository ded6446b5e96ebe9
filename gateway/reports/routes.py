"""`/v1/reports` for the centre; `/v1/report-checks`, `-copies` and `-shares` for anybody with what
a report holds, as for the page of its QR (`gateway.web.firm.report`)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gateway.base.errors import NotReady
from gateway.base.policy import Caller, Purpose
from gateway.http.limits import address_of
from gateway.http.places import Places
from gateway.http.problems import Problem, retry_later
from gateway.reports.bodies import MAX_BODY, read_own, read_proof, read_report, read_share, read_try
from gateway.reports.counter import Counter
from gateway.reports.elsewhere import Elsewhere
from gateway.reports.errors import ReportRefused, TooManyTries
from gateway.reports.firm import FirmViews
from gateway.reports.services import Reports
from gateway.reports.shares import Shares
from gateway.tokens.services import require, with_token

FRESH: Final = {"Cache-Control": "no-store"}
PACE: Final = 0.25
"""Seconds: a code is answered at the next multiple of them after it came, so that how long it took
does not tell what was found."""
_MOST: Final = 2**53
_NUMBER: Final = "^[0-9A-Za-z][0-9A-Za-z._-]{0,63}$"

router = APIRouter(tags=["reports"])


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportParts:
    """What the routes need. places: reports that are made at once. tried: codes of strangers at
    once, most of which wait for their time to leave; counters: the same of who has a token, to
    whom strangers leave no less."""

    reports: Reports
    counter: Counter
    shares: Shares
    elsewhere: Elsewhere
    firm: FirmViews
    places: Places = field(
        default_factory=lambda: Places(at_once=2, each=1, waiting=8, patience=60.0)
    )
    tried: Places = field(default_factory=lambda: Places(at_once=64, each=2, waiting=8))
    counters: Places = field(default_factory=lambda: Places(at_once=32, each=8, waiting=32))


def _parts(request: Request) -> ReportParts:
    parts: ReportParts = request.app.state.reports
    return parts


def _endpoint(request: Request) -> str:
    endpoint: str = request.app.state.about.endpoint
    return endpoint


Here = Annotated[ReportParts, Depends(_parts)]
Maker = Annotated[Caller, Depends(require(Purpose.CREDIT_REPORT))]
Reader = Annotated[Caller, Depends(require(Purpose.SEE_CREDIT_REPORT))]
Sharer = Annotated[Caller, Depends(require(Purpose.SHARE_CREDIT_REPORT))]
Token = Annotated[Caller | None, Depends(with_token)]
Number = Annotated[str, Path(alias="number", pattern=_NUMBER)]
Before = Annotated[int | None, Query(ge=0, le=_MOST)]


@router.post("/v1/reports", status_code=201)
async def make(request: Request, parts: Here, caller: Maker) -> Response:
    """Make a special credit report, at the wish of its subject: `{code, from, to, fields?}`. The
    answer is the PDF; it is handed out once, for the key in its QR is kept nowhere. Headers
    `Credit-Ledger-Report` and `Credit-Ledger-Code` have its number and the code for the counter."""
    wanted = read_report(bounded(await request.body()))
    async with parts.places.hold(str(caller.id)):
        with _told():
            made = await run_in_threadpool(parts.reports.make, caller, wanted, _endpoint(request))
    headers = {
        **FRESH,
        "Credit-Ledger-Report": made.number,
        "Credit-Ledger-Code": made.code,
        "Content-Disposition": f'attachment; filename="{made.number}.pdf"',
    }
    return Response(made.pdf, 201, media_type="application/pdf", headers=headers)


@router.get("/v1/reports")
def reports(
    parts: Here, caller: Reader, response: Response, before: Before = None
) -> Mapping[str, Any]:
    """Reports that were made here, the newest first; whom about is not told."""
    response.headers.update(FRESH)
    return parts.reports.page(caller, before)


@router.get("/v1/report-fields")
def fields(parts: Here, caller: Reader, response: Response) -> Mapping[str, Any]:
    """The fields (领域) that a report may have, with their names, by the list of this province."""
    response.headers.update(FRESH)
    with _told():
        return parts.reports.fields(caller)


@router.get("/v1/reports/{number}/opening")
def opening(number: Number, parts: Here, caller: Reader) -> Response:
    """The opening of a report's statement: with a receipt once it is anchored."""
    with _told():
        found = parts.reports.opening(caller, number)
    return Response(found.encode(), media_type="application/json", headers=FRESH)


@router.post("/v1/reports/{number}/shares", status_code=201)
async def share(
    number: Number, request: Request, parts: Here, caller: Sharer, response: Response
) -> dict[str, Any]:
    """Let somebody read parts of a report by a code: `{fields, lines, until}`, at most 365 days.
    The code is told once."""
    scope, until = read_share(bounded(await request.body()))
    with _told():
        hex_id, code = await run_in_threadpool(parts.shares.give, caller, number, scope, until)
    response.headers.update(FRESH)
    return {"share": hex_id, "code": code, "number": number, "until": until.isoformat()}


@router.get("/v1/reports/{number}/shares")
def shares(number: Number, parts: Here, caller: Sharer, response: Response) -> Mapping[str, Any]:
    """All shares of a report, with how often each was opened."""
    response.headers.update(FRESH)
    with _told():
        return {"items": parts.shares.page(caller, number)}


@router.delete("/v1/reports/{number}/shares/{share}", status_code=204)
def unshare(
    number: Number,
    parts: Here,
    caller: Sharer,
    name: Annotated[str, Path(alias="share", pattern="^[0-9a-f]{32}$")],
) -> Response:
    """Withdraw a share."""
    with _told():
        parts.shares.withdraw(caller, number, name)
    return Response(status_code=204)


@router.post("/v1/report-checks")
async def check(request: Request, parts: Here, token: Token, response: Response) -> dict[str, Any]:
    """Ask after a report by number and code, for anybody: `{number, code}` → `{"state": "genuine" |
    "changed-since" | "unknown"}`. Five wrong codes an hour for a number, three of one asker, who is
    told apart by address, or by token where one is shown."""
    number, code = read_try(bounded(await request.body()))
    async with paced(request, parts, token) as asker:
        with _told():
            await run_in_threadpool(parts.elsewhere.demand_ours, number)
            state = await run_in_threadpool(parts.counter.check, number, code, asker)
    response.headers.update(FRESH)
    return {"number": number, "state": state}


@router.post("/v1/report-owners")
async def own(request: Request, parts: Here, token: Token, response: Response) -> Mapping[str, Any]:
    """What a firm sees of itself by number and code of its report: `{number, code,
    authorisation?}`. All lines that are open, when and where each can be repaired, what was filed
    about it; of an authorisation that is named, who asked at this node. Counted as a check is, a
    wrong number as a wrong code."""
    number, code, commitment = read_own(bounded(await request.body()))
    async with paced(request, parts, token) as asker:
        with _told():
            await run_in_threadpool(parts.elsewhere.demand_ours, number)
            found = await run_in_threadpool(parts.firm.open, number, code, asker, commitment)
    response.headers.update(FRESH)
    return found


@router.post("/v1/report-shares")
async def open_share(
    request: Request, parts: Here, token: Token, response: Response
) -> Mapping[str, Any]:
    """Read what a share shows, for whoever has its code: `{number, code}`. Counted, logged."""
    number, code = read_try(bounded(await request.body()))
    async with paced(request, parts, token) as asker:
        with _told():
            await run_in_threadpool(parts.elsewhere.demand_ours, number)
            found = await run_in_threadpool(parts.shares.open, number, code, asker)
    response.headers.update(FRESH)
    return found


@router.post("/v1/report-copies")
async def copy(request: Request, parts: Here, token: Token) -> Response:
    """The sealed copy of a report, for whoever proves to have its key, which stands in the QR and
    nowhere else: `{number, proof}`. The header `Credit-Ledger-State` has what a counter is told."""
    number, proof = read_proof(bounded(await request.body()))
    async with paced(request, parts, token) as asker:
        with _told():
            data, state = await run_in_threadpool(parts.counter.copy, number, proof, asker)
    headers = {**FRESH, "Credit-Ledger-State": state}
    return Response(data, media_type="application/octet-stream", headers=headers)


def tried(
    parts: ReportParts, number: str, form: Mapping[str, Sequence[str]], asker: str
) -> tuple[str, Mapping[str, Any] | None]:
    """What is said of the code in a form, of the report or of a share, and what that shows."""
    try:
        if "share" not in form:
            return parts.counter.check(number, form.get("code", [""])[0], asker), None
        view = parts.shares.open(number, form["share"][0], asker)
        return view["state"], view
    except TooManyTries:
        return "tries", None
    except ReportRefused:
        return "share-unknown", None
    except NotReady:
        return "not-ready", None


@asynccontextmanager
async def paced(request: Request, parts: ReportParts, token: Caller | None) -> AsyncIterator[str]:
    """A place among those who try codes, and by what the asker is told apart; left at the next
    multiple of `PACE`, whatever happened."""
    came = time.monotonic()
    places = parts.tried if token is None else parts.counters
    asker = address_of(request.scope) if token is None else f"token/{token.id}"
    async with places.hold(asker):
        try:
            yield asker
        finally:
            await asyncio.sleep(PACE - (time.monotonic() - came) % PACE)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except ReportRefused as error:
        raise Problem(error.code, error.detail, extra=error.extra) from error
    except TooManyTries as error:
        raise retry_later("report-tries", error.after) from error


def bounded(body: bytes) -> bytes:
    """A body that is as short as ours are. Raises Problem."""
    if len(body) > MAX_BODY:
        raise Problem("too-large")
    return body
