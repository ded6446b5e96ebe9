"""Questions about a subject, asked of all provinces through one's own gateway."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from ledger.client.flows import Flow, ask
from ledger.client.inputs import Decision
from ledger.client.reading import Members, members
from ledger.client.records import read_lines
from ledger.client.terms import Terms
from ledger.client.use_results import Usage, Use, UseList, UseRow
from ledger.client.wire import MAX_ANSWER, Repeat, Request, demand, posted, queried, segment
from ledger.core.bundle import MAX_FILE

_PATH: Final = "/v1/uses"


def use(
    code: str,
    purpose: str,
    terms: Terms,
    *,
    types: Sequence[str] | None,
    authorisation: str | None,
    decision: Decision | None,
    matter: str | None,
) -> Flow[Use]:
    """What the provinces state of a subject. Each question stands in logs, so it is not asked twice
    where it may have been asked."""
    asked: dict[str, Any] = {
        "code": code,
        "purpose": purpose,
        "types": None if types is None else list(types),
        "authorisation": authorisation,
        "decision": decision,
        "matter": matter,
    }
    request = posted(_PATH, asked, repeat=Repeat.UNSENT, slow=True, max_bytes=MAX_FILE)
    answer = yield from ask(request, terms, terms.clock() + terms.slow_timeout)
    return Use.of(demand(answer), None)


def show(use_id: str, terms: Terms) -> Flow[Use]:
    """A question as it was kept."""
    path = f"{_PATH}/{segment(use_id)}"
    request = Request(method="GET", path=path, slow=True, max_bytes=MAX_FILE)
    answer = yield from ask(request, terms, terms.clock() + terms.slow_timeout)
    return Use.of(demand(answer), use_id)


def decide(use_id: str, decision: Decision, terms: Terms) -> Flow[None]:
    """State what came of a question. The same again changes nothing."""
    request = posted(f"{_PATH}/{segment(use_id)}/decision", {"decision": decision})
    demand((yield from ask(request, terms)))


def find(
    terms: Terms,
    *,
    code: str | None,
    matter: str | None,
    purpose: str | None,
    overall: str | None,
    first: date | None,
    last: date | None,
    before: int | None,
    limit: int,
) -> Flow[UseList]:
    """Questions of this token, the newest first; all members that are None leave it open."""
    wanted: dict[str, Any] = {
        "code": code,
        "matter": matter,
        "purpose": purpose,
        "overall": overall,
        "first": _day(first),
        "last": _day(last),
        "before": before,
        "limit": limit,
    }
    request = posted(f"{_PATH}/find", wanted, max_bytes=MAX_ANSWER)
    told = members(demand((yield from ask(request, terms))), "questions")
    rows = tuple(UseRow.of(one) for one in told.objects("items"))
    return UseList(uses=rows, next=told.integer_or_none("next"))


def log(first: date, last: date, terms: Terms) -> Flow[list[UseRow]]:
    """All that was asked at the gateway on some days."""
    params = queried(first=_day(first), last=_day(last))
    request = Request(
        method="GET", path="/v1/queries", params=params, slow=True, max_bytes=MAX_ANSWER
    )
    answer = demand((yield from ask(request, terms, terms.clock() + terms.slow_timeout)))
    return [UseRow.of(Members(answer.url, "question", line)) for line in read_lines(answer)]


def usage(first: date, last: date, terms: Terms) -> Flow[Usage]:
    """What others reported of answers of this member on some days."""
    params = queried(first=_day(first), last=_day(last))
    request = Request(method="GET", path="/v1/usage", params=params, max_bytes=MAX_ANSWER)
    return Usage.of(members(demand((yield from ask(request, terms))), "usage"))


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
