"""`/audit`: the newest replay for everybody, and a look at reports of one's own.

What is sent is looked at and forgotten; so the page that answers is the only one that has it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from math import ceil
from typing import Annotated, Any, Final, Literal

from anyio import CapacityLimiter, to_thread
from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from gateway.base.errors import NotReady
from gateway.http.limits import MAX_AUDITED, address_of
from gateway.http.places import Places
from gateway.http.problems import Problem, retry_later
from gateway.http.rates import RateLimiter
from gateway.web.audit.form import FILES, read
from gateway.web.audit.newest import PLACES, Newest, Shown
from gateway.web.kinds import is_damaged, other_kind
from gateway.web.routing import page_router
from gateway.web.visits import Anybody, Visit, demand_own, told_of
from ledger.audit import compare_page
from ledger.audit.compare import OtherNetwork, compare
from ledger.audit.page import body
from ledger.audit.page_speaker import Language
from ledger.audit.report_file import NotAReport, read_report

PACE: Final = 0.2
"""Forms a second that one address may send for long."""
SAVED: Final = 10.0
"""Of them at once, after a pause."""
THREADS: Final = 2
"""Reports that are looked at at once; each takes a processor for a second or two."""

router = page_router()


@dataclass(slots=True)
class AuditParts:
    """What the page needs: the newest report, and places for files of strangers, by address."""

    newest: Newest
    rates: RateLimiter = field(default_factory=lambda: RateLimiter(PACE, saved=SAVED))
    places: Places = field(
        default_factory=lambda: Places(at_once=THREADS, each=1, waiting=1, line=16)
    )
    threads: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(THREADS))


def _parts(request: Request) -> AuditParts:
    parts: AuditParts = request.app.state.audit
    return parts


Here = Annotated[AuditParts, Depends(_parts)]


@dataclass(frozen=True, slots=True)
class Wrong:
    """A file that cannot be looked at. field: of the form; what: the member of the report that is
    wrong, or "network"; problem: in English, of the parser. instead: what the file is, where it is
    looked at elsewhere."""

    field: str
    what: str
    problem: str
    instead: Literal["verified", "page", "unknown"] = "unknown"


@dataclass(frozen=True, slots=True)
class Looked:
    """Reports that were looked at, as HTML. here: whether they are of the network of this node."""

    two: bool
    body: str
    here: bool


@router.get("/audit")
async def audit(visit: Anybody, parts: Here) -> Response:
    """The newest replay, and where reports are given."""
    return await _page(visit, parts)


@router.post("/audit")
async def look(visit: Anybody, parts: Here) -> Response:
    """One report as a page, or two compared."""
    demand_own(visit.request)
    try:
        found = await _looked(visit, parts)
    except (Problem, NotReady) as error:
        if isinstance(error, Problem) and error.code == "form-foreign":
            raise
        status, problem = told_of(error)
        return await _page(visit, parts, status=status, problem=problem)
    if isinstance(found, Wrong):
        return await _page(visit, parts, status=HTTPStatus.UNPROCESSABLE_ENTITY, wrong=found)
    return visit.page("audit/result.html", two=found.two, body=found.body, here=found.here)


async def _looked(visit: Visit, parts: AuditParts) -> Looked | Wrong:
    """What is shown of the files, or what is wrong with one. Raises Problem, NotReady."""
    address = address_of(visit.request.scope)
    if wait := parts.rates.take(address):
        raise retry_later("too-many-requests", ceil(wait))
    async with parts.places.hold(address):
        sent = await read(visit.request)
        visit.demand_csrf(sent.csrf())
        trust = visit.request.app.state.verify_desk.verifying.trust
        here = frozenset({trust.reference, *trust.formerly})
        work = partial(_look, sent.files(), visit.language.code, here)
        return await to_thread.run_sync(work, limiter=parts.threads)


def _look(files: dict[str, bytes], language: Language, networks: frozenset[str]) -> Looked | Wrong:
    if not files:
        return Wrong(FILES[0], "report", "no file")
    reports = []
    for name, data in files.items():
        try:
            reports.append(read_report(data, max_bytes=MAX_AUDITED))
        except NotAReport as error:
            return Wrong(name, error.what, error.problem, _instead(data))
    chain, consortium = reports[0].network
    here = f"eip155:{chain}:{consortium}" in networks
    if len(reports) == 1:
        return Looked(two=False, body=body(reports[0], language, places=PLACES), here=here)
    try:
        return Looked(two=True, body=compare_page.body(compare(*reports), language), here=here)
    except OtherNetwork as error:
        return Wrong(FILES[1], "network", str(error))


def _instead(data: bytes) -> Literal["verified", "page", "unknown"]:
    """What somebody sent in place of a report."""
    kind = other_kind(data)
    if kind is None and not is_damaged(data):
        return "verified"
    return "page" if kind == "web-page" else "unknown"


def _of_the_house(visit: Visit) -> bool:
    """Whether somebody looks who reads for the whole member."""
    caller = visit.caller
    return caller is not None and caller.whole_member and caller.may("read")


async def _page(visit: Visit, parts: AuditParts, *, status: int = 200, **given: Any) -> Response:
    """The page. problem: what was wrong with the request; wrong: with a file."""
    shown = await to_thread.run_sync(parts.newest.look)
    if shown.opened and not _of_the_house(visit):
        shown = Shown("opened", shown.made)
    values: dict[str, Any] = {"problem": None, "wrong": None}
    return visit.page(
        "audit/page.html",
        status=status,
        **(values | given),
        shown=shown,
        body=shown.bodies.get(visit.language.code, ""),
        most=MAX_AUDITED,
        trust=visit.request.app.state.verify_desk.verifying.trust,
    )
