"""Who runs a gateway, and whether it can take records now."""

from __future__ import annotations

from ledger.client.errors import NotReady
from ledger.client.flows import Flow, Send, ask
from ledger.client.reading import members
from ledger.client.results import NodeInfo
from ledger.client.terms import Terms
from ledger.client.wire import Answer, Request, demand, later


def about(terms: Terms) -> Flow[NodeInfo]:
    """Who it says that it is."""
    answer = yield from ask(Request(method="GET", path="/v1/node"), terms)
    return NodeInfo.of(members(demand(answer), "node"))


def unready(terms: Terms) -> Flow[NotReady | None]:
    """Why it can take or anchor no records now; None: it can. Asked once."""
    answer: Answer = yield Send(Request(method="GET", path="/readyz"), terms.timeout)
    problem = later(answer)
    if isinstance(problem, NotReady):
        return problem
    demand(answer)
    return None
