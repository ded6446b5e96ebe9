"""The stream of statuses: events however they are cut, and what goes on after what."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import AnswerLost, AnswerMalformed, NotAllowed, NotReady, Terms
from ledger.client.errors import NoAnswer
from ledger.client.events import Began, Reset, StatusChanged, WatchEvent
from ledger.client.watching import (
    MAX_LINE,
    MAX_PLACE,
    MAX_RECORDS,
    Lines,
    Watching,
)
from ledger.client.wire import Answer
from tests.client.answers import LEAF
from tests.client.conftest import Make
from tests.client.either import QUICK
from tests.client.faulty import Fault, Reply, Seen, faulty, problem

CHANGE: dict[str, Any] = {
    "at": "2026-11-30T00:00:00Z",
    "record": LEAF,
    "flags": ["disputed"],
    "outcome": "none",
    "version": 1,
    "recordedAt": "2026-11-30T00:00:00Z",
    "effectiveAt": "2026-11-30T00:00:00Z",
    "closed": False,
}
EVENTS = {"content-type": "text/event-stream; charset=utf-8"}


def event(name: str, place: str, data: Any = None) -> bytes:
    body = orjson.dumps({} if data is None else data)
    return b"event: %s\nid: %s\ndata: %s\n\n" % (name.encode(), place.encode(), body)


def change(number: int, **more: Any) -> bytes:
    return event("status", f"{number}.0f3a9c21", CHANGE | {"version": number} | more)


BEGIN = b"retry: 1000\n" + event("begin", "0.00000000")
BEAT = b": \nid: 7.0f3a9c21\n\n"


def stream(*parts: bytes) -> Reply:
    return 200, b"".join(parts), EVENTS


# ---- events out of bytes


def places(found: list[WatchEvent]) -> list[str | None]:
    return [one.place for one in found]


def watching(**options: Any) -> Watching:
    return Watching([], None, QUICK, **options)


@given(st.lists(st.integers(0, 700), max_size=30))
def test_however_it_is_cut(cuts: list[int]) -> None:
    """Line ends, characters and events may be torn anywhere."""
    data = BEGIN + change(1, note="罚款") + BEAT + b"event: other\ndata: x\n\n" + change(8)
    data = data.replace(b"\n", b"\r\n") if sum(cuts) % 2 else data
    at = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    one = watching()
    found = [each for a, b in itertools.pairwise(at) for each in one.feed(data[a:b])]
    assert [type(each) for each in found] == [Began, StatusChanged, StatusChanged]
    assert places(found) == ["0.00000000", "1.0f3a9c21", "8.0f3a9c21"]
    changed = found[1]
    assert isinstance(changed, StatusChanged)
    assert (changed.record, changed.flags, changed.version) == (LEAF, ("disputed",), 1)
    assert changed.raw["note"] == "罚款"


def test_a_heartbeat_moves_the_place_and_tells_nothing() -> None:
    one = watching()
    assert list(one.feed(BEGIN + BEAT))[1:] == []
    assert one.place == "7.0f3a9c21"
    assert dict(one.request().headers)["last-event-id"] == "7.0f3a9c21"


@given(st.binary(max_size=400))
def test_junk_is_no_event(data: bytes) -> None:
    one = watching()
    for found in one.feed(data):
        assert isinstance(found, Began | Reset), "nobody says so by chance"
    assert one.place is None or len(one.place) <= MAX_PLACE


@pytest.mark.parametrize("value", ["x" * (MAX_PLACE + 1), "", "a\tb", "地点", "a\0b", "a\x7fb"])
def test_a_place_that_could_not_be_sent_back(value: str) -> None:
    one = watching()
    list(one.feed(b"id: 1.0f3a9c21\ndata: {}\n\nid: %s\ndata: {}\n\n" % value.encode()))
    assert one.place == "1.0f3a9c21"


@pytest.mark.parametrize(
    "data",
    [
        b"x" * (MAX_LINE + 1),
        b"data: x\n" * (MAX_LINE // 7 + 1),
        b"event: status\n" + b"data:\n" * MAX_LINE,
    ],
)
def test_lines_and_events_are_bounded(data: bytes) -> None:
    with pytest.raises(AnswerMalformed, match="without an end"):
        list(Lines().feed(data))


@pytest.mark.parametrize(
    "data", [b"[]", b"{", b"7", b"{}", orjson.dumps(CHANGE | {"version": "1"})]
)
def test_a_status_that_is_none(data: bytes) -> None:
    with pytest.raises(AnswerMalformed):
        list(watching().feed(b"event: status\ndata: " + data + b"\n\n"))


def test_what_can_be_named() -> None:
    with pytest.raises(ValueError, match="50"):
        Watching([LEAF] * (MAX_RECORDS + 1), None, QUICK)
    one = Watching([LEAF, LEAF], "3.0f3a9c21", QUICK)
    assert one.request().params == (("record", LEAF), ("record", LEAF))
    assert dict(one.request().headers)["last-event-id"] == "3.0f3a9c21"


def test_pauses_grow_until_something_comes() -> None:
    terms = Terms(first_pause=1.0, longest_pause=30.0, jitter=lambda: 1.0)
    one = Watching([], None, terms)
    broke = AnswerLost("u", "x")
    assert [one.failed(broke) for _ in range(6)] == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0]
    list(one.feed(BEAT))
    assert (one.ended(), one.ended()) == (1.0, 2.0), "an end without a word counts"
    late = NotReady("u", "x", retry_after=9.0, status=429)
    assert one.failed(late) == 10.0


def test_it_gives_up_where_it_is_told_to() -> None:
    now = [0.0]
    told: list[NoAnswer] = []
    terms = Terms(first_pause=1.0, jitter=lambda: 1.0, clock=lambda: now[0])
    one = Watching([], None, terms, patience=60.0, interrupted=told.append)
    broke = AnswerLost("u", "x")
    assert one.failed(broke) == 1.0
    now[0] = 59.5
    with pytest.raises(AnswerLost):
        one.failed(broke)
    list(one.feed(BEAT))
    assert one.failed(broke) == 1.0
    assert told == [broke, broke]
    with pytest.raises(AnswerMalformed):
        one.failed(AnswerMalformed("u", "x"))


def test_only_a_stream_is_one() -> None:
    answer = Answer(url="u", status=200, headers={"content-type": "text/html"}, body=b"")
    with pytest.raises(AnswerMalformed):
        watching().opened(answer)


# ---- over connections


def told(events: Any, count: int) -> list[WatchEvent]:
    return list(itertools.islice(events, count))


def test_it_goes_on_where_it_was(make: Make, pauses: list[float]) -> None:
    """A stream ends well, breaks in the middle of an event, is not to be had, and loses its
    memory: each change is told once, and what may be missing is told."""
    replies = [
        stream(BEGIN, change(1), change(2)),
        stream(event("begin", "2.0f3a9c21"), change(3), change(4, padding="x" * 600)),
        problem(429, "too-many-requests", retry_after=9),
        problem(503, "not-ready"),
        stream(event("begin", "3.0f3a9c21"), change(4)),
        stream(event("reset", "9.0f3a9c21")),
        stream(event("begin", "9.0f3a9c21"), change(10)),
    ]
    waiting = iter(replies)

    def work(_seen: Seen) -> Reply:
        return next(waiting)

    faults = (Fault.NONE, Fault.HALF, Fault.NONE, Fault.NONE, Fault.UNDONE)
    interrupted: list[NoAnswer] = []
    with faulty(work, *faults) as gateway:
        client = make(gateway.url, terms=replace(QUICK, longest_pause=30.0))
        with client.watch([LEAF], interrupted=interrupted.append) as events:
            found = told(events, 10)
            assert events.place == "10.0f3a9c21"
    assert [one.version for one in found if isinstance(one, StatusChanged)] == [1, 2, 3, 4, 10]
    kinds = [type(one).__name__ for one in found if not isinstance(one, StatusChanged)]
    assert kinds == ["Began", "Began", "Began", "Reset", "Began"]
    since = [one.headers.get("last-event-id") for one in gateway.seen]
    last = "3.0f3a9c21"
    assert since == [None, "2.0f3a9c21", last, last, last, last, "4.0f3a9c21", "9.0f3a9c21"]
    assert {one.path for one in gateway.seen} == {f"/v1/watch?record={LEAF}"}
    assert [type(one).__name__ for one in interrupted] == [
        "AnswerLost", "NotReady", "NotReady", "AnswerLost",
    ]  # fmt: skip
    assert 9.0 in pauses


def test_a_place_of_another_day(make: Make) -> None:
    with faulty(lambda _: stream(BEGIN)) as gateway:
        with make(gateway.url).watch(since="5.0f3a9c21") as events:
            assert isinstance(told(events, 1)[0], Began)
    assert gateway.seen[0].headers["last-event-id"] == "5.0f3a9c21"


def test_a_refusal_ends_it(make: Make) -> None:
    """Also where a token is revoked while it runs."""
    replies: Iterator[Reply] = iter([stream(BEGIN, change(1)), problem(401, "token-unknown")])
    with faulty(lambda _: next(replies)) as gateway:
        with make(gateway.url).watch() as events:
            assert len(told(events, 2)) == 2
            with pytest.raises(NotAllowed) as caught:
                told(events, 1)
    assert caught.value.remedy["zh"] == "token-unknown。"


def test_it_never_comes(make: Make, pauses: list[float]) -> None:
    ticks = itertools.count()
    terms = replace(QUICK, clock=lambda: float(next(ticks)))
    with faulty(lambda _: problem(503, "not-ready")) as gateway:
        with make(gateway.url, terms=terms).watch(patience=20.0) as events:
            with pytest.raises(NotReady):
                told(events, 1)
        assert 2 < len(gateway.seen) < 30


def test_whoever_has_enough_goes(make: Make) -> None:
    """The connection goes with it."""
    with faulty(lambda _: stream(BEGIN, change(1), change(2))) as gateway:
        client = make(gateway.url)
        for _ in range(40):  # more than there are connections
            with client.watch() as events:
                told(events, 1)
