"""`/bank/watch…`: subjects and records that are followed, and what changed last."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from gateway.web.bank.bundles import view_of
from gateway.web.bank.common import base, code_of, library_of, status_of, text, texts, wrong_of
from gateway.web.bank.words import families
from gateway.web.routing import page_router
from gateway.web.visits import Refused, Signed, Visit
from ledger.core.authorisation import GOVERNMENT
from ledger.core.errors import InputError

router = page_router()
Subject = Annotated[str, Path(alias="subject", pattern="^[0-9a-f]{32}$")]
Record = Annotated[str, Path(alias="record", pattern="^[0-9a-f]{64}$")]
Use = Annotated[str, Path(alias="use", pattern="^[0-9a-f]{32}$")]
CHANGES = 50
"""Changes that are shown."""


@router.get("/bank/watch")
async def watch(visit: Signed, done: str = "") -> Response:
    """All that is followed."""
    return await _list(visit, done=done)


@router.post("/bank/watch/subjects")
async def follow_subject(visit: Signed) -> Response:
    """Follow a subject."""
    form = await visit.form()
    given = {one: str(form.get(one, ""))[:64].strip() for one in _FIELDS}
    try:
        body: dict[str, Any] = {"code": code_of(form), "purpose": given["purpose"]}
        body |= {"authorisation": given["authorisation"]} if given["authorisation"] else {}
        body |= {"types": texts(form, "types")} if texts(form, "types") else {}
        await visit.ask("POST", "/v1/watched-subjects", json=body)
    except (InputError, Refused) as error:
        return await _list(visit, error=error, given=given)
    return visit.go("/bank/watch?done=subject")


@router.post("/bank/uses/{use}/watch")
async def follow_asked(visit: Signed, name: Use) -> Response:
    """Follow the subject of a question, under the same authorisation."""
    await visit.form()
    data = (await visit.fetch("GET", f"/v1/uses/{name}")).content
    view = await run_in_threadpool(view_of, data, library_of(visit))
    found = await visit.ask("POST", "/v1/uses/find", json={"code": view["subject"]})
    one = next((each for each in found["items"] if each["id"] == name), None)
    body: dict[str, Any] = {"code": view["subject"], "purpose": view["purpose"]}
    body["types"] = view["types"]
    if one is not None:
        body["purpose"] = one["purpose"]
        body |= {"authorisation": one["authorisation"]} if one["authorisation"] else {}
    try:
        await visit.ask("POST", "/v1/watched-subjects", json=body)
    except Refused as error:
        given = {"code": view["subject"], "purpose": body["purpose"] or "", "authorisation": ""}
        return await _list(visit, error=error, given=given)
    return visit.go("/bank/watch?done=subject")


@router.post("/bank/uses/{use}/watch-records")
async def follow_listed(visit: Signed, name: Use) -> Response:
    """Follow each record of an answer, for which no authorisation is needed."""
    await visit.form()
    data = (await visit.fetch("GET", f"/v1/uses/{name}")).content
    view = await run_in_threadpool(view_of, data, library_of(visit))
    try:
        for record in dict.fromkeys(one["record"] for one in view["records"] if one["record"]):
            await visit.ask("POST", "/v1/watched-records", json={"record": record})
    except Refused as error:
        return await _list(visit, error=error)
    return visit.go("/bank/watch?done=records")


@router.post("/bank/watch/subjects/{subject}/remove")
async def unfollow_subject(visit: Signed, name: Subject) -> Response:
    """Follow it no longer."""
    await visit.form()
    await visit.ask("DELETE", f"/v1/watched-subjects/{name}")
    return visit.go("/bank/watch?done=removed")


@router.post("/bank/watch/records")
async def follow_record(visit: Signed) -> Response:
    """Follow a record."""
    form = await visit.form()
    given = {"record": str(form.get("record", ""))[:100].strip()}
    try:
        await visit.ask("POST", "/v1/watched-records", json={"record": text(form, "record")})
    except (InputError, Refused) as error:
        return await _list(visit, error=error, given=given)
    return visit.go("/bank/watch?done=record")


@router.post("/bank/watch/records/{record}/remove")
async def unfollow_record(visit: Signed, name: Record) -> Response:
    """Follow it no longer."""
    await visit.form()
    await visit.ask("DELETE", f"/v1/watched-records/{name}")
    return visit.go("/bank/watch?done=removed")


_FIELDS = ("code", "purpose", "authorisation")


async def _list(
    visit: Visit,
    *,
    done: str = "",
    error: InputError | Refused | None = None,
    given: dict[str, str] | None = None,
) -> Response:
    subjects = (await visit.get("/v1/watched-subjects"))["items"]
    records = (await visit.get("/v1/watched-records"))["items"]
    changes = (await visit.get("/v1/watch/latest", limit=CHANGES))["items"]
    values = base(visit, "watch") | {
        "subjects": subjects,
        "records": records,
        "changes": changes,
        "codes": {one["subject"]: one["code"] for one in subjects},
        "government": GOVERNMENT,
        "families": families(),
        "given": dict.fromkeys((*_FIELDS, "record"), "") | (given or {}),
        "done": done,
        "wrong": None if error is None else wrong_of(error),
    }
    return visit.page("bank/watch.html", status=status_of(error), **values)
