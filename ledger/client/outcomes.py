"""Outcomes that institutions report by month, and their sums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ledger.client.files import read_source
from ledger.client.flows import Flow, ask
from ledger.client.inputs import Source
from ledger.client.product_results import OutcomeReport, Outcomes
from ledger.client.reading import members
from ledger.client.terms import Terms
from ledger.client.wire import MAX_ANSWER, Request, demand, queried

_PATH: Final = "/v1/outcomes"
_CSV: Final = (("content-type", "text/csv"),)


def report(source: Source, terms: Terms) -> Flow[OutcomeReport]:
    """What became of each row of a CSV file. A row that was reported before is known, so twice is
    once."""
    _, content = read_source(source)
    request = Request(
        method="POST",
        path=_PATH,
        headers=_CSV,
        content=content,
        slow=True,
        max_bytes=MAX_ANSWER,
    )
    answer = yield from ask(request, terms, terms.clock() + terms.slow_timeout)
    return OutcomeReport.of(members(demand(answer), "outcomes"))


def listed(month: str, after: int, terms: Terms) -> Flow[Outcomes]:
    """What this member reported of a month."""
    params = queried(period=month, after=after or None)
    request = Request(method="GET", path=_PATH, params=params, max_bytes=MAX_ANSWER)
    told = members(demand((yield from ask(request, terms))), "outcomes")
    items = tuple(one.raw for one in told.objects("items"))
    return Outcomes(items=items, next=told.integer_or_none("next"))


def sums(first: str, last: str, by: Sequence[str], terms: Terms) -> Flow[list[Mapping[str, Any]]]:
    """Sums of some months over all that was reported at the gateway."""
    # `from` is a word of Python.
    params = (("from", first), *queried(until=last, by=",".join(by)))
    request = Request(method="GET", path=f"{_PATH}/sums", params=params, max_bytes=MAX_ANSWER)
    told = members(demand((yield from ask(request, terms))), "sums")
    return [one.raw for one in told.objects("items")]
