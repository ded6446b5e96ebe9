"""Having a gateway judge a file. A program in Python verifies by itself (`Verifier`): this is the
way of those that cannot, to be had here so that both can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from ledger.client.flows import Flow, ask
from ledger.client.reading import members
from ledger.client.terms import Terms
from ledger.client.wire import MAX_ANSWER, Request, demand

_OCTETS: Final = (("content-type", "application/json"),)


def verify(
    data: bytes, asked: tuple[tuple[str, str], ...], terms: Terms
) -> Flow[Mapping[str, Any]]:
    """The verdict on the bytes of a file, as `credit-ledger verify --json` has it."""
    request = Request(
        method="POST",
        path="/v1/verify",
        params=asked,
        headers=_OCTETS,
        content=data,
        slow=True,
        max_bytes=MAX_ANSWER,
    )
    answer = yield from ask(request, terms)
    return members(demand(answer), "verdict").raw


def question(
    *,
    subject: str | None,
    type_: str | None,
    issuer: str | None,
    as_of: date | None,
    audience: str | None,
    nonce: str | None,
    witnesses: int,
) -> tuple[tuple[str, str], ...]:
    """What is asked beside it, as query parameters."""
    said = {
        "subject": subject,
        "type": type_,
        "issuer": issuer,
        "asOf": None if as_of is None else as_of.isoformat(),
        "audience": audience,
        "nonce": nonce,
        "witnesses": str(witnesses) if witnesses else None,
    }
    return tuple((name, value) for name, value in said.items() if value is not None)
