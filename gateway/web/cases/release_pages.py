"""`/desk/release`: what one person proposed and another one releases, or sends back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from starlette.responses import Response

from gateway.base.policy import Purpose
from gateway.base.policy import decide as policy
from gateway.web.cases.looking import demand_name, differences, shown_record
from gateway.web.cases.words import words
from gateway.web.routing import page_router
from gateway.web.typed import number
from gateway.web.visits import Refused, Signed, Visit, told_of

MOST: Final = 50
"""Proposals of a page, the oldest first; each is shown with its record."""
What = Literal["cases", "records"]

router = page_router()


@router.get("/desk/release")
async def waiting(visit: Signed) -> Response:
    """What waits."""
    _demand(visit)
    found = (await visit.get("/v1/cases", state="proposed"))["cases"]
    files = (await visit.get("/v1/case-files"))["files"]
    rows = [
        {**one, "shown": await shown_record(visit, one["record"]), "path": _path(one)}
        for one in found[:MOST]
    ]
    waits = [one for one in files if one["state"] == "proposed"]
    return visit.page("desk/release.html", rows=rows, count=len(found), files=waits, words=words)


@router.get("/desk/release/files/{file}")
async def file(visit: Signed, file: str, released: bool = False) -> Response:
    """A file that decides about many records. released: just now, by whoever looks."""
    _demand(visit)
    return await _file_page(visit, file, released=released)


@router.post("/desk/release/files/{file}")
async def release_file(visit: Signed, file: str) -> Response:
    """Release all that it proposes and that was seen."""
    form = await visit.form()
    seen = str(form.get("proposed", ""))[:12]
    params = {"proposed": seen} if seen else {}
    try:
        await visit.ask("POST", f"/v1/case-files/{file}/release", params=params)
    except Refused as error:
        status, wrong = told_of(error)
        return await _file_page(visit, file, wrong=wrong, status=status)
    return visit.go(f"/desk/release/files/{file}?released=true")


@router.get("/desk/release/{what}/{name}")
async def one(visit: Signed, what: What, name: str) -> Response:
    """What exactly would be released."""
    _demand(visit)
    return await _page(visit, what, demand_name(name))


@router.get("/desk/release/{what}/{name}/documents/{n}")
async def document(visit: Signed, what: What, name: str, n: int, proposal: int) -> Response:
    """A document of it."""
    told = await _told(visit, what, demand_name(name))
    path = f"/v1/{what}/{name}/proposed/documents/{n}"
    found = await visit.fetch("GET", path, params={"proposal": proposal})
    docs = (told["proposed"] or {}).get("docs", ())
    kept = docs[n]["name"] if n < len(docs) else f"{n}.pdf"
    return visit.file(found.content, "application/octet-stream", kept)


@router.post("/desk/release/{what}/{name}")
async def release(visit: Signed, what: What, name: str) -> Response:
    """Release what was seen."""
    form = await visit.form()
    name = demand_name(name)
    params = {"proposal": str(form.get("proposal", ""))[:20]}
    try:
        told = await visit.ask("POST", f"/v1/{what}/{name}/release", params=params)
    except Refused as error:
        status, wrong = told_of(error)
        return await _page(visit, what, name, wrong=wrong, status=status)
    return visit.go(f"/desk/cases/{told['case']}")


@router.post("/desk/release/{what}/{name}/send-back")
async def send_back(visit: Signed, what: What, name: str) -> Response:
    """Send it back, with the reason."""
    form = await visit.form()
    name = demand_name(name)
    reason = str(form.get("reason", "")).strip()
    value: dict[str, Any] = {"proposal": number(str(form.get("proposal", "")))}
    try:
        await visit.ask("POST", f"/v1/{what}/{name}/send-back", json={**value, "reason": reason})
    except Refused as error:
        status, wrong = told_of(error)
        return await _page(visit, what, name, wrong=wrong, status=status, reason=reason)
    return visit.go("/desk/release")


async def _file_page(
    visit: Visit,
    file: str,
    *,
    released: bool = False,
    wrong: Mapping[str, Any] | None = None,
    status: int = 200,
) -> Response:
    told = await visit.get(f"/v1/case-files/{file}")
    found = await visit.get(f"/v1/case-files/{file}/rows")
    rows = []
    for n, row in enumerate(found["rows"]):
        shown = other = None
        if row["record"] and n < MOST:
            shown = await shown_record(visit, row["record"])
        if shown is not None and shown["supersededBy"]:
            other = await shown_record(visit, shown["supersededBy"])
        rows.append({**row, "shown": shown, "other": other, "differs": differences(shown, other)})
    return visit.page(
        "desk/release_file.html",
        status=status,
        told=told,
        rows=rows,
        more=found["next"] is not None,
        released=released,
        wrong=wrong,
        words=words,
    )


def _demand(visit: Visit) -> None:
    """Raise NotAllowed unless the caller may release anything."""
    if visit.caller is not None:
        policy(visit.caller, Purpose.RELEASE).demand()


def _path(one: Mapping[str, Any]) -> str:
    own = one["kind"] == "own"
    return f"records/{one['record']}" if own else f"cases/{one['case']}"


async def _told(visit: Visit, what: What, name: str) -> Mapping[str, Any]:
    path = f"/v1/cases/{name}" if what == "cases" else f"/v1/records/{name}/decision"
    told: Mapping[str, Any] = await visit.get(path)
    return told


async def _page(
    visit: Visit,
    what: What,
    name: str,
    *,
    wrong: Mapping[str, Any] | None = None,
    status: int = 200,
    reason: str = "",
) -> Response:
    told = await _told(visit, what, name)
    proposed = told["proposed"]
    other = None
    if proposed and proposed.get("toRecord"):
        other = await shown_record(visit, proposed["toRecord"])
    shown = await shown_record(visit, told["record"])
    return visit.page(
        "desk/release_one.html",
        status=status,
        told=told,
        what=what,
        name=name,
        shown=shown,
        other=other,
        differs=differences(shown, other),
        wrong=wrong,
        reason=reason,
        words=words,
    )
