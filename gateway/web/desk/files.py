"""`/desk/files…`: files of all days, and one of them with its rows."""

from __future__ import annotations

import re
from asyncio import sleep
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from math import ceil
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from starlette.datastructures import FormData
from starlette.responses import Response

from gateway.files.upload import MAX_NAME
from gateway.http.problems import Problem
from gateway.web.carrying import PAGE
from gateway.web.desk.hand_in import max_file_bytes
from gateway.web.desk.receipts import PART, receipts_of
from gateway.web.routing import page_router
from gateway.web.typed import number
from gateway.web.visits import Refused, Signed, Visit

ROWS: Final = 50
"""Of one page."""
LOOKS: Final = 12
LOOK_SECONDS: Final = 0.25
"""How often, and how far apart, a workbook that is being made is looked for before its page says
so: three seconds are less than people wait for a download."""
ENDED: Final = ("done", "failed")
BACK: Final = ("rejected", "conflict")
TAKEN: Final = ("accepted", "duplicate")
_SHOWN: Final[Mapping[str, tuple[str, ...]]] = {
    "back": BACK,
    "taken": TAKEN,
    "all": (*TAKEN, *BACK),
    **{verdict: (verdict,) for verdict in (*TAKEN, *BACK)},
}
_STATES: Final = ("queued", "running", "done", "failed")
_BEFORE: Final = re.compile("[0-9]{1,12}-[0-9a-f]{32}")
_FIELDS: Final = ("name", "since", "until", "state", "by", "before")

router: APIRouter = page_router()


@router.get("/desk/files")
async def listed(visit: Signed) -> Response:
    """The files handed in, with what they are chosen by."""
    return await _list(visit, dict(visit.request.query_params))


@router.post("/desk/files/find")
async def find(visit: Signed) -> Response:
    """The same by a part of their name, which goes into no address: it may tell whom a file is
    about."""
    form = _texts(await visit.form())
    if not form.get("name"):
        kept = {name: text for name, text in form.items() if text and name not in ("csrf", PAGE)}
        query = urlencode(kept)
        return visit.go(f"/desk/files?{query}" if query else "/desk/files")
    return await _list(visit, form)


def _texts(form: FormData) -> dict[str, str]:
    return {name: str(form.get(name, "")).strip() for name in _FIELDS}


async def _list(visit: Visit, given: Mapping[str, str]) -> Response:
    shown = {name: given.get(name, "").strip() for name in _FIELDS}
    wanted, wrong = _wanted(shown)
    if wrong is None:
        found = await visit.ask("POST", "/v1/files/find", json=wanted)
    else:
        found = await visit.ask("POST", "/v1/files/find", json={"limit": 1}) | {"files": []}
    kept = {name: text for name, text in shown.items() if text and name not in ("before", "name")}
    return visit.page(
        "desk/files.html",
        status=200 if wrong is None else 422,
        found=found,
        shown=shown,
        wrong=wrong,
        states=_STATES,
        chosen=any(text for name, text in shown.items() if name != "before"),
        next_query=urlencode(kept | {"before": found["next"] or ""}),
    )


def _wanted(shown: Mapping[str, str]) -> tuple[dict[str, Any], str | None]:
    """What to ask, and the field that is wrong."""
    wanted: dict[str, Any] = {"limit": ROWS}
    if len(shown["name"]) > MAX_NAME:
        return {}, "name"
    wanted["name"] = shown["name"]
    for name in ("since", "until"):
        if shown[name]:
            try:
                wanted[name] = date.fromisoformat(shown[name]).isoformat()
            except ValueError:
                return {}, name
    if shown["since"] and shown["until"] and wanted["since"] > wanted["until"]:
        return {}, "until"
    if shown["state"]:
        if shown["state"] not in _STATES:
            return {}, "state"
        wanted["state"] = shown["state"]
    if shown["by"]:
        sender = number(shown["by"])
        if not (isinstance(sender, int) and 0 < sender < 2**31):
            return {}, "by"
        wanted["by"] = sender
    if _BEFORE.fullmatch(shown["before"]):
        wanted["before"] = shown["before"]
    return wanted, None


Page = Annotated[int, Query(ge=1, le=40_000)]
Word = Annotated[str, Query(max_length=200)]


@dataclass(frozen=True, slots=True)
class Shown:
    """Which rows a page of a file shows. show: by verdict, a word of `_SHOWN`, "": those to be
    corrected where there are any. code, field, is_: an error or a note. rows: whether any is shown;
    what follows the anchoring needs none."""

    show: str
    code: str
    field: str
    is_: str
    page: int
    rows: bool

    def wanted(self, show: str) -> dict[str, Any]:
        """What to ask. show: by verdict, a word of `_SHOWN`."""
        wanted = {"verdict": _SHOWN[show], "offset": (self.page - 1) * ROWS, "limit": ROWS}
        return wanted | self.said()

    def said(self) -> dict[str, str]:
        """The error or note; empty where it is any."""
        named = {"code": self.code, "field": self.field, "is": self.is_}
        return named if self.code else {}


def _shown(
    show: Word = "",
    code: Word = "",
    field: Word = "",
    kind: Annotated[Literal["error", "note"], Query(alias="is")] = "error",
    page: Page = 1,
    *,
    rows: bool = True,
) -> Shown:
    return Shown(show=show, code=code, field=field, is_=kind, page=page, rows=rows)


@router.get("/desk/files/{file}")
async def one(visit: Signed, file: str, shown: Annotated[Shown, Depends(_shown)]) -> Response:
    """One file: how far it is, what became of its rows, what to do."""
    told = await visit.get(f"/v1/files/{_own(file)}/summary")
    ended = told["state"] in ENDED
    back = sum(told["counts"][verdict] for verdict in BACK)
    show = shown.show if shown.show in _SHOWN else "back" if back and not shown.code else "all"
    found = None
    if ended and shown.rows and told["rows"]:
        found = await visit.get(f"/v1/files/{file}/rows", **shown.wanted(show))
    decides = await _decides(visit, file) if ended else None
    before = await _before(visit, told["after"])
    return visit.page(
        "desk/file.html",
        told=told,
        ended=ended,
        taken=sum(told["counts"][verdict] for verdict in TAKEN),
        back=back,
        found=found,
        show=show,
        shown=shown,
        pages=max(1, ceil((found or {"total": 0})["total"] / ROWS)),
        query=urlencode({"show": show} | shown.said()),
        receipts=ceil(sum(told["counts"][verdict] for verdict in TAKEN) / PART),
        before=before,
        decides=decides,
        changed=None if before is None else changes(before, told),
        most=max_file_bytes(visit.request),
    )


async def _decides(visit: Visit, file: str) -> Any:
    """What a file proposes about other records, which another person releases: rows that correct
    one, and exits; None where it does not, or the caller may not look."""
    try:
        return await visit.get(f"/v1/case-files/{file}")
    except Refused:
        return None


async def _before(visit: Visit, file: str | None) -> Any:
    """The file that this one corrects, where it is still kept."""
    if file is None:
        return None
    try:
        return await visit.get(f"/v1/files/{file}/summary")
    except Refused:  # forgotten meanwhile
        return None


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What was wrong in the file that another one corrects, and is now: each error with its rows
    before and after, those that are left first."""
    counts: dict[tuple[str | None, str], dict[str, Any]] = {}
    for at, told in enumerate((before, after)):
        for said in told["said"]:
            if said["is"] == "error":
                new = {**said, "rows": [0, 0]}
                counts.setdefault((said["field"], said["code"]), new)["rows"][at] = said["rows"]
    return sorted(counts.values(), key=lambda one: (-one["rows"][1], -one["rows"][0]))


def _own(file: str) -> str:
    if not re.fullmatch("[0-9a-f]{32}", file):
        raise Problem("not-found")
    return file


@router.get("/desk/files/{file}/correct.xlsx")
async def correct(visit: Signed, file: str) -> Response:
    """The workbook to correct; where it is being made, its file says so."""
    told = await visit.get(f"/v1/files/{_own(file)}/summary")
    name = _named(told["file"], "待更正" if visit.language.code == "zh" else "to correct", "xlsx")
    path = f"/v1/files/{file}/report.xlsx"
    await _begun(visit, told, path)
    return visit.pass_on(path, name, meanwhile=f"/desk/files/{file}#correct")


async def _begun(visit: Visit, told: Mapping[str, Any], path: str) -> None:
    """Begin to make the workbook and wait a little for it: a small one comes by the first click."""
    if told["report"] is not None or told["state"] not in ENDED:
        return
    await visit.fetch("GET", path)
    for _ in range(LOOKS):
        made = await visit.get(f"/v1/files/{told['id']}/summary")
        if made["report"] not in ("queued", "running"):
            return
        await sleep(LOOK_SECONDS)


@router.get("/desk/files/{file}/results.csv")
async def results(visit: Signed, file: str) -> Response:
    """What became of every row, as a table."""
    told = await visit.get(f"/v1/files/{_own(file)}/summary")
    name = _named(told["file"], "结果" if visit.language.code == "zh" else "results", "csv")
    path = f"/v1/files/{file}/results.csv"
    return visit.pass_on(path, name, meanwhile=f"/desk/files/{file}")


@router.get("/desk/files/{file}/answer.json")
async def answer(visit: Signed, file: str) -> Response:
    """The whole answer, as programs read it."""
    told = await visit.get(f"/v1/files/{_own(file)}/summary")
    name = _named(told["file"], "答复" if visit.language.code == "zh" else "answer", "json")
    return visit.pass_on(f"/v1/files/{file}", name)


@router.get("/desk/files/{file}/receipts.zip")
async def receipts(visit: Signed, file: str, part: Page = 1) -> Response:
    """The receipts of the rows taken, a part of them where they are many."""
    told = await visit.get(f"/v1/files/{_own(file)}/summary")
    word = "回执" if visit.language.code == "zh" else "receipts"
    return receipts_of(visit, file, part, _named(told["file"], f"{word} {part}", "zip"))


def _named(file: str, what: str, ending: str) -> str:
    """What a download is called, after the file that it belongs to."""
    stem = file.rpartition(".")[0] or file
    return f"{stem[:80]} {what}.{ending}"
