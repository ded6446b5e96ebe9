"""`/desk/worklists`: what is to be done, by what it is."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final

from fastapi import Query
from starlette.responses import Response

from gateway.files.routes import XLSX
from gateway.http.problems import Problem
from gateway.web.cases import sent as forms
from gateway.web.cases.words import words
from gateway.web.routing import page_router
from gateway.web.visits import Refused, Signed, Visit, told_of

PAGE: Final = 50
"""Lines of a page."""
RETURNS: Final = "/desk/worklists/returns"

router = page_router()


@router.get("/desk/worklists")
async def worklists(visit: Signed) -> Response:
    """All of them, with how much there is."""
    may = _may(visit)
    counts: dict[str, Any] = {}
    if may("read"):
        for name, asked in (
            ("overdue", {"overdue": "true"}),
            ("mine", {"mine": "true", "overdue": "true"}),
        ):
            counts[name] = await _count(visit, **asked)
        behind = await visit.get("/v1/statuses/acknowledgements")
        counts["behind"] = sum(one["behind"] > 0 for one in behind)
        if may("release"):
            counts["proposed"] = await _count(visit, state="proposed")
    return visit.page("desk/worklists.html", counts=counts)


@router.get("/desk/worklists/due")
async def due(
    visit: Signed,
    on: Annotated[str, Query(max_length=10)] = "",
    after: Annotated[int, Query(ge=0, le=2**53)] = 0,
) -> Response:
    """Records that may be repaired, and for which nobody has applied."""
    told = wrong = None
    status = 200
    try:
        if on:
            date.fromisoformat(on)
        told = await visit.get("/v1/repairs/due", on=on or None, after=after, limit=PAGE)
    except ValueError:
        status, wrong = 422, Problem("schema-invalid", _DAY).as_dict() | {"field": "on"}
        wrong |= {"title": wrong["text"]}
    return visit.page(
        "desk/worklist_due.html",
        status=status,
        told=told,
        on=on,
        after=after,
        wrong=wrong,
        words=words,
    )


@router.get("/desk/worklists/acknowledgements")
async def acknowledgements(visit: Signed) -> Response:
    """How far each province has carried out what was decided."""
    told = await visit.get("/v1/statuses/acknowledgements")
    return visit.page("desk/worklist_acknowledgements.html", told=told, words=words)


@router.get(RETURNS)
async def returns(visit: Signed) -> Response:
    """Where the list of returned rows is handed in."""
    return visit.page("desk/worklist_returns.html", told=None, wrong=None)


@router.post(RETURNS)
async def answer_returns(visit: Signed) -> Response:
    """Which record each returned row means, or the workbook to correct them. Nothing is kept, so
    there is nothing to go on to."""
    assert visit.caller is not None  # noqa: S101 - `Signed` has seen to it
    async with forms.sent(visit, visit.caller) as form:
        if not form.docs:
            wrong = Problem("schema-invalid", _FILE).as_dict() | {"field": "file", "title": _FILE}
            return visit.page("desk/worklist_returns.html", status=422, told=None, wrong=wrong)
        files = {"file": (form.docs[0].name, form.docs[0].data)}
        workbook = form.values.get("as") == "xlsx"
        headers = {"Accept": XLSX} if workbook else {}
        try:
            found = await visit.fetch("POST", "/v1/returns", files=files, headers=headers)
        except Refused as error:
            status, wrong = told_of(error)
            return visit.page("desk/worklist_returns.html", status=status, told=None, wrong=wrong)
    if workbook:
        return visit.file(found.content, XLSX, "returned.xlsx")
    return visit.page("desk/worklist_returns.html", told=found.json(), wrong=None)


async def _count(visit: Visit, **asked: str) -> dict[str, Any]:
    told = await visit.get("/v1/cases", **asked)
    return {"number": len(told["cases"]), "more": told["more"]}


def _may(visit: Visit) -> Any:
    assert visit.caller is not None  # noqa: S101 - `Signed` has seen to it
    return visit.caller.may


_DAY: Final = {"zh": "on：须为 YYYY-MM-DD", "en": "on: is no day YYYY-MM-DD"}
_FILE: Final = {"zh": "请选择文件（xlsx 或 csv）", "en": "Choose a file (xlsx or csv)"}
