"""One act each: what it will do in words, what it needs, and a button. Steps of a case, proposals
how it ends, and the owner's own decisions about a record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from gateway.http.problems import Problem
from gateway.web.cases import sent as forms
from gateway.web.cases.case_pages import moves, said_in
from gateway.web.cases.looking import demand_name, name_in, shown_record
from gateway.web.cases.words import words
from gateway.web.routing import page_router
from gateway.web.typed import number
from gateway.web.visits import Refused, Signed, Visit, told_of

_PLAIN: Final = ("note", "docs")
FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "accept": _PLAIN,
    "ask-supplement": ("note!", "docs"),
    "decline": ("note!", "docs"),
    "supplement": _PLAIN,
    "national-result": ("nationalNo!", "day", *_PLAIN),
    "withdraw": _PLAIN,
    "decide/grant": ("basis", "class", "nationalNo", "day", *_PLAIN),
    "decide/refuse": ("note!", "docs"),
    "decide/uphold": ("ends", "basis", "pushed", *_PLAIN),
    "decide/dismiss": ("note!", "docs"),
    "decide/unconfirmed": ("note!", "docs"),
    "decide/decline": ("note!", "docs"),
    "own/correct": ("toRecord!", "basis", "pushed", *_PLAIN),
    "own/withdraw": ("basis", "pushed", *_PLAIN),
    "own/end": ("basis", "day", *_PLAIN),
    "own/shield": ("day", *_PLAIN),
    "own/lift": ("day", *_PLAIN),
    "own/rescind": ("basis", "pushed", *_PLAIN),
    "own/erase": ("basis", *_PLAIN),
    "own/grant": ("nationalNo!", "class", "day", *_PLAIN),
}
"""What each asks for; `!`: it must be filled in."""
BASES: Final[Mapping[str, int]] = {
    "decide/grant": 2,
    "decide/uphold": 7,
    "own/correct": 8,
    "own/withdraw": 10,
    "own/end": 11,
    "own/shield": 5,
    "own/lift": 5,
    "own/rescind": 10,
    "own/erase": 12,
    "own/grant": 4,
}
"""The basis that is chosen first; of a court and the national platform it is the only one."""

router = page_router()


@router.get("/desk/cases/records/{record}")
async def of_record(visit: Signed, record: str) -> Response:
    """What the owner decides about a record by itself: what waits, what was done, what is
    possible."""
    name = demand_name(record)
    told = await visit.get(f"/v1/records/{name}/decision")
    told = {**told, "acknowledged": [], "awaited": [], "steps": []}
    return visit.page(
        "desk/record_decision.html",
        told=told,
        moves=moves(told),
        shown=await shown_record(visit, name),
        words=words,
    )


@router.get("/desk/cases/records/{record}/{act}")
async def decide_own(visit: Signed, record: str, act: str) -> Response:
    """The form of a decision of one's own."""
    return await _own_page(visit, demand_name(record), act, await forms.begun(visit))


@router.post("/desk/cases/records/{record}/{act}")
async def propose_own(visit: Signed, record: str, act: str) -> Response:
    """Propose it."""
    name, caller = demand_name(record), visit.caller
    key = f"own/{act}"
    if key not in FIELDS or caller is None:
        raise Problem("not-found")
    async with forms.sent(visit, caller) as form:
        value = _decision(key, act, form)
        try:
            await forms.hand_in(visit, f"/v1/records/{name}/decide", value, form)
        except Refused as error:
            status, wrong = told_of(error)
            kept = await forms.keep(visit, caller, form)
            return await _own_page(visit, name, act, kept, wrong=wrong, status=status)
    return visit.go(f"/desk/cases/records/{name}")


@router.get("/desk/cases/{case}/decide/{act}")
async def decide(visit: Signed, case: str, act: str) -> Response:
    """The form of a proposal."""
    return await _page(visit, demand_name(case), f"decide/{act}", await forms.begun(visit))


@router.post("/desk/cases/{case}/decide/{act}")
async def propose(visit: Signed, case: str, act: str) -> Response:
    """Propose how the case ends."""
    return await _do(visit, demand_name(case), f"decide/{act}", "decide")


@router.get("/desk/cases/{case}/{act}")
async def step(visit: Signed, case: str, act: str) -> Response:
    """The form of a step."""
    return await _page(visit, demand_name(case), act, await forms.begun(visit))


@router.post("/desk/cases/{case}/{act}")
async def make(visit: Signed, case: str, act: str) -> Response:
    """Make the step."""
    return await _do(visit, demand_name(case), act, act)


async def _do(visit: Visit, case: str, key: str, path: str) -> Response:
    caller = visit.caller
    if key not in FIELDS or caller is None:
        raise Problem("not-found")
    async with forms.sent(visit, caller) as form:
        if path == "decide":
            value = _decision(key, key.removeprefix("decide/"), form)
        else:
            value = form.given("note", "day", "nationalNo")
        try:
            await forms.hand_in(visit, f"/v1/cases/{case}/{path}", value, form)
        except Refused as error:
            status, wrong = told_of(error)
            kept = await forms.keep(visit, caller, form)
            return await _page(visit, case, key, kept, wrong=wrong, status=status)
    return visit.go(f"/desk/cases/{case}")


def _decision(key: str, act: str, form: forms.Form) -> Mapping[str, Any]:
    """What is proposed, as the interface takes it."""
    value = form.given("note", "day", "class", "nationalNo", "pushed") | {"act": act}
    basis = form.values.get("basis", "")
    if any(name.rstrip("!") == "basis" for name in FIELDS[key]):
        value["basis"] = number(basis)
    elif key in BASES:
        value["basis"] = BASES[key]
    if form.values.get("ends") == "withdraw":
        value["withdraw"] = True
    elif other := form.values.get("toRecord"):
        value["toRecord"] = name_in(other) or other
    return value


async def _page(
    visit: Visit,
    case: str,
    key: str,
    kept: Mapping[str, Any],
    *,
    wrong: Mapping[str, Any] | None = None,
    status: int = 200,
) -> Response:
    """The form; what the caller may not do now is not there, unless it was just refused."""
    told = await visit.get(f"/v1/cases/{case}")
    act = key.removeprefix("decide/")
    offered = told["may"]["decide"] if key != act else told["may"]["steps"]
    if key not in FIELDS or (act not in offered and wrong is None):
        raise Problem("cannot-follow" if key in FIELDS else "not-found")
    name = "decline-objection" if key == "decide/decline" else act
    ours = told["owner"] == visit.pages.code
    before = _sent_back(told, act) if key != act and wrong is None else None
    return visit.page(
        "desk/case_act.html",
        status=status,
        told=told,
        name=name,
        fields=FIELDS[key],
        basis=BASES.get(key),
        replaces=key != act and told["proposed"] is not None,
        action=f"/desk/cases/{case}/{key}",
        back=f"/desk/cases/{case}",
        shown=await shown_record(visit, told["record"]) if ours else None,
        asked=await _asked_for(visit, told) if key == "supplement" else None,
        before=before,
        wrong=wrong,
        words=words,
        **_once_more(kept, before),
    )


async def _asked_for(visit: Visit, told: Mapping[str, Any]) -> str | None:
    """What a supplement answers; None where whoever looks may not read it."""
    last = told["steps"][-1] if told["steps"] else None
    if last is None or last["act"] != "ask-supplement":
        return None
    said = await said_in(visit, f"/v1/cases/{told['case']}/steps/{last['step']}")
    return str(said["note"]) if said else None


def _sent_back(told: Mapping[str, Any], act: str) -> Mapping[str, Any] | None:
    """The same that was proposed last, where it came back."""
    before: Mapping[str, Any] | None = told["sentBack"]
    return before if before is not None and before["act"] == act else None


def _once_more(kept: Mapping[str, Any], before: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """The form, with what it said before it came back."""
    if before is None:
        return kept
    said = before.get("said") or {}
    given = {name: str(value) for name, value in said.items() if name != "withdraw"}
    if said.get("withdraw"):
        given["ends"] = "withdraw"
    return {**kept, "given": given}


async def _own_page(
    visit: Visit,
    record: str,
    act: str,
    kept: Mapping[str, Any],
    *,
    wrong: Mapping[str, Any] | None = None,
    status: int = 200,
) -> Response:
    told = await visit.get(f"/v1/records/{record}/decision")
    key = f"own/{act}"
    if key not in FIELDS or (act not in told["may"]["decide"] and wrong is None):
        raise Problem("cannot-follow" if key in FIELDS else "not-found")
    before = _sent_back(told, act) if wrong is None else None
    return visit.page(
        "desk/case_act.html",
        status=status,
        told={**told, "kind": "own", "state": None},
        name=f"own-{act}",
        fields=FIELDS[key],
        basis=BASES.get(key),
        replaces=told["proposed"] is not None,
        action=f"/desk/cases/records/{record}/{act}",
        back=f"/desk/cases/records/{record}",
        shown=await shown_record(visit, record),
        asked=None,
        before=before,
        wrong=wrong,
        words=words,
        **_once_more(kept, before),
    )
