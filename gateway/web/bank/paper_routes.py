"""`/bank/authorisations…`: authorisations that this member holds, or keeps for others."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

import orjson
from fastapi import Path, Query
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from gateway.web.bank import words
from gateway.web.bank.common import base, code_of, status_of, texts, upload, wrong_of
from gateway.web.explorer.parts import Ledger, tried
from gateway.web.routing import page_router
from gateway.web.visits import Refused, Signed, Visit
from ledger.core.errors import InputError
from ledger.core.keys import Role

router = page_router()
Name = Annotated[str, Path(alias="authorisation", pattern="^[0-9a-f]{64}$")]
_JSON = "application/json"
_NO_FILE = {"zh": "请选择文件", "en": "choose a file"}
_NO_TYPE = {
    "zh": "请至少选择一类，与授权书一致",
    "en": "choose at least one, as the firm has signed",
}


@router.get("/bank/authorisations")
async def listed(
    visit: Signed, before: Annotated[int | None, Query(ge=1, le=2**53)] = None, done: str = ""
) -> Response:
    """All that may be seen, the newest first."""
    page = await visit.get("/v1/authorisations", before=before, limit=50)
    return _list(visit, page, done=done)


@router.post("/bank/authorisations")
async def of_subject(visit: Signed) -> Response:
    """Those of one subject."""
    form = await visit.form()
    typed = str(form.get("code", ""))[:64]
    empty: dict[str, Any] = {"items": [], "next": None, "unreadable": 0}
    try:
        body = {"subject": code_of(form)}
        page = await visit.ask("POST", "/v1/authorisations/find", json=body)
    except (InputError, Refused) as error:
        return _list(visit, empty, typed=typed, error=error)
    return _list(visit, page, typed=typed)


@router.post("/bank/authorisations/take")
async def take(visit: Signed) -> Response:
    """Take the opening of one that was made for this member."""
    form = await visit.form()
    try:
        found = await upload(form, "opening")
        if found is None:
            raise InputError("opening", "body-form", _NO_FILE)
        path, headers = "/v1/authorisations/held", {"content-type": _JSON}
        told = await visit.ask("POST", path, content=found[1], headers=headers)
    except (InputError, Refused) as error:
        page = await visit.get("/v1/authorisations", limit=50)
        return _list(visit, page, error=error)
    return visit.go(f"/bank/authorisations/{told['authorisation']}")


@router.get("/bank/authorisations/new")
async def new(visit: Signed, ledger: Ledger) -> Response:
    """Where one is noted that a subject has signed."""
    given = {"types": [], "regions": list(words.REGIONS), "key": secrets.token_hex(16)}
    return await _new(visit, ledger, given)


@router.post("/bank/authorisations/new")
async def grant(visit: Signed, ledger: Ledger) -> Response:
    """Keep what a subject has signed, with the document."""
    form = await visit.form()
    names = ("subject", "grantee", "purpose", "from", "until", "key")
    given: dict[str, Any] = {one: str(form.get(one, ""))[:64].strip() for one in names}
    given |= {"types": texts(form, "types"), "regions": texts(form, "regions")}
    try:
        told = await _granted(visit, form, given)
    except (InputError, Refused) as error:
        return await _new(visit, ledger, given, error)
    return visit.go(f"/bank/authorisations/{told['authorisation']}")


@router.get("/bank/authorisations/{authorisation}")
async def show(visit: Signed, name: Name) -> Response:
    """One of them, with who asked at this node under it."""
    return await _show(visit, name)


@router.get("/bank/authorisations/{authorisation}/opening.json")
async def opening(visit: Signed, name: Name) -> Response:
    """Its opening, as a file for the grantee."""
    answer = await visit.fetch("GET", f"/v1/authorisations/{name}/opening")
    return visit.file(answer.content, _JSON, f"authorisation-{name[:12]}.json")


@router.post("/bank/authorisations/{authorisation}/revoke")
async def revoke(visit: Signed, name: Name) -> Response:
    """Take it back."""
    await visit.form()
    try:
        await visit.ask("POST", f"/v1/authorisations/{name}/revoke")
    except Refused as error:
        return await _show(visit, name, error)
    return visit.go(f"/bank/authorisations/{name}")


async def _granted(visit: Visit, form: FormData, given: dict[str, Any]) -> Any:
    told = {one: given[one] for one in given if one != "key"}
    if not told["types"]:
        raise InputError("types", "body-form", _NO_TYPE)
    docs = [
        ("doc", (one.filename or "doc", await one.read(), one.content_type))
        for one in form.getlist("doc")
        if isinstance(one, UploadFile) and one.filename
    ]
    if not docs:
        raise InputError("doc", "body-form", _NO_FILE)
    headers = {"Idempotency-Key": given["key"]} if given["key"] else {}
    data = {"authorisation": orjson.dumps(told).decode()}
    return await visit.ask("POST", "/v1/authorisations", data=data, files=docs, headers=headers)


def keeps(visit: Visit) -> bool:
    """Whether this member may keep authorisations for others: a bureau or a province."""
    return bool(visit.pages.roles() & (Role.BUREAU | Role.PROVINCE))


def _list(
    visit: Visit,
    page: dict[str, Any],
    *,
    typed: str = "",
    done: str = "",
    error: InputError | Refused | None = None,
) -> Response:
    values = base(visit, "authorisations") | {
        "page": page,
        "typed": typed,
        "keeps": keeps(visit),
        "done": done,
        "wrong": None if error is None else wrong_of(error),
    }
    status = status_of(error)
    return visit.page("bank/authorisations.html", status=status, **values)


async def _new(
    visit: Visit,
    ledger: Ledger,
    given: dict[str, Any],
    error: InputError | Refused | None = None,
) -> Response:
    read = await tried(ledger.members())
    members = read.value["members"] if read.value else ()
    values = base(visit, "authorisations") | {
        "given": given,
        "grantees": [
            one["code"]
            for one in members
            if one["status"] == "active" and one["code"] != visit.pages.code
        ],
        "families": words.families(),
        "keeps": keeps(visit),
        "wrong": None if error is None else wrong_of(error),
    }
    return visit.page("bank/grant.html", status=status_of(error), **values)


async def _show(visit: Visit, name: str, error: Refused | None = None) -> Response:
    one = await visit.get(f"/v1/authorisations/{name}")
    asked = await visit.get(f"/v1/authorisations/{name}/queries", limit=50)
    values = base(visit, "authorisations") | {
        "one": one,
        "asked": asked,
        "families": words.families(),
        "wrong": None if error is None else wrong_of(error),
    }
    status = status_of(error)
    return visit.page("bank/authorisation.html", status=status, **values)
