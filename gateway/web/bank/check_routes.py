"""`/bank/checks…` and `/bank/feedback`: many subjects for one matter, and what was done about
them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Annotated, Any

import orjson
from fastapi import Path
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from gateway.web.bank.bundles import view_of
from gateway.web.bank.common import (
    HEX,
    WRONG_CODE,
    asker,
    base,
    library_of,
    runs_of,
    status_of,
    text,
    texts,
    upload,
    who,
    wrong_of,
)
from gateway.web.bank.runs import Run
from gateway.web.bank.tables import XLSX, answers_table, archive
from gateway.web.bank.words import families
from gateway.web.fields import in_words
from gateway.web.routing import page_router
from gateway.web.visits import Refused, Signed, Visit, told_of
from ledger.core.authorisation import SUBJECT
from ledger.core.errors import InputError
from ledger.records import uscc

router = page_router()
Name = Annotated[str, Path(alias="run", pattern="^[0-9a-f]{32}$")]
_USE = re.compile("[0-9a-f]{32}")
"""The number of a question as pages show it."""
PIECE = 20
"""Subjects of one call, as of the command line."""
AGAIN_SECONDS = 2.0
PATIENCE = 60
"""Times that a piece is sent again where the node is busy."""
_LATER = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
_NO_NUMBER = {
    "zh": "授权编号须为 64 位小写十六进制",
    "en": "the number of an authorisation has 64 lower-case hexadecimal digits",
}
_NO_FILE = {"zh": "请选择表格文件", "en": "choose a table"}
_NO_MATTER = {"zh": "请填写事项", "en": "say what matter it is for"}


@router.get("/bank/checks")
async def checks(visit: Signed) -> Response:
    """Where a check begins, and those of before."""
    return _form(visit, {})


@router.post("/bank/checks")
async def begin(visit: Signed) -> Response:
    """Read the table, and begin."""
    form = await visit.form()
    given: dict[str, Any] = {one: str(form.get(one, ""))[:200] for one in ("purpose", "matter")}
    given["types"] = texts(form, "types")
    try:
        given["matter"] = text(form, "matter")
        if not given["matter"]:
            raise InputError("matter", "body-form", _NO_MATTER)
        rows = await _rows(visit, await upload(form, "file"), "/v1/checks/table")
        run = _begin(visit, given, rows)
    except (InputError, Refused) as error:
        return _form(visit, given, error)
    return visit.go(f"/bank/checks/{run.id}")


@router.get("/bank/checks/{run}")
async def show(visit: Signed, name: Name) -> Response:
    """How far it is."""
    run = runs_of(visit).find(who(visit), name)
    return visit.page("bank/check.html", run=run, **base(visit, "checks"))


@router.get("/bank/checks/{run}/result.xlsx")
async def result(visit: Signed, name: Name) -> Response:
    """What was answered so far, as a workbook."""
    run = runs_of(visit).find(who(visit), name)
    data = await run_in_threadpool(answers_table, run, visit.language.code)
    return visit.file(data, XLSX, f"checks-{name[:12]}.xlsx")


@router.get("/bank/checks/{run}/bundles.zip")
async def bundles(visit: Signed, name: Name) -> Response:
    """The bundle of each, for the matter's file: signed answers with their receipts."""
    run = runs_of(visit).find(who(visit), name)
    files = []
    for line in run.lines:
        if line["use"] is not None:
            answer = await visit.fetch("GET", f"/v1/uses/{line['use']}")
            files.append((f"{line['code']}.json", answer.content))
    data = await run_in_threadpool(archive, files)
    return visit.file(data, "application/zip", f"bundles-{name[:12]}.zip")


@router.get("/bank/feedback")
async def feedback(visit: Signed) -> Response:
    """Where a table of measures is sent."""
    return visit.page("bank/feedback.html", rows=None, **base(visit, "feedback"))


@router.post("/bank/feedback")
async def send_feedback(visit: Signed) -> Response:
    """State the rows of a table; those with something wrong are told one by one."""
    form = await visit.form()
    values = base(visit, "feedback")
    try:
        rows = await _rows(visit, await upload(form, "file"), "/v1/feedback/table")
        names = ("query", "day", "matter", "measure", "result")
        given = [{name: row[name] for name in names if name in row} for row in rows]
        meant = [(at, one) for at, row in enumerate(given) for one in await _each(visit, row)]
        sent = [row for _, row in meant]
        told = await visit.ask("POST", "/v1/feedback", json={"rows": sent})
    except (InputError, Refused) as error:
        values["wrong"] = wrong_of(error)
        return visit.page("bank/feedback.html", status=status_of(error), rows=None, **values)
    found: dict[int, dict[str, Any]] = {}
    for one in told["rows"]:
        at = meant[one["n"]][0]
        row = found.setdefault(at, {"row": rows[at]["row"], "errors": [], "known": True})
        row["errors"] = row["errors"] or [in_words(fault, "message") for fault in one["errors"]]
        row["known"] = row["known"] and bool(one["known"])
    return visit.page("bank/feedback.html", rows=list(found.values()), **values)


async def _each(visit: Visit, row: dict[str, Any]) -> list[dict[str, Any]]:
    """A row once for each province that answered, where it names a question as pages show it; as
    it is where it names one answer, or nothing that is here."""
    if not _USE.fullmatch(str(row.get("query", "")).strip().lower()):
        return [row]
    name = row["query"].strip().lower()
    try:
        data = (await visit.fetch("GET", f"/v1/uses/{name}")).content
    except Refused:
        return [row]
    view = await run_in_threadpool(view_of, data, library_of(visit))
    return [row | {"query": query} for query in view["queries"].values()] or [row]


def _form(
    visit: Visit, given: dict[str, Any], error: InputError | Refused | None = None
) -> Response:
    values = base(visit, "checks") | {
        "given": {"purpose": "", "matter": "", "types": []} | given,
        "families": families(),
        "runs": runs_of(visit).of(who(visit), "check"),
        "wrong": None if error is None else wrong_of(error),
    }
    return visit.page("bank/checks.html", status=status_of(error), **values)


async def _rows(visit: Visit, found: tuple[str, bytes] | None, path: str) -> Any:
    if found is None:
        raise InputError("file", "body-form", _NO_FILE)
    return (await visit.ask("POST", path, files={"file": found}))["rows"]


def _begin(visit: Visit, given: dict[str, Any], rows: list[dict[str, Any]]) -> Run:
    inside, token, client = visit.pages.inside, who(visit), asker(visit)
    asked = {name: given[name] for name in ("purpose", "matter")}
    if given["types"]:
        asked["types"] = given["types"]

    async def piece(run: Run, some: list[dict[str, Any]]) -> Refused | None:
        good = [row for row in some if _wrong_with(row) is None]
        body = asked | {"subjects": [_subject(row) for row in good]}
        left = iter(some)
        if good:
            path = "/v1/checks/subjects"
            stream = inside.stream("POST", path, token=token, client=client, json=body)
            async with stream as answer:
                if answer.refused:
                    told = b"".join([one async for one in answer.lines()])
                    return Refused(answer.status, orjson.loads(told))
                async for line in answer.lines():
                    _skip(run, left)
                    run.lines.append(orjson.loads(line))
        _skip(run, left)
        return None

    async def work(run: Run) -> None:
        tries = 0
        while len(run.lines) < len(rows):
            refused = await piece(run, rows[len(run.lines) : len(run.lines) + PIECE])
            if refused is None:
                tries = 0
            elif refused.status in _LATER and tries < PATIENCE:
                tries += 1
                await asyncio.sleep(AGAIN_SECONDS)
            else:
                run.problem = told_of(refused)[1]
                return

    run = runs_of(visit).begin(token, "check", asked | {"total": len(rows)}, work)
    run.rows = rows
    return run


def _skip(run: Run, left: Iterator[dict[str, Any]]) -> None:
    """Say of rows that cannot be asked about why, up to the next one that can, which is taken."""
    for row in left:
        wrong = _wrong_with(row)
        if wrong is None:
            return
        problem = {"code": "body-form", "message": dict(wrong)}
        run.lines.append({"code": row.get("code", ""), "use": None, "problem": problem})


def _wrong_with(row: dict[str, Any]) -> Mapping[str, str] | None:
    """Why a row cannot be asked about: one of them must not hold up the others."""
    if not SUBJECT.fullmatch(uscc.normalise(row.get("code", ""))):
        return WRONG_CODE
    paper = row.get("authorisation")
    return None if paper is None or HEX.fullmatch(paper) else _NO_NUMBER


def _subject(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("code", "authorisation") if name in row}
