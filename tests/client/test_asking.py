"""What is sent, what is made of the answer, and what is sent again: blocking and not, alike."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from ledger import (
    AnswerLost,
    AnswerMalformed,
    NoAnswer,
    NotAllowed,
    NotFound,
    NotReady,
    Refused,
    Unreachable,
)
from ledger.core.errors import CouldNotCheck
from tests.client.answers import CALLS, CREATED, LEAF, ONCE, ROW, UNSAFE
from tests.client.conftest import Make
from tests.client.either import QUICK
from tests.client.faulty import (
    PAIR,
    Fault,
    Reply,
    Seen,
    faulty,
    free_port,
    in_turn,
    paths,
    problem,
    told,
)

LENIENT = {
    *((name, b"{}") for name in ("show", "step", "verify", "files", "find", "cases")),
    ("lists", b"[]"),
}
"""Calls of which an answer may say nothing."""
everywhere = pytest.mark.parametrize("name", CALLS)


def good(name: str) -> tuple[int, bytes, Any]:
    """What a gateway answers where all is well."""
    return told(CALLS[name][1], CREATED.get(name, 200))


@everywhere
def test_each_call_asks_its_route(make: Make, name: str) -> None:
    asked, value, call = CALLS[name]
    with faulty(in_turn(good(name))) as gateway:
        found = call(make(gateway.url, token="clt_secret"))
    assert paths(gateway) == [asked]
    headers = gateway.seen[0].headers
    assert headers["authorization"] == "Bearer clt_secret"
    assert headers["accept-encoding"] == "identity"
    assert getattr(found, "raw", value) == value, "what is new is kept"


@everywhere
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b"7", b'"x"', b"null", b"\xff\xfe"])
def test_what_is_no_answer(make: Make, name: str, body: bytes) -> None:
    """Is told as such, whatever it is; only what says nothing may be taken where nothing is
    asked."""
    _, _, call = CALLS[name]
    status = CREATED.get(name, 200)
    with faulty(in_turn((status, body, {}))) as gateway:
        client = make(gateway.url)
        if (name, body) in LENIENT:
            call(client)
            return
        with pytest.raises(AnswerMalformed) as caught:
            call(client)
    assert caught.value.evidence["url"] == gateway.url
    assert len(gateway.seen) == 1, "it is not asked for again"


@everywhere
@pytest.mark.parametrize("fault", PAIR)
def test_a_connection_that_breaks(make: Make, name: str, fault: Fault) -> None:
    """Before or after it was done: what is harmless is sent again, what is not is left to whoever
    can look. From outside the two are one."""
    _, _, call = CALLS[name]
    with faulty(in_turn(good(name)), fault) as gateway:
        client = make(gateway.url)
        if name in ONCE:
            with pytest.raises(AnswerLost) as caught:
                call(client)
            assert caught.value.code == "answer-lost"
        else:
            call(client)
    lost = fault is Fault.LOST
    assert len(gateway.seen) == (1 if name in ONCE else 2)
    assert len(gateway.done) == (int(lost) if name in ONCE else 1 + int(lost))


@pytest.mark.parametrize("fault", [Fault.HALF, Fault.SILENT, Fault.DRIPS])
@pytest.mark.parametrize("name", ["status", "file a case"])
def test_an_answer_that_does_not_end(make: Make, name: str, fault: Fault) -> None:
    """The bound on an exchange holds however slowly something comes."""
    asked, value, call = CALLS[name]
    value = value | {"padding": "x" * 300}
    work = in_turn(told(value, CREATED.get(name, 200)))
    terms = replace(QUICK, timeout=0.5, slow_timeout=0.5)
    with faulty(work, fault) as gateway:
        client = make(gateway.url, terms=terms)
        if name in UNSAFE:
            with pytest.raises(AnswerLost):
                call(client)
        else:
            call(client)
        assert paths(gateway) == [asked] * (1 if name in UNSAFE else 2)


def test_tries_are_counted(make: Make, pauses: list[float]) -> None:
    with faulty(in_turn(told({})), *[Fault.UNDONE] * 9) as gateway:
        client = make(gateway.url, terms=replace(QUICK, tries=3))
        with pytest.raises(AnswerLost):
            client.records.status(LEAF)
        assert (len(gateway.seen), len(pauses)) == (3, 2)


@pytest.mark.parametrize("name", ["status", "upload", "file a case"])
def test_where_nobody_listens(make: Make, pauses: list[float], name: str) -> None:
    """Nothing was sent, so it may be tried again whatever it is; at last it is told."""
    client = make(f"http://127.0.0.1:{free_port()}", terms=replace(QUICK, tries=3))
    with pytest.raises(Unreachable) as caught:
        CALLS[name][2](client)
    assert (caught.value.code, len(pauses)) == ("gateway-unreachable", 2)
    assert issubclass(Unreachable, CouldNotCheck), "and may be caught as that"


@pytest.mark.parametrize("name", ["status", "upload", "file a case"])
def test_a_gateway_that_comes_up_meanwhile(make: Make, name: str) -> None:
    port = free_port()
    started: list[Any] = []

    def start() -> float:
        """In the first pause."""
        if not started:
            started.append(faulty(in_turn(good(name)), port=port))
            started.append(started[0].__enter__())
        return 0.0

    client = make(f"http://127.0.0.1:{port}", terms=replace(QUICK, jitter=start))
    try:
        CALLS[name][2](client)
    finally:
        started[0].__exit__(None, None, None)
    assert len(started[1].done) == 1


@everywhere
@pytest.mark.parametrize("status", [429, 503])
def test_not_now(make: Make, pauses: list[float], name: str, status: int) -> None:
    """It is sent again after as long as the gateway asks for, where nothing was taken: of what
    must not be done twice only 429 says that for certain."""
    _, _, call = CALLS[name]
    refusal = problem(status, "not-ready", reason="busy", retry_after=7)
    with faulty(in_turn(refusal, good(name))) as gateway:
        client = make(gateway.url, terms=replace(QUICK, longest_pause=30.0))
        if status == 503 and name in UNSAFE:
            with pytest.raises(NotReady) as caught:
                call(client)
            assert (caught.value.retry_after, caught.value.reason) == (7.0, "busy")
            assert caught.value.remedy == {"zh": "not-ready。", "en": "not-ready!"}
            assert (len(gateway.seen), pauses) == (1, [])
        else:
            call(client)
            assert (len(gateway.seen), pauses) == (2, [7.0])


def test_later_than_the_call_may_last(make: Make, pauses: list[float]) -> None:
    """It is told at once, with when to come again."""
    with faulty(in_turn(problem(503, "not-ready", retry_after=90))) as gateway:
        client = make(gateway.url, terms=replace(QUICK, longest_pause=100.0, deadline=60.0))
        with pytest.raises(NotReady) as caught:
            client.node()
        assert (caught.value.retry_after, pauses, len(gateway.seen)) == (90.0, [], 1)


def test_patience_ends(make: Make, pauses: list[float]) -> None:
    """By the clock of the terms, however short the pauses are."""
    now = [0.0]

    def clock() -> float:
        now[0] += 1.0
        return now[0]

    terms = replace(QUICK, clock=clock, patience=20.0, deadline=1000.0, timeout=30.0)
    with faulty(in_turn(problem(503, "not-ready"))) as gateway:
        with pytest.raises(NotReady):
            make(gateway.url, terms=terms).node()
        assert 2 < len(gateway.seen) < 20
        assert len(pauses) == len(gateway.seen) - 1


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_gateway_that_fails(make: Make, pauses: list[float], status: int) -> None:
    """Whether it was done is not known, so it is as a lost answer."""
    broken = (status, b"<html>", {"content-type": "text/html"})
    with faulty(in_turn(broken, good("status"))) as gateway:
        make(gateway.url).records.status(LEAF)
        assert len(gateway.seen) == 2
    told_ = problem(status, "internal")
    with faulty(in_turn(told_, good("file a case"))) as gateway:
        with pytest.raises(AnswerLost) as caught:
            CALLS["file a case"][2](make(gateway.url))
        assert (caught.value.reason, caught.value.remedy["en"]) == ("internal", "internal!")
        assert len(gateway.seen) == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Refused),
        (401, NotAllowed),
        (403, NotAllowed),
        (404, NotFound),
        (409, Refused),
        (410, NotFound),
        (413, Refused),
        (422, Refused),
    ],
)
def test_a_refusal_names_code_field_and_remedy(
    make: Make, status: int, kind: type[Refused]
) -> None:
    refusal = problem(status, "some-code", field="CF_WSH", replacedBy=LEAF)
    with faulty(in_turn(refusal)) as gateway:
        with pytest.raises(kind) as caught:
            make(gateway.url).records.status(LEAF)
        assert len(gateway.seen) == 1
    error = caught.value
    assert (error.status, error.code, error.field) == (status, "some-code", "CF_WSH")
    assert error.remedy == {"zh": "some-code。", "en": "some-code!"}
    assert error.document["replacedBy"] == LEAF
    assert not isinstance(error, NoAnswer)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"code":7,"text":{"en":[1]},"field":1}'])
def test_a_refusal_without_words(make: Make, body: bytes) -> None:
    with faulty(in_turn((404, body, {}))) as gateway, pytest.raises(NotFound) as caught:
        make(gateway.url).records.status(LEAF)
    assert (caught.value.code, caught.value.field) == ("http-404", None)
    assert caught.value.remedy == {}


@pytest.mark.parametrize("length", [True, False])
def test_an_answer_that_is_too_long(make: Make, length: bool) -> None:
    """Whether it says so before or not, no more is taken than fits."""
    body = b'{"x":"' + b"a" * (1 << 20) + b'"}'
    headers = {} if length else {"content-length": "9999999999"}
    with faulty(in_turn((200, body, headers))) as gateway, pytest.raises(AnswerMalformed):
        make(gateway.url).records.status(LEAF)


def test_a_packed_answer(make: Make) -> None:
    with faulty(in_turn((200, b"x", {"content-encoding": "gzip"}))) as gateway:
        with pytest.raises(AnswerMalformed, match="packed"):
            make(gateway.url).records.status(LEAF)


def test_no_redirect_is_followed(make: Make) -> None:
    """The token would go along."""
    with faulty(in_turn(told({}))) as other:
        moved = (307, b"", {"location": f"{other.url}/v1/node"})
        with faulty(in_turn(moved)) as gateway, pytest.raises(AnswerMalformed, match="redirect"):
            make(gateway.url, token="clt_secret").node()
        assert other.seen == []


def test_no_cookie_and_no_proxy(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{free_port()}")
    reply = told(CALLS["status"][1], Set_Cookie="a=b; Path=/")
    with faulty(in_turn(reply)) as gateway:
        client = make(gateway.url)
        client.records.status(LEAF)
        client.records.status(LEAF)
        assert ["cookie" in one.headers for one in gateway.seen] == [False, False]


@pytest.mark.parametrize("name", ["..", ".", "a/b", "a?b", "a#b", "%2e", "空 格"])
def test_names_lead_nowhere_else(make: Make, name: str) -> None:
    with faulty(in_turn(problem(404, "not-found"))) as gateway:
        client = make(gateway.url)
        calls = (
            client.records.status,
            client.files.answer,
            client.receipts.bare,
            client.lists.day,
        )
        for call in calls:
            with pytest.raises(NotFound):
                call(name)
    for one in gateway.seen:
        parts = one.path.split("/")[1:]
        assert parts[0] == "v1" and not {".", ".."} & set(parts), one.path
        assert "?" not in one.path and "#" not in one.path


def test_a_gateway_below_a_path(make: Make) -> None:
    with faulty(in_turn(good("node"))) as gateway:
        make(f"{gateway.url}/credit/").node()
    assert paths(gateway) == ["GET /credit/v1/node"]


def test_unready(make: Make) -> None:
    not_ready = problem(503, "not-ready", reason="chain-unknown")
    with faulty(in_turn(not_ready, told({"ready": True}))) as gateway:
        client = make(gateway.url)
        said = client.unready()
        assert isinstance(said._inner if hasattr(said, "_inner") else said, NotReady)
        assert said.reason == "chain-unknown"
        assert client.unready() is None
        assert len(gateway.seen) == 2, "it is asked once"


# ---- records


class Store:
    """Takes records as a gateway does: the same twice is a duplicate."""

    def __init__(self) -> None:
        self.taken: dict[bytes, str] = {}

    def __call__(self, seen: Seen) -> tuple[int, bytes, Any]:
        if seen.headers["content-type"] == "application/json":
            row = self.answer(None, seen.body.strip())
            return told(row, 201 if row["verdict"] == "accepted" else 200)
        lines = seen.body.splitlines()
        rows = [self.answer(n, line) for n, line in enumerate(lines, 1)]
        made = {"promise": {"log": "01" * 32, "count": len(rows)}}
        data = [*rows, made, {"counts": {"accepted": len(rows)}}]
        return 200, b"\n".join(map(orjson.dumps, data)), {}

    def answer(self, row: int | None, line: bytes) -> dict[str, Any]:
        verdict = "duplicate" if line in self.taken else "accepted"
        leaf = self.taken.setdefault(line, f"{len(self.taken):064x}")
        promise = 0 if verdict == "accepted" and row is not None else None
        return ROW | {"row": row, "verdict": verdict, "leaf": leaf, "promise": promise}


@pytest.mark.parametrize(("fault", "verdict"), [(PAIR[0], "accepted"), (PAIR[1], "duplicate")])
def test_a_record_is_in_once(make: Make, fault: Fault, verdict: str) -> None:
    store = Store()
    with faulty(store, fault) as gateway:
        row = make(gateway.url).records.submit({"type": "penalty"})
    assert (row.verdict, row.taken, row.leaf) == (verdict, True, f"{0:064x}")
    assert len(store.taken) == 1


@pytest.mark.parametrize("fault", PAIR)
def test_many_records_are_in_once(
    make: Make, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.client.records.MAX_LINES", 3)
    monkeypatch.setattr("ledger.client.records.sets.__defaults__", (3,))
    store, seen = Store(), list[int]()
    with faulty(store, Fault.NONE, fault) as gateway:
        client = make(gateway.url)
        found = client.records.submit_many(({"n": n} for n in range(8)), progress=seen.append)
        again = list(client.records.each({"n": n} for n in range(8)))
    assert [row.row for row in found.rows] == list(range(1, 9))
    assert found.leaves == [f"{n:064x}" for n in range(8)] == [row.leaf for row in again]
    assert (found.all_taken, seen) == (True, [3, 6, 8])
    lost = fault is Fault.LOST
    assert found.counts["duplicate"] == 3 * lost
    assert [row.promise for row in found.rows if row.verdict == "accepted"][-1] == 2
    assert len(found.promises) == 3
    assert {row.verdict for row in again} == {"duplicate"}


def test_no_records(make: Make) -> None:
    with faulty(Store()) as gateway:
        found = make(gateway.url).records.submit_many([])
        assert (found.rows, found.leaves, gateway.seen) == ((), [], [])


def broken_off(rows: int, **said: Any) -> tuple[int, bytes, Any]:
    """An answer that ends after some rows."""
    lines: list[Any] = [ROW | {"row": n + 1, "promise": None} for n in range(rows)]
    lines += [{"problem": said}] if said else []
    return 200, b"\n".join(map(orjson.dumps, lines)), {}


def test_lines_that_break_off(make: Make, pauses: list[float]) -> None:
    """What was answered stands; the rest is sent again, or it is told why not."""
    later = broken_off(2, status=503, code="not-ready", reason="busy", text={"zh": "", "en": "x"})
    replies = [later, later, broken_off(1, status=503, code="not-ready"), (200, b"", {})]
    store = Store()
    waiting = list(replies[:2])

    def work(seen: Seen) -> tuple[int, bytes, Any]:
        return waiting.pop(0) if waiting else store(seen)

    with faulty(work) as gateway:
        found = make(gateway.url).records.submit_many({"n": n} for n in range(6))
    assert [row.row for row in found.rows] == [1, 2, 3, 4, 5, 6]
    assert [one.body.count(b"\n") for one in gateway.seen] == [6, 4, 2]
    assert len(pauses) == 2
    refused = broken_off(1, status=401, code="token-unknown", text={"zh": "吊销", "en": "revoked"})
    with faulty(in_turn(refused)) as gateway, pytest.raises(NotAllowed, match="revoked"):
        make(gateway.url).records.submit_many([{}, {}])
    empty: Reply = (200, b"", {})
    for silent in (broken_off(1), empty, broken_off(3, status=200, code="x")):
        with faulty(in_turn(silent)) as gateway, pytest.raises(AnswerMalformed):
            make(gateway.url).records.submit_many([{}, {}])


def test_too_many_and_too_few_answers(make: Make) -> None:
    for rows in (1, 3):
        lines = [*[ROW] * rows, {"counts": {}}]
        reply: Reply = (200, b"\n".join(map(orjson.dumps, lines)), {})
        with faulty(in_turn(reply)) as gateway, pytest.raises(AnswerMalformed, match="answers"):
            make(gateway.url).records.submit_many([{}, {}])


@pytest.mark.parametrize(
    ("status", "verdict"), [(409, "conflict"), (422, "rejected"), (200, "duplicate")]
)
def test_a_verdict_is_an_answer(make: Make, status: int, verdict: str) -> None:
    """Also where it comes as a problem; a problem without one is a refusal."""
    row = ROW | {"verdict": verdict, "code": "required", "field": "CF_WSH", "status": status}
    with faulty(in_turn(told(row, status))) as gateway:
        found = make(gateway.url).records.submit(b'{"type":\n"penalty"}')
        assert (found.verdict, found.code, found.field) == (verdict, "required", "CF_WSH")
        assert found.taken is (verdict == "duplicate")
        assert gateway.seen[0].body == b'{"type": "penalty"}\n'
    if status != 200:
        with faulty(in_turn(problem(status, "schema-invalid"))) as gateway:
            with pytest.raises(Refused, match="schema-invalid"):
                make(gateway.url).records.submit({})
