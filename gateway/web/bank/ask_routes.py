"""`/bank`, `/bank/ask…`: a question to all provinces.

A code never stands in an address: it comes by POST, and its page is that of a run or of a question
of one's own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import orjson
from starlette.datastructures import FormData
from starlette.responses import Response

from gateway.http.inside import Streamed
from gateway.web.bank import words
from gateway.web.bank.common import (
    asker,
    base,
    code_of,
    doubt_of,
    runs_of,
    status_of,
    text,
    texts,
    who,
    wrong_of,
)
from gateway.web.bank.runs import Run
from gateway.web.routing import page_router
from gateway.web.visits import Refused, Signed, Visit, told_of
from ledger.core.errors import InputError

router = page_router()
NEWEST = 8
"""Questions on the first page."""
PATIENCE = 3.0
"""Seconds that the answer to the form waits for all; then its page says who is waited for."""


@router.get("/bank")
async def home(visit: Signed) -> Response:
    """Where a question begins, and the newest questions; for who may not ask, what it may."""
    may = base(visit, "ask")["may"]
    if not may["read"]:
        return visit.go("/bank/authorisations" if may["consent"] else "/bank/products")
    return await _form(visit, {})


@router.post("/bank/ask")
async def choose(visit: Signed) -> Response:
    """The second step: the authorisation, of those in force for that subject, and what is asked."""
    form = await visit.form()
    given = _given(form)
    try:
        given["code"] = code_of(form)
        return await _choose(visit, given)
    except (InputError, Refused) as error:
        return await _form(visit, given, error)


@router.post("/bank/ask/send")
async def send(visit: Signed) -> Response:
    """Ask. With a script its page follows what comes; without one the answer waits for all, for
    some seconds."""
    form = await visit.form()
    given = _given(form)
    try:
        given["code"] = code_of(form)
        given["matter"] = text(form, "matter")
    except InputError as error:
        return await _form(visit, given, error)
    run = _begin(visit, given, _asked(given))
    with suppress(TimeoutError):  # a province that is silent keeps nobody from the others' answers
        await asyncio.wait_for((run.heard if text(form, "live") else run.over).wait(), PATIENCE)
    if run.problem is not None:
        return await _choose(visit, given, run.problem)
    return visit.go(f"/bank/uses/{run.use}" if run.use else f"/bank/asking/{run.id}")


@router.get("/bank/asking/{name}")
async def asking(visit: Signed, name: str) -> Response:
    """What has come so far."""
    run = runs_of(visit).find(who(visit), name)
    if run.use is None:
        return visit.page("bank/asking.html", run=run, **base(visit, "ask"))
    answer = visit.go(f"/bank/uses/{run.use}")
    if "hx-request" in visit.request.headers:  # a script follows no redirect to another page
        answer = visit.page("bank/asking.html", run=run, **base(visit, "ask"))
        answer.headers["HX-Redirect"] = visit.url(f"/bank/uses/{run.use}")
    return answer


def _given(form: FormData) -> dict[str, Any]:
    """What was typed, as it was."""
    return {
        "code": str(form.get("code", ""))[:64],
        "purpose": str(form.get("purpose", ""))[:32],
        "authorisation": str(form.get("authorisation", ""))[:64].strip(),
        "types": texts(form, "types"),
        "matter": str(form.get("matter", ""))[:400],
    }


def _asked(given: dict[str, Any]) -> dict[str, Any]:
    """The body for the interface."""
    asked = {name: given[name] for name in ("code", "purpose", "matter")}
    for name in ("authorisation", "types"):
        if given[name]:
            asked[name] = given[name]
    return asked


def _begin(visit: Visit, given: dict[str, Any], asked: dict[str, Any]) -> Run:
    inside, token, client = visit.pages.inside, who(visit), asker(visit)

    async def work(run: Run) -> None:
        path = "/v1/uses/live"
        async with inside.stream("POST", path, token=token, client=client, json=asked) as answer:
            lines = [orjson.loads(line) async for line in _heard(run, answer)]
        if answer.refused:
            run.problem = told_of(Refused(answer.status, lines[0]))[1]

    told = {"code": given["code"], "purpose": given["purpose"]}
    return runs_of(visit).begin(token, "question", told, work)


async def _heard(run: Run, answer: Streamed) -> AsyncIterator[bytes]:
    """What comes, noted in the run."""
    async for line in answer.lines():
        if not answer.refused:
            _note(run, orjson.loads(line))
            run.heard.set()
        yield line


def _note(run: Run, line: dict[str, Any]) -> None:
    if "problem" in line:
        problem = line["problem"]
        run.problem = told_of(Refused(problem["status"], problem))[1]
    elif "use" in line:
        run.use = line["use"]
    else:
        why = line["reason"] and words.word(words.MISSING, line["reason"])
        run.members[line["member"]] = line | {
            "name": words.member_name(line["member"]),
            "why": why,
        }


async def _form(
    visit: Visit, given: dict[str, Any], error: InputError | Refused | None = None
) -> Response:
    newest = await visit.ask("POST", "/v1/uses/find", json={"limit": NEWEST})
    values = base(visit, "ask") | {"given": given, "newest": newest["items"]}
    if error is None:
        return visit.page("bank/ask.html", **values)
    return visit.page(
        "bank/ask.html", status=status_of(error), **values | {"wrong": wrong_of(error)}
    )


async def _choose(
    visit: Visit, given: dict[str, Any], wrong: dict[str, Any] | None = None
) -> Response:
    values = base(visit, "ask")
    papers = None
    if values["may"]["consent"]:
        body = {"subject": given["code"]}
        found = await visit.ask("POST", "/v1/authorisations/find", json=body)
        own = visit.pages.code
        papers = [
            one
            for one in found["items"]
            if one["state"] == "in-force"
            and one["purpose"] == given["purpose"]
            and one["grantee"] == own
        ]
    values |= {
        "given": given,
        "papers": papers,
        "families": words.families(),
        "doubt": doubt_of(given["code"]),
        "wrong": wrong,
    }
    status = 200 if wrong is None else wrong.get("status", 422)
    return visit.page("bank/choose.html", status=status, **values)
