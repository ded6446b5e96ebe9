"""`/r/{number}`: the page that the QR of a report leads to. It works without a script but for
unsealing; with one, which is ours alone, the key stays in the browser."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from gateway.reports.routes import Here, Number, bounded, paced, tried
from gateway.web.routing import page_router
from gateway.web.visits import Anybody, Visit, demand_own
from ledger.core.report_content import is_number

MAX_RECEIPTS: Final = 100
"""That a page hands out with what a share shows; programs get all (`POST /v1/report-shares`)."""

router = page_router()


@router.get("/r/{number}")
def page(number: Number, visit: Anybody, parts: Here) -> Response:
    """The page of a report."""
    return _page(visit, number, parts.elsewhere.told(number))


@router.post("/r/{number}")
async def page_checked(number: Number, visit: Anybody, parts: Here) -> Response:
    """The same with what is said of a code, or what a share shows. Whoever has the code may know,
    with a session or without."""
    demand_own(visit.request)
    there = await run_in_threadpool(parts.elsewhere.told, number)
    if there is not None:
        return _page(visit, number, there)
    form = parse_qs(bounded(await visit.request.body()).decode("ascii", "replace"))
    async with paced(visit.request, parts, None) as asker:
        state, view = await run_in_threadpool(tried, parts, number, form, asker)
    return _shown(visit, number, state=state, view=view)


def _page(visit: Visit, number: str, there: tuple[str, str | None] | None) -> Response:
    if not is_number(number):
        return _shown(visit, number, status=404, state="unknown")
    if there is None:
        return _shown(visit, number)
    issuer, url = there
    link = None if url is None else f"{url.rstrip('/')}/r/{number}"
    state = "elsewhere-unknown" if link is None else "elsewhere"
    return _shown(visit, number, state=state, link=link, issuer=issuer)


def _shown(
    visit: Visit,
    number: str,
    *,
    status: int = 200,
    state: str | None = None,
    link: str | None = None,
    issuer: str | None = None,
    view: Mapping[str, Any] | None = None,
) -> Response:
    """state: what is said of it; link: where to ask instead; view: what a share shows of it."""
    receipts = list((view or {}).get("receipts", {}).items())[:MAX_RECEIPTS]
    return visit.page(
        "report/page.html",
        status=status,
        number=number,
        state=state,
        link=link,
        issuer=issuer,
        view=view,
        receipts={int(line): b64encode(text.encode()).decode() for line, text in receipts},
    )
