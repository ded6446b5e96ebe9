"""`/v1/reports` for the centre; `/v1/report-checks`, `-copies` and `-shares` for anybody with what
a report holds; `/r/{number}`, the page of the QR."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any, Final
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Path, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from gateway.base.errors import NotReady
from gateway.base.policy import Caller, Purpose
from gateway.http.limits import address_of
from gateway.http.places import Places
from gateway.http.problems import Problem, retry_later
from gateway.reports import pages
from gateway.reports.bodies import MAX_BODY, read_own, read_proof, read_report, read_share, read_try
from gateway.reports.counter import Counter
from gateway.reports.elsewhere import Elsewhere
from gateway.reports.errors import ReportRefused, TooManyTries
from gateway.reports.firm import FirmViews
from gateway.reports.services import Reports
from gateway.reports.shares import Shares
from gateway.tokens.services import require, with_token
from ledger.core.report_content import is_number

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
    answer is the PDF; it is handed out once, for the key in its QR is kept nowhere."""
    wanted = read_report(_bounded(await request.body()))
    async with parts.places.hold(str(caller.id)):
        with _told():
            made = await run_in_threadpool(parts.reports.make, caller, wanted, _endpoint(request))
    headers = {
        **FRESH,
        "Credit-Ledger-Report": made.number,
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
    scope, until = read_share(_bounded(await request.body()))
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
    number, code = read_try(_bounded(await request.body()))
    async with _paced(request, parts, token) as asker:
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
    number, code, commitment = read_own(_bounded(await request.body()))
    async with _paced(request, parts, token) as asker:
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
    number, code = read_try(_bounded(await request.body()))
    async with _paced(request, parts, token) as asker:
        with _told():
            await run_in_threadpool(parts.elsewhere.demand_ours, number)
            found = await run_in_threadpool(parts.shares.open, number, code, asker)
    response.headers.update(FRESH)
    return found


@router.post("/v1/report-copies")
async def copy(request: Request, parts: Here, token: Token) -> Response:
    """The sealed copy of a report, for whoever proves to have its key, which stands in the QR and
    nowhere else: `{number, proof}`. The header `Credit-Ledger-State` has what a counter is told."""
    number, proof = read_proof(_bounded(await request.body()))
    async with _paced(request, parts, token) as asker:
        with _told():
            data, state = await run_in_threadpool(parts.counter.copy, number, proof, asker)
    headers = {**FRESH, "Credit-Ledger-State": state}
    return Response(data, media_type="application/octet-stream", headers=headers)


@router.get("/r/{number}", include_in_schema=False)
def page(number: Number, parts: Here) -> HTMLResponse:
    """The page of a report."""
    return _page(number, parts.elsewhere.told(number))


@router.post("/r/{number}", include_in_schema=False)
async def page_checked(number: Number, request: Request, parts: Here) -> HTMLResponse:
    """The same with what is said of a code, or what a share shows."""
    there = await run_in_threadpool(parts.elsewhere.told, number)
    if there is not None:
        return _page(number, there)
    form = parse_qs(_bounded(await request.body()).decode("ascii", "replace"))
    async with _paced(request, parts, None) as asker:
        state, view = await run_in_threadpool(_tried, parts, number, form, asker)
    return HTMLResponse(pages.page(number, state=state, view=view), headers=pages.HEADERS)


@router.get("/r/assets/{name}", include_in_schema=False)
def asset(name: str) -> Response:
    """What the page loads."""
    if name not in pages.ASSETS:
        raise Problem("not-found")
    headers = {**pages.HEADERS, "Cache-Control": "max-age=3600"}
    return Response(pages.asset(name), media_type=pages.ASSETS[name], headers=headers)


def _tried(
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


def _page(number: str, there: tuple[str, str | None] | None) -> HTMLResponse:
    if not is_number(number):
        return HTMLResponse(pages.page(number, state="unknown"), 404, headers=pages.HEADERS)
    if there is None:
        return HTMLResponse(pages.page(number), headers=pages.HEADERS)
    issuer, url = there
    link = None if url is None else f"{url.rstrip('/')}/r/{number}"
    state = "elsewhere-unknown" if link is None else "elsewhere"
    text = pages.page(number, state=state, link=link, issuer=issuer)
    return HTMLResponse(text, headers=pages.HEADERS)


@asynccontextmanager
async def _paced(request: Request, parts: ReportParts, token: Caller | None) -> AsyncIterator[str]:
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


def _bounded(body: bytes) -> bytes:
    if len(body) > MAX_BODY:
        raise Problem("too-large")
    return body
