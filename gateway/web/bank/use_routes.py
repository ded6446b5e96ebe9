"""`/bank/uses/{use}…` and `/bank/queries…`: what was answered, kept; one's own log of queries."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Annotated, Any

import orjson
from fastapi import Path, Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from gateway.base.context import Context
from gateway.web.bank import words
from gateway.web.bank.bundles import view_of
from gateway.web.bank.common import base, code_of, library_of, status_of, text, wrong_of
from gateway.web.bank.tables import XLSX, queries_table
from gateway.web.routing import page_router
from gateway.web.visits import Refused, Signed, Visit
from ledger.core.errors import InputError
from ledger.records.rules import newest

router = page_router()
Name = Annotated[str, Path(alias="use", pattern="^[0-9a-f]{32}$")]
_FILTERS = ("purpose", "overall", "first", "last")
SHOWN = 50
"""Questions of a page of the log."""
_JSON = "application/json"


@router.get("/bank/uses/{use}")
async def show(visit: Signed, name: Name, now: bool = False, done: str = "") -> Response:
    """A question with what was answered. now: judged once more, by the chain of today."""
    return await _show(visit, name, now=now, done=done)


@router.get("/bank/uses/{use}/bundle.json")
async def bundle(visit: Signed, name: Name) -> Response:
    """The bundle, byte for byte as the interface gives it."""
    answer = await visit.fetch("GET", f"/v1/uses/{name}")
    return visit.file(answer.content, _JSON, f"bundle-{name[:12]}.json")


@router.post("/bank/uses/{use}/decision")
async def decide(visit: Signed, name: Name) -> Response:
    """State what came of it."""
    form = await visit.form()
    try:
        body = {"decision": text(form, "decision")}
        await visit.ask("POST", f"/v1/uses/{name}/decision", json=body)
    except (InputError, Refused) as error:
        return await _show(visit, name, error=error)
    return visit.go(f"/bank/uses/{name}?done=decision#decision")


@router.post("/bank/uses/{use}/feedback")
async def feedback(visit: Signed, name: Name) -> Response:
    """State a measure that was taken, to each province that answered."""
    form = await visit.form()
    told = {one: text(form, one) for one in ("day", "measure", "result", "matter")}
    data = (await visit.fetch("GET", f"/v1/uses/{name}")).content
    view = await run_in_threadpool(view_of, data, library_of(visit))
    rows = [told | {"query": query} for query in view["queries"].values()]
    try:
        answer = await visit.ask("POST", "/v1/feedback", json={"rows": rows})
    except Refused as error:
        return await _show(visit, name, error=error, given=told)
    faults = [fault for one in answer["rows"] for fault in one["errors"]]
    if faults:
        first = faults[0]
        wrong = InputError(first["field"], first["code"], first["message"])
        return await _show(visit, name, error=wrong, given=told)
    return visit.go(f"/bank/uses/{name}?done=feedback#feedback")


async def _show(
    visit: Visit,
    name: str,
    *,
    now: bool = False,
    done: str = "",
    error: InputError | Refused | None = None,
    given: dict[str, str] | None = None,
) -> Response:
    data = (await visit.fetch("GET", f"/v1/uses/{name}")).content
    judged = None
    if now:
        headers = {"content-type": _JSON}
        judged = await visit.ask("POST", "/v1/verify", content=data, headers=headers)
    view = await run_in_threadpool(partial(view_of, data, library_of(visit), judged))
    values = base(visit, "queries") | {
        "use": name,
        "view": view,
        "families": words.families(),
        "measures": [dict(one.name) for one in newest().tables.measures],
        "today": _today(visit).isoformat(),
        "given": given or {},
        "done": done,
        "wrong": None if error is None else wrong_of(error),
    }
    return visit.page("bank/use.html", status=status_of(error), **values)


# ---- the log


@router.get("/bank/queries")
async def queries(
    visit: Signed, before: Annotated[int | None, Query(ge=1, le=2**53)] = None
) -> Response:
    """Questions of one's own, the newest first; `purpose`, `overall`, `first`, `last` filter."""
    given = visit.request.query_params
    return await _log(visit, {one: given.get(one, "") for one in _FILTERS}, before=before)


@router.post("/bank/queries")
async def queries_of(visit: Signed) -> Response:
    """The same about one subject, whose code stands in no address."""
    form = await visit.form()
    told = {one: text(form, one) for one in _FILTERS}
    given = str(form.get("code", ""))[:64]
    try:
        code = code_of(form) if given.strip() else None
    except InputError as error:
        return await _log(visit, told, error=error, typed=given)
    return await _log(visit, told, code=code, typed=given)


@router.get("/bank/queries/export.xlsx")
async def export(visit: Signed, first: str = "", last: str = "") -> Response:
    """All that was asked at this node on some days, for the supervisor."""
    today = _today(visit)
    first, last = first or today.replace(day=1).isoformat(), last or today.isoformat()
    answer = await visit.fetch("GET", "/v1/queries", params={"first": first, "last": last})
    lines = [orjson.loads(line) for line in answer.content.splitlines() if line]
    data = await run_in_threadpool(queries_table, lines, visit.language.code)
    return visit.file(data, XLSX, f"queries-{first}-{last}.xlsx")


async def _log(
    visit: Visit,
    told: dict[str, str],
    *,
    before: int | None = None,
    code: str | None = None,
    typed: str = "",
    error: InputError | Refused | None = None,
) -> Response:
    wanted: dict[str, Any] = {name: value for name, value in told.items() if value}
    wanted |= {"limit": SHOWN}
    if before is not None:
        wanted["before"] = before
    if code is not None:
        wanted["code"] = code
    page: dict[str, Any] = {"items": [], "next": None}
    if error is None:
        try:
            page = await visit.ask("POST", "/v1/uses/find", json=wanted)
        except Refused as refused:
            if refused.code != "schema-invalid":
                raise
            error = refused
    month = _today(visit).replace(day=1)
    values = base(visit, "queries") | {
        "told": told | {"code": typed},
        "page": page,
        "month": month.isoformat(),
        "today": _today(visit).isoformat(),
        "wrong": None if error is None else wrong_of(error),
    }
    return visit.page("bank/queries.html", status=status_of(error), **values)


def _today(visit: Visit) -> date:
    ctx: Context = visit.request.app.state.ctx
    return ctx.clock.today()
