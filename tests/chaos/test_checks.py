"""Each check finds what it is there for."""

import json
import math
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.app import create_app
from gateway.chain.interfaces import MemberFacts
from gateway.node import Node
from ledger.core import receipt as receipts
from ledger.core.disclosures import parse_disclosure
from scripts.chaos_parts.checks import (
    OWN,
    check_promise,
    check_receipt,
    check_set,
    compare,
    history,
)
from scripts.chaos_parts.load import Sender, Told, sent
from tests.gateway.intake.material import bearer, new_token, record
from tests.support.asgi import Client
from tests.support.node import make_test_node

VECTORS = Path(__file__).resolve().parent.parent / "vectors"


def found(leaves: dict[int, set[str]], logged: dict[str, int]) -> dict[str, list[str]]:
    return {one.name: list(one.wrong) for one in compare(leaves, Counter(logged)) if one.wrong}


def test_what_was_told_is_compared_with_the_log() -> None:
    told = {0: {"a"}, 1: {"b"}}
    assert found(told, {"a": 1, "b": 1}) == {}
    assert found(told, {"a": 1}) == {"nothing that was promised is lost": ["b"]}
    assert found(told, {"a": 1, "b": 2}) == {"nothing is in the log twice": ["b"]}
    assert found(told, {"a": 1, "b": 1, "c": 1}) == {
        "nothing is in the log that nobody sent": ["c"]
    }
    assert found({0: {"a", "b"}}, {"a": 1, "b": 1}) == {
        "no record has two leaves": ["record 0: ['a', 'b']"]
    }


def test_the_history_of_anchors() -> None:
    good = [("final", 0, 5), ("failed", 0, 6), ("lost", 5, 7), ("final", 5, 9)]
    assert history(good, 9).wrong == []
    assert history([*good, ("sent", 9, 11)], 9).wrong == ["11: sent"]
    assert history([*good, ("final", 7, 11)], 11).wrong == ["11 follows 7, not 9"]
    assert history(good, 11).wrong == ["the log has 11, its last anchor 9"]
    assert history(good[:-1], 9).wrong == ["the log has 9, its last anchor 5"]
    for size in (0, 9):
        assert history([], size).wrong == [f"the log has {size}, its last anchor 0"]


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    made = make_test_node(tmp_path)
    yield made
    made.close()


def known(node: Node) -> MemberFacts:
    assert node.chain.known is not None
    return node.chain.known


def elsewhere(facts: MemberFacts) -> MemberFacts:
    """The same member with another log."""
    return replace(facts, logs=(replace(facts.logs[0], log_id="00" * 32),))


def test_a_promise(node: Node) -> None:
    """A real one; then each of its parts is changed."""
    headers = bearer(new_token(node, "submit"))
    client = Client(create_app(node))
    answer, second = (
        client.request("POST", "/v1/records", json=record(n), headers=headers).json()
        for n in (1, 2)
    )
    facts = known(node)
    assert check_promise(answer, facts) == ""
    other = replace(facts, keys=())
    assert check_promise(answer, other) == "signed by somebody else"
    assert check_promise(answer, elsewhere(facts)) == "of another log"
    assert check_promise(answer | {"leaf": "00" * 32}, facts)
    assert check_promise(answer | {"leaf": second["leaf"]}, facts), "two answers swapped"
    late = answer["promise"] | {"due": answer["promise"]["issuedAt"]}
    assert check_promise(answer | {"promise": late}, facts) == "signed by somebody else"
    assert check_promise(answer | {"promise": {}}, facts)


def test_the_promise_of_a_set(node: Node) -> None:
    """As a stream gives it."""
    headers = bearer(new_token(node, "submit")) | {"content-type": "application/x-ndjson"}
    body = b"".join(json.dumps(record(n)).encode() + b"\n" for n in range(3))
    answer = Client(create_app(node)).request("POST", "/v1/records", content=body, headers=headers)
    told = Told(leaves={n: set() for n in range(3)})
    sender = Sender({"x": "http://127.0.0.1:1"}, "", told, threading.Event())
    fresh: list[str] = []
    for line in answer.text.splitlines():
        fresh = sender._take_line(json.loads(line), 0, fresh)
    sender.close()
    ((promise, leaves),) = told.sets
    assert (fresh, len(leaves), told.unanswered()) == ([], 3, [])
    facts = known(node)
    assert check_set(promise, leaves, facts) == ""
    assert check_set(promise, leaves[:2], facts) == "of 3 leaves, not 2"
    assert check_set(promise, leaves[::-1], facts) == "of other leaves"
    assert check_set(promise, leaves, elsewhere(facts)) == "of another log"
    assert check_set(promise, leaves, replace(facts, keys=())) == "signed by somebody else"
    assert check_set({}, leaves, facts)


def test_a_receipt_shows_what_was_sent() -> None:
    """Some of the vectors; then as if the answers to two records had been swapped."""
    cases = json.loads((VECTORS / "receipt" / "receipt.json").read_text("utf-8"))["cases"]
    bare, whole, little = (case["data"].encode() for case in cases[:3])
    presentation = receipts.parse(whole).presentation
    assert presentation is not None
    fields = dict(parse_disclosure(one) for one in presentation.disclosures)
    assert check_receipt(whole, fields) == ""
    swapped = fields | {"CF_WSH": "another", "CF_XDR_MC": "another"}
    assert check_receipt(whole, swapped) == "other than sent: CF_WSH, CF_XDR_MC"
    assert check_receipt(whole, sent(3)).startswith("other than sent: ")
    for data in (bare, little):
        assert check_receipt(data, fields) == "shows no CF_WSH"


def test_what_was_sent_is_known_by_its_number() -> None:
    assert len({sent(number)[OWN] for number in range(50)}) == 50
    assert sent(3) == sent(3)


@pytest.mark.parametrize("status", [503, 429])
def test_not_now_wants_an_excuse(status: int) -> None:
    told = Told(calm_since=10.0)
    sender = Sender({"x": "http://127.0.0.1:1"}, "", told, threading.Event())
    answer = httpx.Response(status, text="not now")
    assert not sender._refused("POST", answer, 9.0)
    assert told.wrong == [], "asked while something was broken"
    assert not sender._refused("POST", answer, 11.0)
    assert told.wrong == [f"POST, with nothing broken: {status} not now"]
    told.calm_since = math.inf
    sender._refused("POST", answer, 11.0)
    assert len(told.wrong) == 1, "it broke while it was asked"
    sender.close()


def test_no_answer_wants_an_excuse() -> None:
    told = Told(leaves={0: set()})
    with closing(Sender({"x": "http://127.0.0.1:1"}, "", told, threading.Event())) as sender:
        assert not sender.once(0)
        assert told.wrong == []
        told.calm_since = 0.0
        assert not sender.once(0)
        assert "with nothing broken" in told.wrong[0]
        sender._unheard("POST", httpx.ReadTimeout("slow"), 1.0)
    assert len(told.wrong) == 1, "a slow machine is no fault"


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        ({"verdict": "accepted", "leaf": "a"}, 0),
        ({"verdict": "duplicate", "leaf": "a"}, 0),
        ({"verdict": "conflict", "leaf": "a"}, 1),
        ({"verdict": "rejected"}, 1),
    ],
)
def test_answers_that_no_fault_excuses(answer: dict[str, Any], wrong: int) -> None:
    told = Told(leaves={1: set(), 2: set()})
    told.row(1, answer)
    assert len(told.wrong) == wrong
    assert told.unanswered() == ([1, 2] if wrong else [2])
