"""Files that hold many receipts, signed by the gateway: lists of a day and histories of subjects.

They are handed on as they came, byte for byte, for `judge_file` or whoever they are for.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import orjson

from ledger.client.errors import AnswerMalformed
from ledger.client.flows import Flow, ask
from ledger.client.reading import listed
from ledger.client.results import ListName
from ledger.client.terms import Terms
from ledger.client.wire import Answer, Request, demand, segment
from ledger.core import day_list
from ledger.core import history as histories
from ledger.core.errors import EvidenceError, VersionUnknown

_JSON = (("content-type", "application/json"),)


def names(terms: Terms) -> Flow[list[ListName]]:
    """The lists that there are."""
    answer = yield from ask(Request(method="GET", path="/v1/lists"), terms)
    return [ListName.of(one) for one in listed(demand(answer), "lists")]


def day(name: str, on: date | None, terms: Terms) -> Flow[bytes]:
    """The list of a day, of all provinces, with the receipts; None: today."""
    params = () if on is None else (("on", on.isoformat()),)
    request = Request(
        method="GET",
        path=f"/v1/lists/{segment(name)}",
        params=params,
        slow=True,
        max_bytes=day_list.MAX_FILE,
    )
    answer = demand((yield from ask(request, terms, terms.clock() + terms.slow_timeout)))
    return _whole(answer, lambda data: day_list.check_file(day_list.parse_file(data)))


def history(code: str, to: str | None, as_of: date | None, terms: Terms) -> Flow[bytes]:
    """The history of a subject. to: the province that it is for, None: it is for the subject
    itself. as_of: by whose end its records were anchored, None: today."""
    asked = {"code": code, "purpose": "own" if to is None else "relocation"}
    asked |= {} if to is None else {"to": to}
    asked |= {} if as_of is None else {"asOf": as_of.isoformat()}
    request = Request(
        method="POST",
        path="/v1/histories",
        headers=_JSON,
        content=orjson.dumps(asked),
        slow=True,
        max_bytes=histories.MAX_FILE,
    )
    answer = demand((yield from ask(request, terms, terms.clock() + terms.slow_timeout)))
    return _whole(answer, lambda data: histories.check_file(histories.parse_file(data)))


def _whole(answer: Answer, look: Callable[[bytes], Any]) -> bytes:
    """The bytes, if they are such a file and its parts agree; not whether it is true."""
    try:
        look(answer.body)
    except (EvidenceError, VersionUnknown) as error:
        raise AnswerMalformed(answer.url, str(error)) from error
    return answer.body
