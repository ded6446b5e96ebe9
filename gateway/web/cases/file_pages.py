"""`/desk/cases/new`: file a case from a record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from fastapi import Query
from starlette.responses import Response

from gateway.base.policy import Purpose, decide
from gateway.web.cases import sent as forms
from gateway.web.cases.looking import name_in, named_records, provinces, shown_record
from gateway.web.cases.words import words
from gateway.web.routing import page_router
from gateway.web.visits import Refused, Signed, Visit, told_of

_FIELDS: Final = ("kind", "reason", "owner", "authority", "channel", "nationalNo", "received")
Kind = Literal["repair", "objection"]

router = page_router()


@router.get("/desk/cases/new")
async def new(
    visit: Signed,
    record: Annotated[str, Query(max_length=64)] = "",
    kind: Kind = "repair",
    owner: Annotated[str, Query(max_length=32)] = "",
) -> Response:
    """The form; without a record, which one it is about."""
    _demand(visit)
    given = {"record": record, "kind": kind, "owner": owner}
    return await _page(visit, {**await forms.begun(visit), "given": given})


@router.post("/desk/cases/new/record")
async def choose(visit: Signed) -> Response:
    """The record that a document number names, or that is named by its own number."""
    _demand(visit)
    form = await visit.form()
    what, kind = str(form.get("what", ""))[:300].strip(), str(form.get("kind", "repair"))[:16]
    authority = str(form.get("authority", ""))[:64].strip()
    given = {"what": what, "authority": authority, "kind": kind}
    name = name_in(what)
    if name is not None:
        return visit.go(f"/desk/cases/new?record={name}&kind={_kind(kind)}")
    try:
        records = await named_records(visit, what or "-", authority or "-")
    except Refused as error:
        return await _page(visit, {**forms.NOTHING, "given": given}, wrong=told_of(error)[1])
    if len(records) == 1:
        return visit.go(f"/desk/cases/new?record={records[0]}&kind={_kind(kind)}")
    found = [await shown_record(visit, one) for one in records]
    several = [one for one in found if one is not None]
    return await _page(visit, {**forms.NOTHING, "given": given}, several=several)


@router.post("/desk/cases/new")
async def file(visit: Signed) -> Response:
    """File it; what was not taken comes back with what was typed and uploaded."""
    caller = _demand(visit)
    async with forms.sent(visit, caller) as form:
        value = form.given(*_FIELDS)
        value["record"] = name_in(form.values.get("record", "")) or form.values.get("record", "")
        try:
            told = await forms.hand_in(visit, "/v1/cases", value, form)
        except Refused as error:
            status, wrong = told_of(error)
            return await _page(
                visit, await forms.keep(visit, caller, form), wrong=wrong, status=status
            )
    if not caller.may("read"):
        return await _page(visit, forms.NOTHING, filed=told["case"])
    return visit.go(f"/desk/cases/{told['case']}")


def _demand(visit: Visit) -> Any:
    """The caller, who may file. Raises NotAllowed."""
    caller = visit.caller
    assert caller is not None  # noqa: S101 - `Signed` has seen to it
    decide(caller, Purpose.FILE_CASE).demand()
    return caller


def _kind(text: str) -> str:
    return "objection" if text == "objection" else "repair"


async def _page(
    visit: Visit,
    kept: Mapping[str, Any],
    *,
    wrong: Mapping[str, Any] | None = None,
    status: int = 200,
    several: list[Mapping[str, Any]] | None = None,
    filed: str | None = None,
) -> Response:
    record = name_in(kept["given"].get("record", ""))
    reads = visit.caller is not None and visit.caller.may("read")
    return visit.page(
        "desk/case_new.html",
        status=status,
        record=record,
        shown=await shown_record(visit, record) if record and reads else None,
        members=await provinces(visit),
        several=several,
        filed=filed,
        wrong=wrong,
        words=words,
        **kept,
    )
