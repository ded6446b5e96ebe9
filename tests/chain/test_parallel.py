"""The same question to several nodes, without waiting for the slowest for ever."""

import threading
import time

import pytest

from ledger.chain import parallel
from ledger.chain.blocks import Reader
from ledger.chain.errors import RpcTimeout, RpcUnreachable
from ledger.chain.parallel import ask_all
from ledger.chain.rpc import Rpc


@pytest.fixture
def nodes() -> list[Reader]:
    return [Reader(Rpc(f"http://n{number}", name=f"n{number}")) for number in range(3)]


def test_answers_in_the_order_of_the_nodes(nodes: list[Reader]) -> None:
    def job(node: Reader) -> str:
        time.sleep({"n0": 0.1, "n1": 0.05, "n2": 0.0}[node.name])
        return node.name

    answers = ask_all(nodes, job, enough=2, grace=5)
    assert list(answers.values.values()) == ["n0", "n1", "n2"]
    assert answers.failures == {}


def test_failures_are_told_by_node(nodes: list[Reader]) -> None:
    def job(node: Reader) -> str:
        if node.name == "n1":
            raise RpcUnreachable("n1", "refused")
        return node.name

    answers = ask_all(nodes, job, enough=2, grace=5)
    assert [node.name for node in answers.failures] == ["n1"]


@pytest.mark.parametrize("count", [1, 3])
def test_our_own_mistakes_are_raised(nodes: list[Reader], count: int) -> None:
    def job(node: Reader) -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ask_all(nodes[:count], job, enough=1, grace=5)


def test_a_slow_node_gets_grace_and_no_more(nodes: list[Reader]) -> None:
    stop = threading.Event()

    def job(node: Reader) -> str:
        if node.name == "n2":
            stop.wait(30)
        return node.name

    start = time.monotonic()
    answers = ask_all(nodes, job, enough=2, grace=0.3)
    stop.set()
    assert 0.25 < time.monotonic() - start < 3
    assert len(answers.values) == 2
    assert isinstance(answers.failures[nodes[2]], RpcTimeout)


def test_a_job_that_takes_long_for_all_is_not_cut_short(nodes: list[Reader]) -> None:
    """Paging through events takes two nodes 0.3 s; the third may take as long again."""

    def job(node: Reader) -> str:
        time.sleep({"n0": 0.3, "n1": 0.3, "n2": 0.7}[node.name])
        return node.name

    assert len(ask_all(nodes, job, enough=2, grace=0.01).values) == 3


def test_nobody_answers_for_ever(nodes: list[Reader], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "_LONGEST", 0.2)
    stop = threading.Event()
    answers = ask_all(nodes, lambda node: stop.wait(30), enough=2, grace=5)
    stop.set()
    assert len(answers.failures) == 3


def test_no_nodes() -> None:
    assert ask_all([], lambda node: 1, enough=1, grace=1).values == {}
