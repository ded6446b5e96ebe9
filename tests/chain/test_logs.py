"""Paging through events of nodes with limits of their own."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.chain.errors import RpcError, RpcNonsense, RpcTimeout, RpcUnreachable
from ledger.chain.nodes import event_logs as logs
from ledger.chain.nodes.blocks import Reader
from ledger.chain.nodes.event_logs import LogQuery, read_logs
from ledger.core.ids import Address

ADDRESS = Address("0x" + "cd" * 20)
TOPIC = b"\x01" * 32


def event(block: int, index: int, **changes: Any) -> dict[str, Any]:
    return {
        "address": ADDRESS,
        "topics": ["0x" + TOPIC.hex()],
        "data": "0x",
        "blockNumber": hex(block),
        "blockHash": "0x" + f"{block:064x}",
        "transactionHash": "0x" + f"{index:064x}",
        "logIndex": hex(index),
    } | changes


class Node:
    """A node with events in some blocks. `refuse(first, last, found)` may raise."""

    name = "node"

    def __init__(
        self,
        events: Sequence[dict[str, Any]],
        refuse: Callable[[int, int, int], None] = lambda first, last, found: None,
    ) -> None:
        self.events = events
        self.refuse = refuse
        self.pages: list[tuple[int, int]] = []

    def call(self, method: str, params: Sequence[Any] = ()) -> Any:
        assert method == "eth_getLogs"
        first, last = int(params[0]["fromBlock"], 16), int(params[0]["toBlock"], 16)
        found = [e for e in self.events if first <= int(e["blockNumber"], 16) <= last]
        self.pages.append((first, last))
        self.refuse(first, last, len(found))
        return found


def query(first: int, last: int) -> LogQuery:
    return LogQuery(address=ADDRESS, topics=(TOPIC,), first=first, last=last)


def no_more_than(blocks: int = 10**9, results: int = 10**9) -> Callable[[int, int, int], None]:
    def refuse(first: int, last: int, found: int) -> None:
        if last - first + 1 > blocks:
            raise RpcError("node", number=-32005, text="block range is too wide")
        if found > results:
            raise RpcError("node", number=-32005, text="query returned more than 10000 results")

    return refuse


@given(
    blocks=st.lists(st.integers(0, 300), max_size=60),
    most_blocks=st.integers(1, 400),
    page=st.integers(1, 400),
    last=st.integers(0, 300),
    data=st.data(),
)
def test_any_limit_gives_the_same(
    blocks: list[int], most_blocks: int, page: int, last: int, data: st.DataObject
) -> None:
    first = data.draw(st.integers(0, last))
    events = [event(block, index) for index, block in enumerate(blocks)]
    node = Node(data.draw(st.permutations(events)), no_more_than(most_blocks))
    found = read_logs(Reader(node), query(first, last), page=page)
    expected = sorted((b, i) for i, b in enumerate(blocks) if first <= b <= last)
    assert [entry.place for entry in found] == expected


def test_a_limit_on_results() -> None:
    events = [event(block, index) for block in range(50) for index in range(10)]
    node = Node(events, no_more_than(results=25))
    assert len(read_logs(Reader(node), query(0, 60))) == 500


def test_a_block_that_is_too_much_is_an_error() -> None:
    node = Node([event(3, index) for index in range(10)], no_more_than(results=5))
    with pytest.raises(RpcError, match="more than"):
        read_logs(Reader(node), query(0, 10))


def test_an_empty_range_asks_nothing() -> None:
    node = Node([])
    assert read_logs(Reader(node), query(5, 4)) == ()
    assert node.pages == []


def test_pages_grow() -> None:
    node = Node([])
    read_logs(Reader(node), query(0, 999), page=100)
    assert node.pages == [(0, 99), (100, 299), (300, 699), (700, 999)]


@pytest.mark.parametrize(
    ("failure", "asked"),
    [(RpcTimeout("node", "slow"), 2), (RpcUnreachable("node", "refused"), 1)],
)
def test_a_silent_node_is_given_up_soon(failure: Exception, asked: int) -> None:
    def refuse(first: int, last: int, found: int) -> None:
        raise failure

    node = Node([], refuse)
    with pytest.raises(type(failure)):
        read_logs(Reader(node), query(0, 10**6))
    assert len(node.pages) == asked


def test_a_head_that_nobody_reaches() -> None:
    """A liar's block 2^60, and an empty answer to every page on the way there."""
    with pytest.raises(RpcTimeout, match="not read within"):
        read_logs(Reader(Node([])), query(0, 2**60), seconds=0.2)


def test_more_than_memory_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_ROOM", 10_000)
    few = Node([event(block, block) for block in range(19)])
    assert len(read_logs(Reader(few), query(0, 100), page=10)) == 19
    many = Node([event(block, block) for block in range(21)])
    with pytest.raises(RpcNonsense, match="hold"):
        read_logs(Reader(many), query(0, 100), page=10)
    large = Node([event(5, 0, data="0x" + "00" * 10_000)])
    with pytest.raises(RpcNonsense, match="hold"):
        read_logs(Reader(large), query(0, 100), page=10)


@pytest.mark.parametrize(
    "answer",
    [
        {"not": "a list"},
        [event(11, 0)],  # outside the range
        [event(5, 0, address="0x" + "00" * 20)],
        [event(5, 0, topics=["0x" + "02" * 32])],
        [event(5, 0, topics=[])],
        [event(5, 0), event(5, 0)],
        [event(5, 0), event(5, 0, data="0x01")],
    ],
)
def test_answers_to_another_question(answer: Any) -> None:
    class Liar(Node):
        def call(self, method: str, params: Sequence[Any] = ()) -> Any:
            return answer

    with pytest.raises(RpcNonsense):
        read_logs(Reader(Liar([])), query(5, 10), page=100)
