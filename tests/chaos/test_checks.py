"""Each check finds what it is there for."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.app import create_app
from scripts.chaos_parts.checks import check_promise, compare, history
from scripts.chaos_parts.load import Told
from tests.gateway.intake.material import bearer, new_token, record
from tests.support.asgi import Client
from tests.support.node import make_test_node


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
    assert history(good).wrong == []
    assert history([*good, ("sent", 9, 11)]).wrong == ["11: sent"]
    assert history([*good, ("final", 7, 11)]).wrong == ["11 follows 7, not 9"]


def test_a_promise(tmp_path: Path) -> None:
    """A real one; then each of its parts is changed."""
    node = make_test_node(tmp_path)
    headers = bearer(new_token(node, "submit"))
    client = Client(create_app(node))
    answer = client.request("POST", "/v1/records", json=record(1), headers=headers).json()
    facts = node.chain.known
    node.close()
    assert facts is not None
    assert check_promise(answer, facts) == ""
    other = replace(facts, keys=())
    assert check_promise(answer, other) == "signed by somebody else"
    assert check_promise(answer | {"leaf": "00" * 32}, facts)
    late = answer["promise"] | {"due": answer["promise"]["issuedAt"]}
    assert check_promise(answer | {"promise": late}, facts) == "signed by somebody else"
    assert check_promise(answer | {"promise": {}}, facts)


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
