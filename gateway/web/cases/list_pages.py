"""`/desk/cases`: the cases that one may see, and finding one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from fastapi import Query
from starlette.responses import Response

from gateway.web.cases.looking import name_in, named_records, shown_record
from gateway.web.cases.words import words
from gateway.web.routing import page_router
from gateway.web.visits import Refused, Signed, Visit, told_of

PAGE: Final = 20
"""Cases of a page; each that is about a record of ours is shown with its document number."""
SOON: Final = 2
"""Days that are left of what is due soon."""
MOST_PAGES: Final = 10_000
Kind = Literal["", "repair", "objection", "own"]
Due = Literal["", "overdue", "soon"]

router = page_router()


@router.get("/desk/cases")
async def cases(
    visit: Signed,
    kind: Kind = "",
    state: Annotated[str, Query(max_length=24, pattern="^[a-z-]*$")] = "",
    due: Due = "",
    *,
    mine: bool = False,
    record: Annotated[str, Query(max_length=64)] = "",
    page: Annotated[int, Query(ge=1, le=MOST_PAGES)] = 1,
) -> Response:
    """The list, by kind, state, deadline and whose it is."""
    asked = {"kind": kind, "state": state, "due": due, "mine": mine, "record": record}
    return await _page(visit, asked, page)


@router.post("/desk/cases/find")
async def find(visit: Signed) -> Response:
    """A case by its number or the QR of its receipt, or those about a record that a document number
    names. By POST: a number of a document may hold what belongs into no address."""
    form = await visit.form()
    what = str(form.get("what", ""))[:300].strip()
    authority = str(form.get("authority", ""))[:64].strip()
    name = name_in(what)
    if name is not None:
        return visit.go(await _found(visit, name))
    wrong = None
    if what and authority:
        try:
            records = await named_records(visit, what, authority)
            if records:
                return visit.go(f"/desk/cases?record={records[0]}")
        except Refused as error:
            wrong = told_of(error)[1]
    given = {"what": what, "authority": authority, "wrong": wrong}
    return await _page(visit, _ALL, 1, sought=given)


_ALL: Final[Mapping[str, Any]] = {"kind": "", "state": "", "due": "", "mine": False, "record": ""}


async def _found(visit: Visit, name: str) -> str:
    """Where a name leads: a case, else the cases of a record."""
    try:
        await visit.get(f"/v1/cases/{name}")
    except Refused as error:
        if error.code != "not-found":
            raise
        return f"/desk/cases?record={name}"
    return f"/desk/cases/{name}"


async def _page(
    visit: Visit,
    asked: Mapping[str, Any],
    number: int,
    sought: Mapping[str, Any] | None = None,
) -> Response:
    if visit.caller is None or not visit.caller.may("read"):
        return visit.page("desk/cases.html")  # says what such a token can do
    mine = "true" if asked["mine"] else None
    overdue = "true" if asked["due"] == "overdue" else None
    told = await visit.get("/v1/cases", state=asked["state"] or None, overdue=overdue, mine=mine)
    found = [one for one in told["cases"] if _is_asked(one, asked)]
    rows = found[(number - 1) * PAGE : number * PAGE]
    return visit.page(
        "desk/cases.html",
        rows=[await _with_record(visit, one) for one in rows],
        count=len(found),
        more=told["more"],
        asked=asked,
        number=number,
        pages=max(1, -(-len(found) // PAGE)),
        sought=sought,
        words=words,
    )


def _is_asked(one: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    if asked["kind"] and one["kind"] != asked["kind"]:
        return False
    if asked["record"] and one["record"] != asked["record"]:
        return False
    left = one["stage"]["left"]
    return asked["due"] != "soon" or (left is not None and left <= SOON)


async def _with_record(visit: Visit, one: Mapping[str, Any]) -> Mapping[str, Any]:
    ours = one.get("owner", visit.pages.code) == visit.pages.code
    return {**one, "shown": await shown_record(visit, one["record"]) if ours else None}
