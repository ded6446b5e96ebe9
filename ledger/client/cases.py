"""Cases: repairs and objections, from the desk on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import orjson

from ledger.client.case_results import CaseFiled, CaseList, CaseRow, CaseShown
from ledger.client.files import read_source
from ledger.client.flows import Flow, ask
from ledger.client.inputs import Act, Kind, Source
from ledger.client.reading import members
from ledger.client.terms import Terms
from ledger.client.wire import MAX_ANSWER, Repeat, Request, demand, form, segment

MAX_CASE: Final = 64 << 20
"""Bytes of all that is told of a case, whose acts may be many."""
_OK, _CREATED = 200, 201


def file(
    record: str,
    kind: Kind,
    reason: str,
    terms: Terms,
    *,
    docs: Sequence[Source] = (),
    said: Mapping[str, str | None] | None = None,
) -> Flow[CaseFiled]:
    """File a repair of a record or an objection to it, by its id or leaf. said: further members of
    the filing, as the interface names them. Never sent twice where it may have been taken."""
    value = {"record": record, "kind": kind, "reason": reason, **(said or {})}
    answer = yield from ask(case_form("/v1/cases", value, docs), terms)
    return CaseFiled.of(members(demand(answer, (_CREATED,)), "case"))


def step(
    case: str,
    act: Act,
    terms: Terms,
    *,
    docs: Sequence[Source] = (),
    said: Mapping[str, str | None] | None = None,
) -> Flow[Mapping[str, Any]]:
    """Make a step of a case; what the gateway says of it. Never sent twice where it may have been
    taken."""
    path = f"/v1/cases/{segment(case)}/{act}"
    answer = yield from ask(case_form(path, said or {}, docs), terms)
    return members(demand(answer, (_OK,)), "step").raw


def show(case: str, terms: Terms) -> Flow[CaseShown]:
    """A case with its steps, and how far the provinces have carried it out."""
    path = f"/v1/cases/{segment(case)}"
    answer = yield from ask(Request(method="GET", path=path, max_bytes=MAX_CASE), terms)
    return CaseShown.of(members(demand(answer), "case"))


def listed(state: str | None, *, overdue: bool, mine: bool, terms: Terms) -> Flow[CaseList]:
    """The cases that the token may see, the newest first."""
    flags = (("overdue", overdue), ("mine", mine))
    params = tuple((name, "true") for name, on in flags if on)
    params += (("state", state),) if state else ()
    request = Request(method="GET", path="/v1/cases", params=params, max_bytes=MAX_ANSWER)
    told = members(demand((yield from ask(request, terms))), "cases")
    rows = tuple(CaseRow.of(one) for one in told.objects("cases"))
    return CaseList(cases=rows, more=told.flag("more"))


def case_form(path: str, value: Mapping[str, Any], docs: Sequence[Source]) -> Request:
    """A step with its documents. Members that are None are left out."""
    said = {name: one for name, one in value.items() if one is not None}
    parts: list[tuple[str, tuple[str | None, bytes, str | None]]] = [
        ("case", (None, orjson.dumps(said), "application/json"))
    ]
    parts += [("doc", (*read_source(one), None)) for one in docs]
    body, kind = form(parts)
    return Request(
        method="POST",
        path=path,
        headers=(kind,),
        content=body,
        repeat=Repeat.UNSENT,
        slow=True,
    )


def filing(
    owner: str | None,
    authority: str | None,
    channel: str | None,
    national_no: str | None,
    received: date | None,
) -> Mapping[str, str | None]:
    """Members of a filing, as the interface names them."""
    return {
        "owner": owner,
        "authority": authority,
        "channel": channel,
        "nationalNo": national_no,
        "received": None if received is None else received.isoformat(),
    }


def of_step(
    note: str | None, day: date | None, national_no: str | None
) -> Mapping[str, str | None]:
    """Members of a step."""
    on = None if day is None else day.isoformat()
    return {"note": note, "day": on, "nationalNo": national_no}
