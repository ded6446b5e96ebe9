"""The same question to several nodes, without waiting for the slowest for ever."""

import itertools
import threading
import time
from collections import Counter
from types import SimpleNamespace

import pytest

from ledger.chain.errors import RpcRefused, RpcTimeout, RpcUnreachable
from ledger.chain.nodes import parallel
from ledger.chain.nodes.blocks import Reader
from ledger.chain.nodes.parallel import Terms, ask_all
from ledger.chain.nodes.patience import insist
from ledger.chain.nodes.rpc import Rpc

AGES = 3600.0
"""Seconds that no test lets pass."""


@pytest.fixture
def nodes() -> list[Reader]:
    return [Reader(Rpc(f"http://n{number}", name=f"n{number}")) for number in range(3)]


def after(*others: threading.Event) -> None:
    """Wait until these have happened."""
    for other in others:
        assert other.wait(AGES)


def test_answers_in_the_order_of_the_nodes(nodes: list[Reader]) -> None:
    """Though they come in the opposite one."""
    done = {node.name: threading.Event() for node in nodes}
    before = {"n0": ["n1"], "n1": ["n2"], "n2": []}

    def job(node: Reader) -> str:
        after(*(done[name] for name in before[node.name]))
        done[node.name].set()
        return node.name

    answers = ask_all(nodes, job, Terms(enough=2, grace=AGES))
    assert list(answers.values.values()) == ["n0", "n1", "n2"]
    assert answers.failures == {}


def test_failures_are_told_by_node(nodes: list[Reader]) -> None:
    def job(node: Reader) -> str:
        if node.name == "n1":
            raise RpcUnreachable("n1", "refused")
        return node.name

    answers = ask_all(nodes, job, Terms(enough=2, grace=AGES))
    assert [node.name for node in answers.failures] == ["n1"]


@pytest.mark.parametrize("count", [1, 3])
def test_our_own_mistakes_are_raised(nodes: list[Reader], count: int) -> None:
    def job(node: Reader) -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ask_all(nodes[:count], job, Terms(enough=1, grace=AGES))


def test_a_slow_node_gets_grace_and_no_more(nodes: list[Reader]) -> None:
    stop = threading.Event()

    def job(node: Reader) -> str:
        if node.name == "n2":
            stop.wait(AGES)
        return node.name

    answers = ask_all(nodes, job, Terms(enough=2, grace=0.3))
    stop.set()
    assert len(answers.values) == 2
    assert isinstance(answers.failures[nodes[2]], RpcTimeout)


def test_a_job_that_takes_long_for_all_is_not_cut_short(
    nodes: list[Reader], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paging through events takes two nodes a thousand seconds of this clock; the third may take
    as long again."""
    moments = itertools.chain([0.0, 0.0], itertools.repeat(1000.0))
    monkeypatch.setattr(parallel, "time", SimpleNamespace(monotonic=lambda: next(moments)))
    monkeypatch.setattr(parallel, "_LONGEST", AGES)
    done = {node.name: threading.Event() for node in nodes}

    def job(node: Reader) -> str:
        if node.name == "n2":
            after(done["n0"], done["n1"])
            time.sleep(0.3)  # longer than the grace
        else:
            done[node.name].set()
        return node.name

    assert len(ask_all(nodes, job, Terms(enough=2, grace=0.01)).values) == 3


def test_nobody_answers_for_ever(nodes: list[Reader], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "_LONGEST", 0.2)
    stop = threading.Event()
    answers = ask_all(nodes, lambda node: stop.wait(AGES), Terms(enough=2, grace=AGES))
    stop.set()
    assert len(answers.failures) == 3


def test_a_refusal_for_the_moment_is_asked_again(nodes: list[Reader]) -> None:
    refused = Counter[str]()

    def job(node: Reader) -> str:
        def once() -> str:
            refused[node.name] += 1
            if refused[node.name] < 3:
                raise RpcRefused(node.name, 429)
            return node.name

        return insist(once)

    answers = ask_all(nodes, job, Terms(enough=3, grace=60))
    assert list(answers.values.values()) == ["n0", "n1", "n2"]
    assert set(refused.values()) == {3}


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refusal_for_good_is_not(nodes: list[Reader], status: int) -> None:
    asked = Counter[str]()

    def job(node: Reader) -> str:
        def once() -> str:
            asked[node.name] += 1
            raise RpcRefused(node.name, status)

        return insist(once)

    assert ask_all(nodes, job, Terms(enough=3, grace=60)).values == {}
    assert set(asked.values()) == {1}


def test_one_that_goes_on_refusing_holds_nobody_up(nodes: list[Reader]) -> None:
    """Nor does one that wants to be asked in an hour."""
    asked = Counter[str]()

    def job(node: Reader) -> str:
        def once() -> str:
            asked[node.name] += 1
            if node.name == "n0":
                return node.name
            raise RpcRefused(node.name, 429, retry_after=3600 if node.name == "n1" else None)

        return insist(once)

    answers = ask_all(nodes, job, Terms(enough=1, grace=60))
    assert list(answers.values.values()) == ["n0"]
    assert asked["n1"] == 1
    assert asked["n2"] <= 4
    assert all(isinstance(error, RpcRefused) for error in answers.failures.values())


def test_the_end_of_the_run_is_kept(nodes: list[Reader]) -> None:
    def job(node: Reader) -> str:
        def once() -> str:
            raise RpcRefused(node.name, 503)

        return insist(once)

    terms = Terms(enough=3, grace=60, end=time.monotonic() + 0.5)
    assert len(ask_all(nodes, job, terms).failures) == 3  # and not after half a minute


def test_alike_is_what_counts(nodes: list[Reader]) -> None:
    answers = ask_all(nodes, lambda node: node.name == "n1", Terms(enough=2, grace=60, alike=True))
    assert answers.alike() == 2
    assert sorted(map(len, answers.groups)) == [1, 2]


def test_no_nodes() -> None:
    assert ask_all([], lambda node: 1, Terms(enough=1, grace=1)).values == {}
