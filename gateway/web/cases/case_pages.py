"""`/desk/cases/{case}`: a case with its clock, its steps and papers, and what may be done now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from starlette.responses import Response

from gateway.web.cases.looking import demand_name, shown_record
from gateway.web.cases.words import words
from gateway.web.routing import page_router
from gateway.web.visits import Refused, Signed, Visit
from ledger.core.opening import parse_opening

IN_FLIGHT: Final = ("waiting", "signed", "sent")

router = page_router()


@router.get("/desk/cases/{case}")
async def case(visit: Signed, case: str) -> Response:
    """All of it."""
    name = demand_name(case)
    told = await _told(visit, name)
    ours = told["owner"] == visit.pages.code
    return visit.page(
        "desk/case.html",
        told=told,
        ours=ours,
        shown=await shown_record(visit, told["record"]) if ours else None,
        steps=await _steps(visit, name, told["steps"]),
        acts=buttons(told),
        moves=moves(told),
        words=words,
    )


@router.get("/desk/cases/{case}/progress")
async def progress(visit: Signed, case: str) -> Response:
    """What moves by itself: acts on their way to the chain, and who has carried them out. It is
    asked again and again, so nothing of the content is opened for it."""
    told = await _told(visit, demand_name(case))
    return visit.page("desk/case_progress.html", told=told, moves=moves(told), words=words)


@router.get("/desk/cases/{case}/receipt.pdf")
async def receipt(visit: Signed, case: str) -> Response:
    """The paper that whoever filed takes home."""
    name = demand_name(case)
    found = await visit.fetch("GET", f"/v1/cases/{name}/receipt.pdf")
    return visit.file(found.content, "application/pdf", f"{name[:16]}.pdf")


@router.get("/desk/cases/{case}/steps/{step}/documents/{n}")
async def document(visit: Signed, case: str, step: int, n: int) -> Response:
    """A document as it was handed in."""
    path = f"/v1/cases/{demand_name(case)}/steps/{step}"
    said = await said_in(visit, path)
    found = await visit.fetch("GET", f"{path}/documents/{n}")
    docs = said["docs"] if said else ()
    name = docs[n]["name"] if n < len(docs) else f"{step}-{n}.pdf"
    return visit.file(found.content, "application/octet-stream", name)


async def _told(visit: Visit, case: str) -> Mapping[str, Any]:
    """The case. Of one about another province's record its acts are there; here it is said how far
    each province is with all acts, once there is one on the record."""
    told: dict[str, Any] = await visit.get(f"/v1/cases/{case}")
    if told["owner"] != visit.pages.code and told["status"] and told["status"]["version"]:
        every = await visit.get("/v1/statuses/acknowledgements")
        told["acknowledged"] = every
        told["awaited"] = [one["member"] for one in every if one["behind"]]
    return told


def moves(told: Mapping[str, Any]) -> bool:
    """Whether something is on its way by itself, within seconds."""
    going = any(act["state"] in IN_FLIGHT for act in told["acts"])
    return going or bool(told["awaited"])


def buttons(told: Mapping[str, Any]) -> list[Mapping[str, str]]:
    """What the caller may do now: `path` below the case, and the `name` of the act in words. The
    first is what mostly comes next."""
    may, objection = told["may"], told["kind"] == "objection"
    steps = [{"path": name, "name": name} for name in may["steps"]]
    decisions = [
        {"path": f"decide/{act}", "name": "decline-objection" if act == "decline" else act}
        for act in may["decide"]
        if objection or act != "decline"
    ]
    first = [one for one in steps if one["name"] in ("accept", "supplement")]
    return [*first, *decisions, *(one for one in steps if one not in first)]


async def _steps(
    visit: Visit, case: str, steps: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Steps with what they say, where the caller may read it."""
    found: list[Mapping[str, Any]] = []
    for one in steps:
        said = await said_in(visit, f"/v1/cases/{case}/steps/{one['step']}")
        found.append({**one, "said": said})
    return found


async def said_in(visit: Visit, path: str) -> Mapping[str, Any] | None:
    """What a step says; None where the caller may not read it."""
    try:
        answer = await visit.fetch("GET", path)
    except Refused as error:
        if error.status in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
            return None
        raise
    statement = parse_opening(answer.content).statement
    step = statement.step()
    return {
        "note": step.note,
        "role": step.role,
        "basis": step.basis,
        "class": step.class_,
        "nationalNo": step.national_no,
        "received": step.received,
        "docs": [{"name": doc.name, "size": doc.size} for doc in step.docs],
        "at": statement.at,
    }
