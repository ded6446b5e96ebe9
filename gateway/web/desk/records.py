"""`/desk/records…`: records by subject or number, and one of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import Response

from gateway.http.problems import Problem
from gateway.web.desk.receipts import receipt as receipt_of
from gateway.web.routing import page_router
from gateway.web.typed import number
from gateway.web.visits import Refused, Signed, Visit
from ledger.records import schema as schemas

_FIELDS: Final = ("subject", "document", "authority", "before")
_LIMIT: Final = 50
_STILL_TOLD: Final = ("content-archived", "content-closed", "content-erased")
"""Refusals of a record's content whose status is everybody's."""
_OK: Final = 200

router: APIRouter = page_router()


@router.get("/desk/records")
async def search(visit: Signed) -> Response:
    """The form."""
    if visit.caller is not None and not visit.caller.may("read"):
        raise Problem("scope-missing", extra={"scope": "read"})
    return _page(visit, dict.fromkeys(_FIELDS, ""))


@router.post("/desk/records")
async def find(visit: Signed) -> Response:
    """What was found. By POST and without an address of its own: a code in one would stand in logs
    and in the memory of the browser."""
    form = await visit.form()
    shown = {name: str(form.get(name, "")).strip() for name in _FIELDS}
    wanted: dict[str, Any] = {name: shown[name] for name in _FIELDS[:3] if shown[name]}
    if "document" not in wanted:
        wanted.pop("authority", None)
    if isinstance(before := number(shown["before"]), int):
        wanted["before"] = before
    try:
        found = await visit.ask("POST", "/v1/records/find", json=wanted | {"limit": _LIMIT})
    except Refused as error:
        if error.code != "schema-invalid":
            raise
        return _page(visit, shown, wrong=error.problem, status=422)
    return _page(visit, shown, found=found)


def _page(
    visit: Visit,
    shown: Mapping[str, str],
    *,
    found: Any = None,
    wrong: Mapping[str, Any] | None = None,
    status: int = 200,
) -> Response:
    needs_authority = visit.caller is not None and not visit.caller.authorities
    return visit.page(
        "desk/records.html",
        status=status,
        shown=shown,
        found=found,
        wrong=wrong,
        titles=titles(),
        needs_authority=needs_authority,
    )


def titles() -> dict[str, Mapping[str, str]]:
    """What types of records are called, by name."""
    return {schema.name: schema.title for schema in schemas.known_schemas()}


@router.get("/desk/records/{leaf}")
async def one(visit: Signed, leaf: str) -> Response:
    """One record: its fields as whoever looks may see them, its status and how that came."""
    refused, record = None, None
    try:
        record = await visit.get(f"/v1/records/{_own(leaf)}")
    except Refused as error:
        if error.code not in _STILL_TOLD:
            raise
        refused = {**error.problem, "title": error.problem["text"]}
    status = await visit.get(f"/v1/records/{leaf}/status")
    return visit.page(
        "desk/record.html",
        record=record,
        refused=refused,
        leaf=leaf,
        fields=[]
        if record is None
        else _fields(record, "；" if visit.language.code == "zh" else "; "),
        title=None if record is None else titles().get(record["type"]),
        told=status,
        changes=await visit.get(f"/v1/records/{leaf}/changes"),
        members=await visit.get("/v1/statuses/acknowledgements") if status["version"] else [],
    )


def _fields(record: Mapping[str, Any], comma: str) -> list[tuple[Mapping[str, str], str, str]]:
    """Name, code and value of each, in the order of the standard."""
    schema = schemas.find(record["type"], int(record["schema"]))
    values = {
        code: value if isinstance(value, str) else comma.join(value)
        for code, value in record["fields"].items()
    }
    if schema is None:
        return [({"zh": code, "en": code}, code, value) for code, value in values.items()]
    return [
        ({"zh": field.zh, "en": field.en}, field.code, values[field.code])
        for field in schema.fields
        if field.code in values
    ]


@router.get("/desk/records/{leaf}/receipt")
async def receipt(visit: Signed, leaf: str) -> Response:
    """Its receipt to keep; where there is none yet, its page says so."""
    status, data = await receipt_of(visit, _own(leaf))
    if status != _OK:
        return visit.page("desk/no_receipt.html", status=202, leaf=leaf)
    return visit.file(data, "application/json", f"receipt-{leaf[:16]}.json")


def _own(leaf: str) -> str:
    if not re.fullmatch("[0-9a-f]{64}", leaf):
        raise Problem("not-found")
    return leaf
