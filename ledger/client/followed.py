"""Records and subjects that a token follows; what becomes of them comes by the stream (`watch`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from ledger.client.events import WatchEvent
from ledger.client.flows import Flow, ask
from ledger.client.followed_results import FollowedRecord, FollowedSubject
from ledger.client.reading import members
from ledger.client.terms import Terms
from ledger.client.watching import read_event
from ledger.client.wire import MAX_ANSWER, Repeat, Request, demand, posted, queried, segment

_RECORDS: Final = "/v1/watched-records"
_SUBJECTS: Final = "/v1/watched-subjects"
_CREATED, _NO_CONTENT = 201, 204


def follow_record(record: str, terms: Terms) -> Flow[str]:
    """Follow a record; its id. Twice is once."""
    answer = yield from ask(posted(_RECORDS, {"record": record}), terms)
    return members(demand(answer, (_CREATED,)), "record").text("record")


def follow_subject(
    code: str,
    purpose: str,
    authorisation: str | None,
    types: Sequence[str] | None,
    terms: Terms,
) -> Flow[str]:
    """Follow a subject; the id under which it is told of. Twice is once."""
    value: dict[str, Any] = {
        "code": code,
        "purpose": purpose,
        "authorisation": authorisation,
        "types": None if types is None else list(types),
    }
    answer = yield from ask(posted(_SUBJECTS, value), terms)
    return members(demand(answer, (_CREATED,)), "subject").text("subject")


def records(terms: Terms) -> Flow[list[FollowedRecord]]:
    """The records that are followed by themselves."""
    request = Request(method="GET", path=_RECORDS, max_bytes=MAX_ANSWER)
    told = members(demand((yield from ask(request, terms))), "followed")
    return [FollowedRecord.of(one) for one in told.objects("items")]


def subjects(terms: Terms) -> Flow[list[FollowedSubject]]:
    """The subjects that are followed."""
    request = Request(method="GET", path=_SUBJECTS, max_bytes=MAX_ANSWER)
    told = members(demand((yield from ask(request, terms))), "followed")
    return [FollowedSubject.of(one) for one in told.objects("items")]


def subject(name: str, terms: Terms) -> Flow[FollowedSubject]:
    """One of them with its records."""
    request = Request(method="GET", path=f"{_SUBJECTS}/{segment(name)}", max_bytes=MAX_ANSWER)
    return FollowedSubject.of(members(demand((yield from ask(request, terms))), "followed"))


def unfollow_record(record: str, terms: Terms) -> Flow[None]:
    """Follow it no longer."""
    yield from _end(f"{_RECORDS}/{segment(record)}", terms)


def unfollow_subject(name: str, terms: Terms) -> Flow[None]:
    """The same of a subject."""
    yield from _end(f"{_SUBJECTS}/{segment(name)}", terms)


def latest(limit: int, terms: Terms) -> Flow[list[WatchEvent]]:
    """What changed last of all that is followed; kinds that are not known here are left out."""
    params = queried(limit=limit)
    request = Request(method="GET", path="/v1/watch/latest", params=params, max_bytes=MAX_ANSWER)
    told = members(demand((yield from ask(request, terms))), "latest")
    events = (
        read_event(one.text("event"), one.text("place"), one) for one in told.objects("items")
    )
    return [one for one in events if one is not None]


def _end(path: str, terms: Terms) -> Flow[None]:
    request = Request(method="DELETE", path=path, repeat=Repeat.REFUSED)
    demand((yield from ask(request, terms)), (_NO_CONTENT,))
