"""`/desk/reports`: special credit reports at the counter."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Final

from fastapi import Query
from starlette.responses import Response

from gateway.base.clock import Clock
from gateway.base.policy import ALWAYS, Purpose, Record
from gateway.base.policy import decide as policy
from gateway.http.problems import Problem
from gateway.reports.interfaces import MAX_TERM, VALID_DAYS
from gateway.web.routing import page_router
from gateway.web.typed import number as typed_number
from gateway.web.visits import Refused, Signed, Visit, told_of

YEARS: Final = 3
"""For which a report is offered first."""
CHECKS: Final = ("identity", "wish")
"""What the clerk has looked at before a report is made."""
_NOT_CHECKED: Final = {
    "zh": "请先核验身份证明和企业的申请或委托，并逐项勾选",
    "en": "Look at the identity paper and at the firm's wish first, and tick both",
}

router = page_router()


@router.get("/desk/reports")
async def reports(
    visit: Signed, before: Annotated[int | None, Query(ge=0, le=2**53)] = None
) -> Response:
    """Make one, and those that were made."""
    return await _page(visit, {}, before=before)


@router.post("/desk/reports")
async def make(visit: Signed) -> Response:
    """Make one. It is handed out once and kept by nobody, so it is in the answer itself."""
    form = await visit.form()
    given = {name: str(form.get(name, "")).strip() for name in ("code", "from", "to", *CHECKS)}
    chosen = [str(one) for one in form.getlist("fields")]
    if not all(given[name] for name in CHECKS):
        wrong = Problem("schema-invalid", _NOT_CHECKED).as_dict() | {"title": _NOT_CHECKED}
        return await _page(visit, given, wrong=wrong, status=422, chosen=chosen)
    asked: dict[str, Any] = {name: given[name] for name in ("code", "from", "to")}
    if chosen:
        asked["fields"] = chosen
    try:
        made = await visit.fetch("POST", "/v1/reports", json=asked)
    except Refused as error:
        status, wrong = told_of(error)
        return await _page(visit, given, wrong=wrong, status=status, chosen=chosen)
    return visit.page(
        "desk/report_made.html",
        number=made.headers["credit-ledger-report"],
        code=made.headers["credit-ledger-code"],
        pdf=b64encode(made.content).decode(),
        endpoint=visit.request.app.state.about.endpoint.rstrip("/"),
        size=len(made.content),
    )


@router.get("/desk/reports/{number}")
async def report(visit: Signed, number: str) -> Response:
    """One report: its shares."""
    return await _shares(visit, number)


@router.post("/desk/reports/{number}/shares")
async def share(visit: Signed, number: str) -> Response:
    """Give a share; its code is told once, so it is in the answer itself."""
    form = await visit.form()
    lines = str(form.get("lines", "")).replace("，", ",").replace("、", ",")
    given = {"lines": lines, "until": str(form.get("until", "")).strip()}
    numbers = [one.strip() for one in lines.split(",") if one.strip()]
    chosen = [str(one) for one in form.getlist("fields")]
    value = {
        "fields": chosen,
        "lines": [typed_number(one) for one in numbers],
        "until": given["until"],
    }
    try:
        made = await visit.ask("POST", f"/v1/reports/{_demand(number)}/shares", json=value)
    except Refused as error:
        status, wrong = told_of(error)
        return await _shares(visit, number, given=given, chosen=chosen, wrong=wrong, status=status)
    return await _shares(visit, number, made=made)


@router.post("/desk/reports/{number}/shares/{share_id}/withdraw")
async def withdraw(visit: Signed, number: str, share_id: str) -> Response:
    """End a share."""
    await visit.form()
    await visit.ask("DELETE", f"/v1/reports/{_demand(number)}/shares/{_demand(share_id)}")
    return visit.go(f"/desk/reports/{number}")


def _demand(text: str) -> str:
    """A part of an address. Raises Problem `not-found`."""
    if not text.replace("-", "").replace(".", "").isalnum() or not text.isascii():
        raise Problem("not-found")
    return text


async def _page(
    visit: Visit,
    given: Mapping[str, str],
    *,
    before: int | None = None,
    wrong: Mapping[str, Any] | None = None,
    status: int = 200,
    chosen: list[str] | None = None,
) -> Response:
    _demand_centre(visit)
    today = Clock().today()
    first = today - timedelta(days=365 * YEARS)
    return visit.page(
        "desk/reports.html",
        status=status,
        listed=await visit.get("/v1/reports", before=before),
        fields=(await visit.get("/v1/report-fields"))["fields"],
        given={"from": first.isoformat(), "to": today.isoformat(), **given},
        chosen=chosen or [],
        wrong=wrong,
    )


async def _shares(
    visit: Visit,
    number: str,
    *,
    given: Mapping[str, str] | None = None,
    chosen: list[str] | None = None,
    wrong: Mapping[str, Any] | None = None,
    status: int = 200,
    made: Mapping[str, Any] | None = None,
) -> Response:
    _demand_centre(visit)
    today = Clock().today()
    until = today + timedelta(days=VALID_DAYS)
    fields = (await visit.get("/v1/report-fields"))["fields"]
    return visit.page(
        "desk/report.html",
        status=status,
        number=number,
        shares=(await visit.get(f"/v1/reports/{_demand(number)}/shares"))["items"],
        fields=fields,
        titles={one["id"]: one["title"] for one in fields},
        given={"until": until.isoformat(), "lines": "", **(given or {})},
        first=today.isoformat(),
        last=(today + timedelta(days=MAX_TERM)).isoformat(),
        endpoint=visit.request.app.state.about.endpoint.rstrip("/"),
        chosen=chosen or [],
        wrong=wrong,
        made=made,
    )


def _demand_centre(visit: Visit) -> None:
    """Raise NotAllowed unless the caller makes reports."""
    if visit.caller is not None:
        record = Record(department=None, decided=ALWAYS)
        policy(visit.caller, Purpose.CREDIT_REPORT, record).demand()
