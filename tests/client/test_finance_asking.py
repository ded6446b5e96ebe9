"""What the rooms of finance send, what they make of answers, and what is sent again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import orjson
import pytest

from ledger import AnswerLost, AnswerMalformed, NotReady, Refused
from ledger.client.events import InputChanged, StatusChanged
from ledger.client.inputs import Feedback
from ledger.core.errors import InputError
from tests.client.answers import CASE, LEAF
from tests.client.conftest import Make
from tests.client.faulty import Fault, Reply, Seen, faulty, in_turn, paths, problem, told
from tests.client.test_watching import CHANGE

CODE, NUMBER = "91110000600037341L", "110000-20261130-K7M2P9QXRTM"
DAY = date(2026, 12, 1)
PAPER = {
    "authorisation": LEAF,
    "role": "held",
    "custodian": "110000",
    "grantee": "demo-bank",
    "subject": CODE,
    "types": ["penalty"],
    "regions": ["110000"],
    "purpose": "pre-loan",
    "from": "2026-12-01",
    "until": "2027-11-30",
    "at": "2026-12-01T00:00:00Z",
    "proven": True,
    "state": None,
}
MADE = {"member": "110000", "product": LEAF, "version": 1, "inputs": 1, "inputsRoot": LEAF}
PRODUCT: dict[str, Any] = {
    "member": "110000",
    "product": LEAF,
    "title": "",
    "versions": [],
    "acts": [{"action": "register", "version": None, "state": "sent", "code": None}],
}
STATUS = MADE | {"stale": False, "staleInputs": 0, "causes": [], "followedAt": "x", "block": 1}
SHARE = {"share": "0f", "code": "A2B3C4D5", "number": NUMBER, "until": "2026-12-31"}
PAGE: dict[str, Any] = {"items": [], "next": None}
LINE = {
    "n": 0,
    "code": CODE,
    "use": None,
    "problem": {"code": "x", "message": {"zh": "", "en": ""}},
}

Call = Callable[[Any], Any]
CALLS: Mapping[str, tuple[str, int, Any, Call]] = {
    "decide": ("POST /v1/uses/0f/decision", 200, {}, lambda c: c.uses.decide("0f", "approved")),
    "find": ("POST /v1/uses/find", 200, PAGE, lambda c: c.uses.find(code=CODE)),
    "usage": (
        "GET /v1/usage?first=2026-12-01&last=2026-12-01",
        200,
        {"uses": []},
        lambda c: c.uses.usage(DAY, DAY),
    ),
    "check": ("POST /v1/checks/subjects", 200, LINE, lambda c: list(c.checks.each([CODE], "own"))),
    "feedback": (
        "POST /v1/feedback",
        200,
        {"rows": [{"n": 0, "statement": LEAF, "errors": []}]},
        lambda c: c.checks.feedback([Feedback(query=LEAF, day=DAY, matter="7", measure="限制")]),
    ),
    "grant": (
        "POST /v1/authorisations",
        201,
        {"authorisation": LEAF},
        lambda c: c.authorisations.grant(
            CODE,
            "demo-bank",
            types=["penalty"],
            regions=["110000"],
            purpose="pre-loan",
            first=DAY,
            last=DAY,
            docs=[("a.pdf", b"%PDF-1.7")],
        ),
    ),
    "take": ("POST /v1/authorisations/held", 201, PAPER, lambda c: c.authorisations.take(b"{}")),
    "papers": (
        "GET /v1/authorisations?before=9&limit=7",
        200,
        PAGE,
        lambda c: c.authorisations.listed(before=9, limit=7),
    ),
    "papers of one": (
        "POST /v1/authorisations/find",
        200,
        PAGE,
        lambda c: c.authorisations.listed(subject=CODE),
    ),
    "paper": (f"GET /v1/authorisations/{LEAF}", 200, PAPER, lambda c: c.authorisations.show(LEAF)),
    "revoke": (
        f"POST /v1/authorisations/{LEAF}/revoke",
        200,
        PAPER,
        lambda c: c.authorisations.revoke(LEAF),
    ),
    "register": (
        "POST /v1/products",
        202,
        {"product": LEAF},
        lambda c: c.products.register("model", b"how"),
    ),
    "publish": (
        f"POST /v1/products/{LEAF}/versions",
        202,
        MADE | {"new": True},
        lambda c: c.products.publish(LEAF, b"scores", [LEAF]),
    ),
    "status": (
        f"GET /v1/products/{LEAF}/status?member=110000&version=2",
        200,
        STATUS,
        lambda c: c.products.status(LEAF, member="110000", version=2),
    ),
    "outcomes": (
        "POST /v1/outcomes",
        200,
        {"counts": {}, "items": []},
        lambda c: c.outcomes.report(("x.csv", b"a\n")),
    ),
    "sums": (
        "GET /v1/outcomes/sums?from=2026-01&until=2026-11&by=region%2Cproduct",
        200,
        PAGE,
        lambda c: c.outcomes.sums("2026-01", "2026-11", by=["region", "product"]),
    ),
    "counter": (
        "POST /v1/report-checks",
        200,
        {"number": NUMBER, "state": "genuine"},
        lambda c: c.reports.check(NUMBER, "A2B3C4D5"),
    ),
    "share": (
        f"POST /v1/reports/{NUMBER}/shares",
        201,
        SHARE,
        lambda c: c.reports.share(NUMBER, lines=[1], until=DAY),
    ),
    "unshare": (
        f"DELETE /v1/reports/{NUMBER}/shares/0f",
        204,
        None,
        lambda c: c.reports.unshare(NUMBER, "0f"),
    ),
    "follow": (
        "POST /v1/watched-subjects",
        201,
        {"subject": "0f"},
        lambda c: c.followed.follow_subject(CODE, "own"),
    ),
    "unfollow": (
        f"DELETE /v1/watched-records/{LEAF}",
        204,
        None,
        lambda c: c.followed.unfollow_record(LEAF),
    ),
}
"""By name: what is sent, the status and body of an answer, and the call."""
UNSAFE = ("check", "feedback", "grant", "counter", "share")
"""What stands in logs, is stated, or is counted: never twice by itself."""
ONCE = (*UNSAFE, "unshare", "unfollow")
"""What is not sent again where it may have been done."""
LENIENT = ("decide", "find", "usage", "papers", "papers of one", "outcomes", "sums")
"""Of which an answer may say nothing."""


def good(name: str) -> Reply:
    _, status, value, _ = CALLS[name]
    return (status, b"", {}) if value is None else told(value, status)


def test_each_call_asks_its_route(make: Make) -> None:
    with faulty(in_turn(*map(good, CALLS))) as gateway:
        client = make(gateway.url, token="clt_secret")
        for *_, call in CALLS.values():
            call(client)
    assert paths(gateway) == [asked for asked, *_ in CALLS.values()]
    assert {one.headers["authorization"] for one in gateway.seen} == {"Bearer clt_secret"}
    assert not any(CODE in one.path for one in gateway.seen), "a code stands in no address"


def test_what_is_no_answer(make: Make) -> None:
    """Is told as such, and not asked for again."""
    names = [name for name, (_, status, *_) in CALLS.items() if status != 204]
    bodies = [b"[]", b"7", b"{}"]
    replies: list[Reply] = [(CALLS[name][1], body, {}) for name in names for body in bodies]
    with faulty(in_turn(*replies)) as gateway:
        client = make(gateway.url)
        for name in names:
            for body in bodies:
                if name == "decide" or (name in LENIENT and body == b"{}"):
                    CALLS[name][3](client)
                    continue
                with pytest.raises(AnswerMalformed):
                    CALLS[name][3](client)
    assert len(gateway.seen) == len(replies)


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.UNDONE])
def test_a_connection_that_breaks(make: Make, fault: Fault) -> None:
    """What reads, and what is once however often it is said, is sent again."""
    for name in ("find", "take", "revoke", "register", "publish", "outcomes", "follow", *ONCE):
        with faulty(in_turn(good(name)), fault) as gateway:
            client = make(gateway.url)
            if name in ONCE:
                with pytest.raises(AnswerLost):
                    CALLS[name][3](client)
            else:
                CALLS[name][3](client)
        assert len(gateway.seen) == (1 if name in ONCE else 2), name


def test_an_id_of_a_product_is_drawn_once(make: Make) -> None:
    """What is sent again names the same product."""
    with faulty(in_turn(good("register")), Fault.LOST) as gateway:
        make(gateway.url).products.register("model", b"how")
    first, second = (orjson.loads(one.body)["product"] for one in gateway.seen)
    assert first == second and len(bytes.fromhex(first)) == 32


def test_a_key_makes_an_authorisation_one(make: Make) -> None:
    said: dict[str, Any] = {"types": [], "regions": [], "purpose": "own", "docs": []}
    said |= {"first": DAY, "last": DAY}
    with faulty(in_turn(good("grant")), Fault.LOST) as gateway:
        client = make(gateway.url)
        client.authorisations.grant(CODE, "x", **said, key="k7")
        for key in ("", "loan 7", "贷款7", "k" * 201):
            with pytest.raises(InputError, match="idempotency-key-invalid"):
                client.authorisations.grant(CODE, "x", **said, key=key)
    assert [one.headers["idempotency-key"] for one in gateway.seen] == ["k7", "k7"]


def test_a_code_is_not_tried_again(make: Make, pauses: list[float]) -> None:
    """Not even where the gateway says when: each try is counted."""
    with faulty(in_turn(problem(429, "report-tries", retry_after=9))) as gateway:
        with pytest.raises(NotReady) as caught:
            make(gateway.url).reports.check(NUMBER, "A2B3C4D5")
    assert (caught.value.retry_after, caught.value.reason) == (9.0, "report-tries")
    assert (len(gateway.seen), pauses) == (1, [])


def elsewhere(endpoint: Any) -> Reply:
    body = {"code": "report-elsewhere", "issuer": "110000", "endpoint": endpoint}
    return 421, orjson.dumps(body), {"content-type": "application/problem+json"}


def test_whoever_made_a_report_is_asked_without_the_token(make: Make) -> None:
    with faulty(in_turn(good("counter"))) as issuer, faulty(in_turn(elsewhere(issuer.url))) as own:
        client = make(own.url, token="clt_secret")
        assert client.reports.check(NUMBER, "A2B3C4D5") == "genuine"
    assert own.seen[0].headers["authorization"] == "Bearer clt_secret"
    [asked] = issuer.seen
    assert "authorization" not in asked.headers and asked.body == own.seen[0].body


@pytest.mark.parametrize("endpoint", [None, 7, "ftp://x", "http://", "http://a:b@127.0.0.1/"])
def test_where_nobody_is_named(make: Make, endpoint: Any) -> None:
    with faulty(in_turn(elsewhere(endpoint))) as own:
        with pytest.raises((Refused, AnswerMalformed)) as caught:
            make(own.url).reports.check(NUMBER, "A2B3C4D5")
    assert isinstance(caught.value, AnswerMalformed) is isinstance(endpoint, str)


def test_two_that_name_each_other(make: Make) -> None:
    """It ends with the second."""
    with faulty(in_turn(elsewhere("http://127.0.0.1:1"))) as second:
        with faulty(in_turn(elsewhere(second.url))) as own:
            with pytest.raises(Refused, match="report-elsewhere"):
                make(own.url).reports.check(NUMBER, "A2B3C4D5")
    assert (len(own.seen), len(second.seen)) == (1, 1)


def test_what_the_chain_takes_its_time_for(make: Make, pauses: list[float]) -> None:
    """Is looked at again and again, until it is there or the time is over."""
    done = PRODUCT | {"acts": [PRODUCT["acts"][0] | {"state": "recorded"}]}
    with faulty(in_turn(told(PRODUCT), told(PRODUCT), told(done))) as gateway:
        found = make(gateway.url).products.wait(LEAF, within=600)
    assert not found.in_flight and len(pauses) == 2
    with faulty(in_turn(told(PRODUCT))) as gateway, pytest.raises(NotReady):
        make(gateway.url).products.wait(LEAF, within=0.5)
    states = [told(PAPER | {"state": one}) for one in ("revoking", None, "revoked")]
    with faulty(in_turn(*states)) as gateway:
        assert make(gateway.url).authorisations.revoke(LEAF, within=600).state == "revoked"
    with faulty(in_turn(states[0])) as gateway, pytest.raises(NotReady):
        make(gateway.url).authorisations.revoke(LEAF, within=0.5)


def test_many_are_asked_about_a_few_at_a_time(make: Make) -> None:
    """What came before an error stands."""

    def work(seen: Seen) -> Reply:
        asked = orjson.loads(seen.body)["subjects"]
        if len(asked) < 20:
            return problem(403, "scope-missing")
        return 200, b"".join(orjson.dumps(LINE) + b"\n" for _ in asked), {}

    with faulty(work) as gateway:
        answers = iter(make(gateway.url).checks.each([CODE] * 45, "own"))
        assert [next(answers).n for _ in range(40)] == list(range(40))
        with pytest.raises(Refused, match="scope-missing"):
            next(answers)
    assert len(gateway.seen) == 3


def test_what_changed_last(make: Make) -> None:
    """Kinds that are not known here are left out."""
    notice = {"notice": "x", "at": "y", "member": "a", "product": LEAF, "version": 1}
    notice |= {"record": CASE, "causes": ["repaired"]}
    items = [
        CHANGE | {"event": "status", "place": "2.0f"},
        notice | {"event": "product.input-changed", "place": "1.0f"},
        {"event": "later.something", "place": "0.0f"},
    ]
    with faulty(in_turn(told({"items": items}))) as gateway:
        found = make(gateway.url).followed.latest(limit=3)
    assert [type(one) for one in found] == [StatusChanged, InputChanged]
    assert [one.place for one in found] == ["2.0f", "1.0f"]
