"""`/desk/worklists`: what is to be done, by what it is."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final, Literal

from fastapi import Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from gateway.cases.due import MOST
from gateway.files.routes import XLSX
from gateway.http.problems import Problem
from gateway.web.cases import sent as forms
from gateway.web.cases.due_table import text, workbook
from gateway.web.cases.words import words
from gateway.web.routing import page_router
from gateway.web.visits import Refused, Signed, Visit, told_of

PAGE: Final = 50
"""Lines of a page."""
MOST_IN_FILE: Final = 20_000
"""Records of a download: each is a line in the access log, and one opened."""
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
            files = (await visit.get("/v1/case-files"))["files"]
            counts["proposed"]["number"] += sum(one["state"] == "proposed" for one in files)
        if may("decide"):
            counts["back"] = await _count(visit, state="sent-back")
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
    if is_day(on):
        told = await visit.get("/v1/repairs/due", on=on or None, after=after, limit=PAGE)
    else:
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


@router.get("/desk/worklists/due.{form}")
async def due_file(
    visit: Signed, form: Literal["xlsx", "csv"], on: Annotated[str, Query(max_length=10)] = ""
) -> Response:
    """All of them, as a file. Raises Problem where there are more than one holds."""
    if not is_day(on):
        raise Problem("schema-invalid", _DAY)
    told = await visit.get("/v1/repairs/due", on=on or None, limit=MOST)
    items, after = list(told["items"]), told["next"]
    while after is not None:
        if len(items) > MOST_IN_FILE:
            raise Problem("list-too-large")
        more = await visit.get("/v1/repairs/due", on=told["on"], after=after, limit=MOST)
        items += more["items"]
        after = more["next"]
    made, kind = (workbook, XLSX) if form == "xlsx" else (text, "text/csv")
    data = await run_in_threadpool(made, items, visit.language)
    name = "可修复" if visit.language.code == "zh" else "repairs-due"
    return visit.file(data, kind, f"{name}-{told['on']}.{form}")


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


def is_day(text: str) -> bool:
    """Whether this is one, or nothing."""
    try:
        return not text or bool(date.fromisoformat(text))
    except ValueError:
        return False


async def _count(visit: Visit, **asked: str) -> dict[str, Any]:
    told = await visit.get("/v1/cases", **asked)
    return {"number": len(told["cases"]), "more": told["more"]}


def _may(visit: Visit) -> Any:
    assert visit.caller is not None  # noqa: S101 - `Signed` has seen to it
    return visit.caller.may


_DAY: Final = {"zh": "on：须为 YYYY-MM-DD", "en": "on: is no day YYYY-MM-DD"}
_FILE: Final = {"zh": "请选择文件（xlsx 或 csv）", "en": "Choose a file (xlsx or csv)"}
