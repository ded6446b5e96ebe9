"""`/desk` and `/desk/templates`: files are handed in, and what to fill in is had."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.base.context import Context
from gateway.base.policy import Scope
from gateway.files.routes import XLSX
from gateway.http.problems import Problem
from gateway.web.desk.receiving import Receiving, Sent
from gateway.web.routing import page_router
from gateway.web.visits import HEADERS, Anybody, Signed, Visit, demand_own, told_of
from ledger.records.template import by_name, fillable, offered, template

NEWEST: Final = 5
"""Files that the first page shows."""
_INSTEAD: Final[tuple[tuple[Scope, str], ...]] = (
    ("release", "/desk/release"),
    ("decide", "/desk/cases"),
    ("read", "/desk/records"),
    ("consent", "/bank"),
    ("product", "/bank"),
)
"""Where those begin who hand no files in: first what waits for them and for nobody else."""

router: APIRouter = page_router()


@router.get("/desk")
async def desk(visit: Signed) -> Response:
    """Hand in files; the last ones."""
    if visit.caller is not None and not visit.caller.may("submit"):
        for scope, path in _INSTEAD:
            if visit.caller.may(scope):
                return visit.go(path)
    return await _hand_in(visit)


async def _hand_in(visit: Visit, problem: dict[str, Any] | None = None) -> Response:
    newest = await visit.ask("POST", "/v1/files/find", json={"limit": NEWEST})
    return visit.page(
        "desk/hand_in.html",
        status=200 if problem is None else problem["status"],
        newest=newest["files"],
        types=offered(),
        most=max_file_bytes(visit.request),
        problem=problem,
    )


def max_file_bytes(request: Request) -> int:
    """Bytes of a file that are taken, with the form round it."""
    ctx: Context = request.app.state.ctx
    return ctx.settings.http.max_file_bytes


@router.post("/desk/files")
async def hand_in(visit: Anybody) -> Response:
    """Take files, one or several. A script is answered with JSON: `{files: [{name, page}…]}`."""
    wants_json = "application/json" in visit.request.headers.get("accept", "")
    demand_own(visit.request)
    if visit.session is None:
        async for _ in visit.request.stream():  # a browser that still sends would not read on
            continue
        login = "/login?next=/desk&ended=1"
        if wants_json:
            return _json(visit, 401, {"login": visit.url(login)})
        return visit.go(login)
    if wants_json:
        return await _answer_script(visit)
    sent = await Receiving(visit).all()
    if not sent:
        return await _hand_in(visit, _nothing_chosen())
    wrong = [one for one in sent if one.problem is not None]
    if wrong:
        told = [_told(one) for one in sent]
        return visit.page("desk/sent.html", status=wrong[0].status, sent=told)
    return visit.go(f"/desk/files/{sent[0].id}" if len(sent) == 1 else "/desk/files")


async def _answer_script(visit: Visit) -> Response:
    try:
        sent = await Receiving(visit).all()
    except Problem as error:
        status, problem = told_of(error)
        return _json(visit, status, {"problem": _words(visit, problem)})
    files = [
        {"name": one.name, "page": one.id and visit.url(f"/desk/files/{one.id}")}
        | ({} if one.problem is None else {"problem": _words(visit, _told(one)["problem"])})
        for one in sent
    ]
    return _json(visit, 200, {"files": files})


def _words(visit: Visit, problem: dict[str, Any]) -> str:
    """A problem as a sentence."""
    found: str = visit.language.of(problem.get("text") or problem["title"])
    return found


def _told(one: Sent) -> dict[str, Any]:
    from_interface = {} if one.problem is None else dict(one.problem)
    return {
        "name": one.name,
        "id": one.id,
        "problem": from_interface
        and {**from_interface, "title": from_interface.get("text") or from_interface["title"]},
    }


def _json(visit: Visit, status: int, value: dict[str, Any]) -> Response:
    return JSONResponse(value, status, headers=dict(HEADERS))


def _nothing_chosen() -> dict[str, Any]:
    problem = Problem("schema-invalid", _NOTHING)
    return problem.as_dict() | {"title": dict(_NOTHING)}


_NOTHING: Final = {
    "zh": "没有选择文件。请选择一个或几个文件后再点“报送”",
    "en": "No file was chosen. Choose one or several, and then send them",
}


@router.get("/desk/templates")
async def templates(visit: Signed) -> Response:
    """The blank workbooks, by type."""
    rows = [{"schema": one, "columns": len(fillable(one))} for one in offered()]
    return visit.page("desk/templates.html", rows=rows)


@router.get("/desk/templates/{name}.xlsx")
async def blank(visit: Signed, name: str) -> Response:
    """One of them."""
    schema = by_name(name)
    if schema is None:
        raise Problem("not-found")
    data = await run_in_threadpool(template, schema)
    title = schema.title["zh"] if visit.language.code == "zh" else schema.name
    return visit.file(data, XLSX, f"{title}.xlsx")
