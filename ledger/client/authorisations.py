"""Authorisations of subjects: made, shown, taken, taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import orjson

from ledger.client.authorisation_results import (
    Authorisation,
    AuthorisationList,
    QueriesUnder,
    QueryUnder,
)
from ledger.client.errors import AnswerMalformed, NotReady
from ledger.client.files import read_source
from ledger.client.flows import Flow, Sleep, ask, look
from ledger.client.inputs import Source
from ledger.client.reading import Members, members
from ledger.client.terms import Terms
from ledger.client.wire import (
    JSON,
    MAX_ANSWER,
    Answer,
    Repeat,
    Request,
    demand,
    form,
    posted,
    queried,
    segment,
)
from ledger.core.errors import EvidenceError, InputError, VersionUnknown
from ledger.core.opening import MAX_OPENING, parse_opening

POLL_SECONDS: Final = 1.0
"""Between two looks at what goes to the chain."""
_MAX_DOCUMENT: Final = 32 << 20
"""Bytes of one signed document."""
_PATH: Final = "/v1/authorisations"
_CREATED: Final = 201
_MAX_KEY: Final = 200
_VISIBLE: Final = frozenset(map(chr, range(0x21, 0x7F)))
_KEY: Final = {
    "zh": "key 为 1 到 200 个可见 ASCII 字符",
    "en": "`key` is 1 to 200 visible characters of ASCII",
}


def grant(
    said: Mapping[str, Any], docs: Sequence[Source], key: str | None, terms: Terms
) -> Flow[str]:
    """Have an authorisation made; its name. said: as the interface has it. With a key twice is
    once; without one it is not sent again where it may have been taken. Raises InputError for one
    that no header can hold."""
    if key is not None and not (0 < len(key) <= _MAX_KEY and _VISIBLE.issuperset(key)):
        raise InputError("key", "idempotency-key-invalid", _KEY)
    parts: list[tuple[str, tuple[str | None, bytes, str | None]]] = [
        ("authorisation", (None, orjson.dumps(dict(said)), "application/json"))
    ]
    parts += [("doc", (*read_source(one), None)) for one in docs]
    body, kind = form(parts)
    request = Request(
        method="POST",
        path=_PATH,
        headers=(kind,) if key is None else (kind, ("idempotency-key", key)),
        content=body,
        repeat=Repeat.UNSENT if key is None else Repeat.ANY,
        slow=True,
    )
    answer = yield from ask(request, terms, terms.clock() + terms.slow_timeout)
    return members(demand(answer, (_CREATED,)), "authorisation").text("authorisation")


def granting(
    *,
    subject: str,
    grantee: str,
    types: Sequence[str],
    regions: Sequence[str],
    purpose: str,
    first: date,
    last: date,
) -> Mapping[str, Any]:
    """Members of an authorisation, as the interface names them."""
    return {
        "subject": subject,
        "grantee": grantee,
        "types": list(types),
        "regions": list(regions),
        "purpose": purpose,
        "from": first.isoformat(),
        "until": last.isoformat(),
    }


def take(opening: bytes, terms: Terms) -> Flow[Authorisation]:
    """Have an authorisation that was made for this member taken in. Twice is once."""
    request = Request(method="POST", path=f"{_PATH}/held", headers=JSON, content=opening, slow=True)
    return Authorisation.of(_told(demand((yield from ask(request, terms)), (_CREATED,))))


def listed(
    subject: str | None, before: int | None, limit: int, terms: Terms
) -> Flow[AuthorisationList]:
    """Those that were made here or for this member. A code stands in no address."""
    if subject is None:
        params = queried(before=before, limit=limit)
        request = Request(method="GET", path=_PATH, params=params, max_bytes=MAX_ANSWER)
    else:
        value = {"subject": subject, "before": before, "limit": limit}
        request = posted(f"{_PATH}/find", value, max_bytes=MAX_ANSWER)
    told = members(demand((yield from ask(request, terms))), "authorisations")
    return AuthorisationList(
        authorisations=tuple(Authorisation.of(one) for one in told.objects("items")),
        next=told.integer_or_none("next"),
        unreadable=told.integer_or_none("unreadable") or 0,
    )


def show(name: str, terms: Terms, end: float | None = None) -> Flow[Authorisation]:
    """One of them. end: until which it is waited for."""
    request = Request(method="GET", path=_path(name))
    asked = ask(request, terms) if end is None else look(request, terms, end)
    return Authorisation.of(_told(demand((yield from asked))))


def opening_of(name: str, terms: Terms) -> Flow[bytes]:
    """Its opening as it stands now."""
    request = Request(method="GET", path=f"{_path(name)}/opening", max_bytes=MAX_OPENING)
    answer = demand((yield from ask(request, terms)))
    try:
        parse_opening(answer.body)
    except (EvidenceError, VersionUnknown) as error:
        raise AnswerMalformed(answer.url, str(error)) from error
    return answer.body


def document(name: str, n: int, terms: Terms) -> Flow[bytes]:
    """A document that its subject has signed, from 0."""
    path = f"{_path(name)}/documents/{n}"
    request = Request(method="GET", path=path, slow=True, max_bytes=_MAX_DOCUMENT)
    return demand((yield from ask(request, terms))).body


def revoke(name: str, within: float, terms: Terms) -> Flow[Authorisation]:
    """Have one taken back; as it is then. within: seconds to wait until the chain says so. Twice is
    once."""
    request = Request(method="POST", path=f"{_path(name)}/revoke")
    end = terms.clock() + within
    found = Authorisation.of(_told(demand((yield from ask(request, terms)))))
    while within and found.state != "revoked":
        if terms.clock() + POLL_SECONDS >= end:
            problem = "the revocation is not on the chain yet"
            raise NotReady(name, problem, reason=found.state)
        yield Sleep(POLL_SECONDS)
        found = yield from show(name, terms, end)
    return found


def queries(name: str, before: int | None, limit: int, terms: Terms) -> Flow[QueriesUnder]:
    """Who asked at this gateway under one."""
    params = queried(before=before, limit=limit)
    request = Request(method="GET", path=f"{_path(name)}/queries", params=params)
    told = members(demand((yield from ask(request, terms))), "queries")
    return QueriesUnder(
        queries=tuple(QueryUnder.of(one) for one in told.objects("items")),
        next=told.integer_or_none("next"),
    )


def _path(name: str) -> str:
    return f"{_PATH}/{segment(name)}"


def _told(answer: Answer) -> Members:
    return members(answer, "authorisation")
