"""What holders may do over HTTP, and what nobody may."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from gateway.accesses.services import Wanted, read
from gateway.app import create_app
from gateway.node import Node
from gateway.webhooks import services, store
from tests.gateway.intake.material import bearer, new_token
from tests.gateway.watching.test_watch import served
from tests.gateway.webhooks.desk import (
    AUTHORISATION,
    SUBJECT,
    change,
    members,
    record,
    row,
    turn,
)
from tests.support.asgi import Client
from tests.support.receiver import Receiver, status

SUBJECT_BODY = {"code": SUBJECT, "purpose": "post-loan", "authorisation": AUTHORISATION.hex()}


class Desk:
    """One holder at the routes of a node."""

    def __init__(self, node: Node, *scopes: str, name: str = "bank") -> None:
        self._client = Client(create_app(node))
        token = new_token(node, *(scopes or ("read",)), name=name, department=name)
        self._headers = bearer(token)

    def ask(self, method: str, path: str, body: Any = None, *, expect: int = 200) -> Any:
        options = {} if body is None else {"json": body}
        answer = self._client.request(method, path, headers=self._headers, **options)
        assert answer.status_code == expect, answer.text
        if answer.content:
            assert expect >= 400 or answer.headers["cache-control"] == "no-store"
            return answer.json()
        return None


@pytest.fixture
def desk(node: Node) -> Desk:
    return Desk(node)


def test_made_shown_and_taken_away(node: Node, desk: Desk, receiver: Receiver) -> None:
    records = [record(n).hex() for n in (1, 2)]
    told = desk.ask("POST", "/v1/webhooks", {"url": receiver.url, "records": records}, expect=201)
    assert told["secret"].startswith("whsec_") and told["subject"] is None
    receiver.keys = [told["secret"]]
    shown = desk.ask("GET", "/v1/webhooks")
    assert "whsec_" not in str(shown), "the secret is shown once"
    (one,) = shown["items"]
    assert (one["id"], one["url"], one["all"]) == (told["id"], receiver.url, False)
    assert one["records"] == sorted(records)
    assert (one["state"], one["delivered"], one["deadLetters"]) == ("active", None, 0)
    more = [record(3).hex()]
    desk.ask("POST", f"/v1/webhooks/{one['id']}/follow", {"records": more})
    change(node, 1, 3, 4)
    turn(node, one["id"])
    assert len(receiver.taken) == 2 and all(got.signed_by for got in receiver.taken)
    desk.ask("DELETE", f"/v1/webhooks/{one['id']}", expect=204)
    assert desk.ask("GET", "/v1/webhooks") == {"items": []}
    desk.ask("DELETE", f"/v1/webhooks/{one['id']}", expect=404)
    change(node, 1, version=2)
    turn(node, one["id"])
    assert len(receiver.taken) == 2


def test_of_a_subject(node: Node, desk: Desk, receiver: Receiver) -> None:
    members(node)
    body = {"url": receiver.url, "subject": SUBJECT_BODY}
    told = desk.ask("POST", "/v1/webhooks", body, expect=201)
    listed = desk.ask("GET", "/v1/watched-subjects")["items"]
    assert [(one["subject"], one["code"]) for one in listed] == [(told["subject"], SUBJECT)]
    assert listed[0]["standing"] is False
    again = desk.ask("POST", "/v1/watched-subjects", SUBJECT_BODY, expect=201)
    assert again == {"subject": told["subject"]}
    shown = desk.ask("GET", f"/v1/watched-subjects/{told['subject']}")
    assert (shown["standing"], shown["records"]) == (True, [])
    other = Desk(node, name="another")
    assert other.ask("GET", "/v1/watched-subjects") == {"items": []}
    other.ask("GET", f"/v1/watched-subjects/{told['subject']}", expect=404)
    other.ask("DELETE", f"/v1/watched-subjects/{told['subject']}", expect=404)
    desk.ask("DELETE", f"/v1/webhooks/{told['id']}", expect=204)
    desk.ask("DELETE", f"/v1/watched-subjects/{told['subject']}", expect=204)
    assert desk.ask("GET", "/v1/watched-subjects") == {"items": []}


def test_tried_out(node: Node, desk: Desk, receiver: Receiver, monkeypatch: Any) -> None:
    told = desk.ask("POST", "/v1/webhooks", {"url": receiver.url}, expect=201)
    receiver.keys = [told["secret"]]
    path = f"/v1/webhooks/{told['id']}/test"
    done = desk.ask("POST", path)
    assert (done["delivered"], done["code"]) == (True, None)
    (got,) = receiver.taken
    assert (got.value["type"], got.id, got.signed_by) == (
        "webhook.test",
        done["message"],
        told["secret"],
    )
    refused = desk.ask("POST", path, expect=429)
    assert refused["code"] == "too-many-requests"
    monkeypatch.setattr(services, "TEST_PAUSE", 0.0)
    receiver.on(status(500), times=1)
    done = desk.ask("POST", path)
    assert (done["delivered"], done["code"]) == (False, "http-500")
    assert row(node, told["id"]).failing_since is None, "it counts for nothing"


def test_a_new_secret(node: Node, desk: Desk, receiver: Receiver) -> None:
    """Both sign for a day, so that no delivery is lost while the receiver changes over."""
    told = desk.ask("POST", "/v1/webhooks", {"url": receiver.url, "records": [record(1).hex()]},
                    expect=201)  # fmt: skip
    old, path = told["secret"], f"/v1/webhooks/{told['id']}/rotate"
    new = desk.ask("POST", path)
    assert new["secret"] != old and new["formerUntil"] is not None
    change(node, 1)
    turn(node, told["id"])
    for secret in (old, new["secret"]):
        Webhook(secret).verify(receiver.taken[0].body, receiver.taken[0].headers)
    with node.ctx.engine.begin() as connection:  # a day later
        store.put(connection, told["id"], former_until=store.now() - 1)
    receiver.keys = [old]
    change(node, 1, version=2)
    turn(node, told["id"])
    assert receiver.taken[1].signed_by is None, "the old one has ended"
    last = desk.ask("POST", f"{path}?end_old=true")
    assert last["formerUntil"] is None
    receiver.keys = [last["secret"]]
    change(node, 1, version=3)
    turn(node, told["id"])
    assert receiver.taken[2].signed_by == last["secret"]
    assert len(receiver.taken[2].headers["webhook-signature"].split(" ")) == 1
    assert old not in str([row(node, told["id"])])


def test_dead_letters(node: Node, desk: Desk, receiver: Receiver, monkeypatch: Any) -> None:
    monkeypatch.setattr("gateway.webhooks.schedule.TRIES", 1)
    told = desk.ask("POST", "/v1/webhooks", {"url": receiver.url, "records": [record(1).hex()]},
                    expect=201)  # fmt: skip
    receiver.on(status(500), times=1)
    change(node, 1)
    turn(node, told["id"])
    (letter,) = desk.ask("GET", f"/v1/webhooks/{told['id']}/dead-letters")["items"]
    assert (letter["state"], letter["tries"], letter["code"]) == ("dead", 1, "http-500")
    assert letter["body"].encode() == receiver.got[0].body
    assert desk.ask("GET", "/v1/webhooks")["items"][0]["deadLetters"] == 1
    assert desk.ask("POST", f"/v1/webhooks/{told['id']}/retry")["letters"] == 1
    turn(node, told["id"])
    assert [got.id for got in receiver.taken] == [letter["message"]]
    assert desk.ask("GET", f"/v1/webhooks/{told['id']}/dead-letters")["items"] == []


WRONG_SUBJECTS: list[dict[str, Any]] = [
    *({"code": 1}, {"code": "x" * 99}, {"code": "00000000000000000X"}, {"code": "短"}),
    *({"purpose": "love"}, {"purpose": []}, {"authorisation": "zz"}, {"authorisation": 5}),
    *({"types": "penalty"}, {"types": ["PENALTY"]}, {"types": [1]}, {"types": ["x"] * 65}),
    {"more": 1},
]
WRONG: list[Any] = [
    *([], "x", {}, {"url": 1}, {"url": "x" * 3000}, {"url": "https://a.example", "more": 1}),
    *({"records": ["zz"]}, {"records": "zz"}, {"records": [1]}, {"records": ["00"] * 1001}),
    *({"subject": "x"}, {"subject": {}}, {"subject": {"code": SUBJECT}}),
    *({"subject": SUBJECT_BODY | changes} for changes in WRONG_SUBJECTS),
]


@pytest.mark.parametrize("body", WRONG)
def test_wrong_bodies(desk: Desk, receiver: Receiver, body: Any) -> None:
    if isinstance(body, dict) and "url" not in body and body:
        body = {"url": receiver.url} | body
    told = desk.ask("POST", "/v1/webhooks", body, expect=422)
    assert told["code"] == "schema-invalid"
    if isinstance(body, dict) and isinstance(body.get("subject"), dict):
        told = desk.ask("POST", "/v1/watched-subjects", body["subject"], expect=422)
        assert told["code"] == "schema-invalid"
    assert desk.ask("GET", "/v1/webhooks") == {"items": []}


def test_refused_with_a_reason(node: Node, desk: Desk, receiver: Receiver) -> None:
    told = desk.ask("POST", "/v1/webhooks", {"url": "ftp://a.example/"}, expect=422)
    assert (told["code"], told["reason"]) == ("webhook-target", "target-refused")
    told = desk.ask("POST", "/v1/webhooks", {"url": "http://no.such.name.invalid/"}, expect=422)
    assert told["reason"] == "name-unknown"
    members(node)
    without = {name: value for name, value in SUBJECT_BODY.items() if name != "authorisation"}
    told = desk.ask("POST", "/v1/watched-subjects", without, expect=403)
    assert told["code"] == "authorisation-missing"
    assert desk.ask("GET", "/v1/webhooks") == {"items": []}, "all or nothing"


def test_bounded(
    node: Node, desk: Desk, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "MAX_OF_HOLDER", 2)
    monkeypatch.setattr(services, "MAX_ENDPOINTS", 3)
    monkeypatch.setattr(services, "MAX_RECORDS", 2)
    monkeypatch.setattr(services, "MAX_SUBJECTS", 1)
    body = {"url": receiver.url}
    first, _ = (desk.ask("POST", "/v1/webhooks", body, expect=201) for _ in range(2))
    told = desk.ask("POST", "/v1/webhooks", body, expect=409)
    assert (told["code"], told["most"]) == ("too-many-webhooks", 2)
    Desk(node, name="another").ask("POST", "/v1/webhooks", body, expect=201)
    third = Desk(node, name="third")
    assert third.ask("POST", "/v1/webhooks", body, expect=409)["code"] == "too-many-webhooks"
    path = f"/v1/webhooks/{first['id']}/follow"
    desk.ask("POST", path, {"records": [record(n).hex() for n in (1, 2)]})
    desk.ask("POST", path, {"records": [record(1).hex()]})
    told = desk.ask("POST", path, {"records": [record(3).hex()]}, expect=409)
    assert told["code"] == "too-many-followed"
    assert desk.ask("POST", path, {}, expect=422)["code"] == "schema-invalid"
    members(node)
    desk.ask("POST", path, {"subject": SUBJECT_BODY})
    other = SUBJECT_BODY | {"purpose": "in-loan"}
    assert desk.ask("POST", path, {"subject": other}, expect=409)["code"] == "too-many-subjects"
    assert len(desk.ask("GET", "/v1/watched-subjects")["items"]) == 1, "nothing is left of it"


def test_who_waits_for_a_name_holds_up_nobody(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one holder one is tried at a time and two wait; others go on meanwhile."""
    release, looked = threading.Event(), list[str]()

    def hang(url: str) -> None:
        looked.append(url)
        release.wait()

    monkeypatch.setattr(node.webhooks.webhooks._outward, "demand_reachable", hang)
    headers = bearer(new_token(node, "read", name="bank"))
    other = bearer(new_token(node, "read", name="another", department="b"))
    with served(node) as url, ThreadPoolExecutor(8) as pool:

        def add(of: dict[str, str], n: int) -> int:
            body = {"url": f"http://{n}.example/"}
            path = f"{url}/v1/webhooks"
            return httpx.post(path, json=body, headers=of, timeout=300).status_code

        mine = [pool.submit(add, headers, n) for n in range(4)]
        theirs = pool.submit(add, other, 9)
        try:
            refused = next(as_completed(mine)).result()
            while len(looked) < 2:
                time.sleep(0.01)
            listed = httpx.get(f"{url}/v1/webhooks", headers=headers, timeout=300)
        finally:
            release.set()
        assert (refused, listed.status_code) == (429, 200)
        assert sorted(one.result() for one in mine) == [201, 201, 201, 429]
        assert theirs.result() == 201


ROUTES = [
    ("POST", "/v1/webhooks"),
    ("GET", "/v1/webhooks"),
    ("DELETE", f"/v1/webhooks/{'0' * 32}"),
    ("POST", f"/v1/webhooks/{'0' * 32}/follow"),
    ("POST", f"/v1/webhooks/{'0' * 32}/test"),
    ("POST", f"/v1/webhooks/{'0' * 32}/rotate"),
    ("POST", f"/v1/webhooks/{'0' * 32}/retry"),
    ("GET", f"/v1/webhooks/{'0' * 32}/dead-letters"),
    ("POST", "/v1/watched-subjects"),
    ("GET", "/v1/watched-subjects"),
    ("GET", f"/v1/watched-subjects/{'0' * 32}"),
    ("DELETE", f"/v1/watched-subjects/{'0' * 32}"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_for_who_may_read_alone(node: Node, method: str, path: str) -> None:
    nobody = Client(create_app(node)).request(method, path)
    assert nobody.status_code == 401
    only = Desk(node, "submit", "decide", "release", name="sender")
    assert only.ask(method, path, expect=403)["code"] == "scope-missing"
    if "0" * 32 in path:
        body = {"records": [record(1).hex()]} if path.endswith("follow") else None
        assert Desk(node).ask(method, path, body, expect=404)["code"] == "not-found"


def test_that_somebody_follows_stands_in_the_access_log(
    node: Node, desk: Desk, receiver: Receiver
) -> None:
    """Who, and not whom."""
    members(node)
    desk.ask("POST", "/v1/webhooks", {"url": receiver.url, "subject": SUBJECT_BODY}, expect=201)
    (line,) = [one for one in read(node.ctx.engine, Wanted()) if one.purpose == "follow"]
    assert (line.answer, line.record, line.count) == ("allowed", None, 1)
