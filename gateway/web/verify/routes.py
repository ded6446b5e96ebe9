"""`/verify`: anybody drops a file and is told what it is worth."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import Depends, Path, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gateway.base.errors import NotReady
from gateway.base.policy import Purpose, decide
from gateway.http.limits import address_of
from gateway.http.problems import Problem
from gateway.reports.routes import ReportParts
from gateway.verifying.asking import read_question
from gateway.verifying.desk import Asker, Desk, Job, Judged
from gateway.web.kinds import Other, other_kind
from gateway.web.routing import page_router
from gateway.web.typed import number, report_number
from gateway.web.verify.form import read
from gateway.web.verify.paper import Paper, about, convenience, draw
from gateway.web.verify.problems import has
from gateway.web.verify.sheets import Speaker
from gateway.web.verify.shown import command, sheet_of
from gateway.web.visits import Anybody, Visit, demand_own, told_of
from ledger.core.canonical import hex32
from ledger.core.errors import InputError
from ledger.core.report_content import is_number
from ledger.records.schema import known_schemas

PATIENCE: Final = 5.0
"""Seconds that a page waits for what is nearly done, before it says that it waits."""
LOOK: Final = 0.02
_KEY: Final = "^[0-9a-f]{32}$"

router = page_router()


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.verify_desk
    return desk


Here = Annotated[Desk, Depends(_desk)]
Key = Annotated[str, Path(pattern=_KEY)]


@router.get("/verify")
async def form(
    visit: Anybody, desk: Here, report: Annotated[str | None, Query(max_length=64)] = None
) -> Response:
    """Where a file is dropped, or the number of a report on paper is typed."""
    if report is None:
        return _form(visit, desk)
    typed = report_number(report)
    if is_number(typed):
        return visit.go(f"/r/{typed}")
    return _form(visit, desk, status=422, number=report.strip())


@router.post("/verify")
async def take(visit: Anybody, desk: Here) -> Response:
    """Take a file in, and go on to what is said of it."""
    demand_own(visit.request)
    asked: Mapping[str, str] = {}
    try:
        with desk.receive(_asker(visit)) as receiving:
            _demand_short(visit, receiving.asker)
            sent = await read(visit.request, receiving)
            visit.demand_csrf(sent.csrf())
            asked, data = sent.asked(), sent.file()
            if (other := other_kind(data)) is not None:
                return _form(visit, desk, status=422, asked=asked, other=other)
            question = read_question(asked.items())
            key = receiving.judge(sent.name, data, question, asked)
    except (Problem, NotReady, InputError) as error:
        if isinstance(error, Problem) and error.code == "form-foreign":
            raise
        status, problem = told_of(error)
        return _form(visit, desk, status=status, asked=asked, problem=problem)
    return visit.go(f"/verify/{key}")


@router.get("/verify/{key}.pdf")
async def paper(key: Key, visit: Anybody, desk: Here) -> Response:
    """What was said of a file, to keep."""
    judged = await _judged(_job(key, visit, desk))
    if judged is None:
        return visit.go(f"/verify/{key}")
    say = Speaker(visit.language.code)
    trust = desk.verifying.trust
    made = Paper(
        judged=judged,
        sheet=await run_in_threadpool(sheet_of, judged, say.language.code),
        network=trust.reference,
        digest=hex32(trust.digest),
        node=_node(visit),
        command=command(judged.name, judged.asked, await run_in_threadpool(_holder, visit, judged)),
    )
    data = await run_in_threadpool(draw, made, say)
    return visit.file(data, "application/pdf", f"{judged.name}.verified.pdf")


@router.get("/verify/{key}")
async def result(key: Key, visit: Anybody, desk: Here) -> Response:
    """What is said of a file, or that it is still being judged."""
    job = _job(key, visit, desk)
    judged = await _judged(job)
    if judged is None:
        return visit.page("verify/waiting.html", file=job.name, key=key)
    say, trust = Speaker(visit.language.code), desk.verifying.trust
    holder = await run_in_threadpool(_holder, visit, judged)
    return visit.page(
        "verify/result.html",
        key=key,
        judged=judged,
        sheet=await run_in_threadpool(sheet_of, judged, say.language.code),
        about=about(judged, say),
        convenience=convenience(_node(visit), say),
        command=command(judged.name, judged.asked, holder),
        network=trust.reference,
        digest=hex32(trust.digest),
        way=None if holder is None or judged.fetched else f"{holder}/verify",
    )


def _holder(visit: Visit, judged: Judged) -> str | None:
    """The node that has the receipt of a report whose promise is past its time: this one, which has
    judged by it, or the issuer's."""
    if judged.fetched:
        own: str = visit.request.app.state.about.endpoint
        return own.rstrip("/")
    told = judged.told
    if not has(told, "report-overdue"):
        return None
    parts: ReportParts = visit.request.app.state.reports
    there = parts.elsewhere.told(told["number"])
    return None if there is None or there[1] is None else there[1].rstrip("/")


def _job(key: str, visit: Visit, desk: Desk) -> Job:
    job = desk.find(key, _asker(visit))
    if job is None:
        raise Problem("not-found", _GONE)
    return job


_GONE: Final = {
    "zh": "核验结果只保留半小时，且只给核验者看；本成员有多个网关的，结果可能在另一个网关上。"
    "请重新核验文件；再次出现时请告诉本节点的运维人员。",
    "en": "What was said of a file is kept for half an hour, for whoever had it judged; where this"
    " member has several gateways it may be at another one. Verify the file again, and where that"
    " ends here as well tell the operator of this node.",
}


async def _judged(job: Job) -> Judged | None:
    """What was said; None: it takes longer. Raises NotReady."""
    until = time.monotonic() + PATIENCE
    while not job.future.done():
        if time.monotonic() > until:
            return None
        await asyncio.sleep(LOOK)
    return job.future.result()


def _asker(visit: Visit) -> Asker:
    """Somebody with a token that may read is asked for by that; all others are strangers here."""
    caller = visit.caller
    if caller is not None and decide(caller, Purpose.SHOW).allowed:
        return Asker(f"token/{caller.id}", stranger=False)
    return Asker(address_of(visit.request.scope), stranger=True)


def _most(visit: Visit, asker: Asker) -> int:
    settings = visit.request.app.state.ctx.settings
    return min(asker.most, int(settings.http.max_file_bytes))


def _demand_short(visit: Visit, asker: Asker) -> None:
    """Refuse what says of itself that it is too long, before it comes. Raises Problem."""
    declared = visit.request.headers.get("content-length", "")
    length = number(declared)
    if isinstance(length, int) and length > _most(visit, asker) + MAX_FORM:
        raise Problem("too-large")


MAX_FORM: Final = 64 << 10
"""Bytes of a form beside its file."""


def _form(visit: Visit, desk: Desk, *, status: int = 200, **given: Any) -> Response:
    """The form, with what was wrong. asked: what was typed; other: what a file is instead."""
    values: dict[str, Any] = {"asked": {}, "other": None, "problem": None, "number": None}
    asker, other = _asker(visit), given.get("other")
    known: Other | None = other
    return visit.page(
        "verify/form.html",
        status=status,
        **(values | given | {"other": known}),
        most=_most(visit, asker),
        stranger=asker.stranger,
        types=[(one.name, one.title) for one in known_schemas()],
        endpoint=visit.request.app.state.about.endpoint.rstrip("/"),
        command=command("receipt.json", {}),
        network=desk.verifying.trust.reference,
        digest=hex32(desk.verifying.trust.digest),
    )


def _node(visit: Visit) -> str:
    return visit.language.named(visit.pages.name, visit.pages.code)
