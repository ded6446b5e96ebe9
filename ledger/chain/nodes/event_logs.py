"""Events of a range of blocks from one node, a page at a time.

Nodes limit eth_getLogs in many ways (blocks, results, bytes, seconds), and say so in as many words
and HTTP statuses; so the page is halved on any failure that may mean that, and doubled after
success.
"""

import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.chain.errors import RpcFailure, RpcNonsense, RpcTimeout
from ledger.chain.nodes.blocks import LogEntry, Reader, parse_log
from ledger.core.ids import Address

PAGE = 10_000  # blocks to begin with; what many public nodes allow
MAX_PAGE = 1_000_000  # blocks
_PAGE_TRIES = 2
# A silent node must not cost a time-out for every halving of the page.
_TIMEOUTS = 2
# Seconds for one query. A node may claim a head of 10^18 and answer every page with nothing.
LONGEST = 600.0
# Bytes that the events of one query may take: some 500 of Python's own and their data. A node
# must not fill our memory page by page; a million anchors are half of it.
_ROOM = 1 << 30
_OWN_SIZE = 500

Topics = Sequence[bytes | None]
"""What topic 0, 1, … must be; None: anything. Topics beyond the list may be anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogQuery:
    """Events of `address` with these `topics` from block `first` to `last`, both included."""

    address: Address
    topics: tuple[bytes | None, ...]
    first: int
    last: int

    def matches(self, entry: LogEntry) -> bool:
        """Whether the node gave what was asked for, apart from the blocks."""
        return (
            entry.address == self.address
            and len(entry.topics) >= len(self.topics)
            and all(
                want in (None, got) for want, got in zip(self.topics, entry.topics, strict=False)
            )
        )


def read_logs(
    node: Reader, query: LogQuery, *, page: int = PAGE, seconds: float = LONGEST
) -> tuple[LogEntry, ...]:
    """All events of the query in the order in which they happened. Raises RpcFailure."""
    found: list[LogEntry] = []
    room, end = _ROOM, time.monotonic() + seconds
    for part in _pages(node, query, page):
        found += part
        room -= sum(_OWN_SIZE + len(entry.data) for entry in part)
        if room < 0:
            raise RpcNonsense(node.name, "more events than we can hold")
        if time.monotonic() > end:
            raise RpcTimeout(node.name, f"events not read within {seconds:g} seconds")
    found.sort(key=lambda entry: entry.place)
    places = [entry.place for entry in found]
    if any(one == other for one, other in itertools.pairwise(places)):
        raise RpcNonsense(node.name, "two events at one place")
    return tuple(found)


def _pages(node: Reader, query: LogQuery, page: int) -> Iterator[list[LogEntry]]:
    first, timeouts = query.first, 0
    page = min(page, node.page or page)
    while first <= query.last:
        last = min(query.last, first + page - 1)
        try:
            part = _one_page(node, query, first, last)
        except RpcFailure as failure:
            timeouts += isinstance(failure, RpcTimeout)
            if first == last or timeouts >= _TIMEOUTS or not failure.too_much:
                raise
            page = node.page = (last - first + 1) // 2
            continue
        yield part
        first = last + 1
        page = min(MAX_PAGE, page * 2)


def _one_page(node: Reader, query: LogQuery, first: int, last: int) -> list[LogEntry]:
    topics: list[Any] = [None if topic is None else "0x" + topic.hex() for topic in query.topics]
    wanted = {
        "address": query.address,
        "topics": topics,
        "fromBlock": hex(first),
        "toBlock": hex(last),
    }
    # What may mean "busy" or "too much" is asked once more, then for less.
    answer = node.ask("eth_getLogs", wanted, tries=0 if first == last else _PAGE_TRIES)
    if not isinstance(answer, list):
        raise RpcNonsense(node.name, "events are not a list")
    entries = [parse_log(node.name, item) for item in answer]
    if not all(first <= entry.block <= last and query.matches(entry) for entry in entries):
        raise RpcNonsense(node.name, "events that nobody asked for")
    return entries
