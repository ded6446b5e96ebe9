"""`/firm`: what a firm sees of itself, by number and code of its report.

For strangers. What they type goes by POST alone, and what comes back is on the page that answers:
no address holds a number or a code.
"""

from __future__ import annotations

from typing import Any, Final

from starlette.datastructures import FormData
from starlette.responses import Response

from gateway.reports.routes import ReportParts
from gateway.web.bank import words
from gateway.web.forms import read_form
from gateway.web.routing import page_router
from gateway.web.typed import number, report_number
from gateway.web.visits import Anybody, Refused, Visit, demand_own, told_of
from ledger.cli.case_words import CASE_STATES, CLASSES, STAGES
from ledger.cli.case_words import KINDS as CASE_KINDS
from ledger.core.texts import Text

router = page_router()
MAX_TYPED: Final = 100
_FIELDS: Final = ("number", "code", "authorisation")


@router.get("/firm")
async def firm(visit: Anybody) -> Response:
    """Where number and code are typed, and how to come by a report."""
    return _page(visit, dict.fromkeys(_FIELDS, ""))


@router.post("/firm")
async def own(visit: Anybody) -> Response:
    """What the firm sees."""
    given, form = await _given(visit)
    found, wrong, status = await _found(visit, given)
    if found is None:
        return _page(visit, given, wrong=wrong, status=status)
    line = number(str(form.get("line", "")))
    if isinstance(line, int):
        for field in found["fields"]:
            for one in field["lines"]:
                if one["line"] == line:
                    where = counters(found["subject"]["code"], found["issuer"])
                    values = {"view": found, "line": one, "where": where, "words": words}
                    return visit.page("firm/objection.html", **values)
    return _page(visit, given, view=found)


def counters(code: str, issuer: str) -> list[Text]:
    """Provinces whose counters file an objection: where the firm is registered, and whose record it
    is."""
    home = f"{code[2:4]}0000"
    names = [home, issuer] if home in words.REGIONS else [issuer]
    return [words.REGIONS.get(one) or words.member_name(one) for one in dict.fromkeys(names)]


async def _given(visit: Visit) -> tuple[dict[str, str], FormData]:
    if visit.session is None:
        demand_own(visit.request)
        form = await read_form(visit.request, holder=None, max_fields=8)
    else:
        form = await visit.form()
    given = {name: str(form.get(name, ""))[:MAX_TYPED].strip() for name in _FIELDS}
    given["number"] = report_number(given["number"]) if given["number"] else ""
    return given, form


async def _found(
    visit: Visit, given: dict[str, str]
) -> tuple[dict[str, Any] | None, dict[str, Any] | None, int]:
    """What is shown, or the problem and its status."""
    body = {name: given[name] for name in _FIELDS if name != "authorisation" or given[name]}
    try:
        found: dict[str, Any] = await visit.ask("POST", "/v1/report-owners", json=body)
    except Refused as error:
        status, problem = told_of(error)
        return None, problem, status
    return found, None, 200


def _page(
    visit: Visit,
    given: dict[str, str],
    *,
    view: dict[str, Any] | None = None,
    wrong: dict[str, Any] | None = None,
    status: int = 200,
) -> Response:
    parts: ReportParts = visit.request.app.state.reports
    return visit.page(
        "firm/firm.html",
        others=parts.elsewhere.others(words.REGIONS),
        status=status,
        given=given,
        view=view,
        wrong=wrong,
        words=words,
        states=CASE_STATES,
        stages=STAGES,
        kinds=CASE_KINDS,
        classes=CLASSES,
    )
