"""Reading a chain through several nodes of which some may lie, lag or keep silent (design 6).

1. Every node must serve the pinned chain: chain id, deployment block by hash. Others are left out.
2. The head is the highest block that `quorum` nodes confirm by hash. Its age is bounded.
3. A value at the head is read from all nodes that confirmed it. All that answer must agree, and
   at least `quorum` must answer.
4. What single nodes say beyond the head can be read for adverse facts (`adverse_views`).

So a lie of fewer than `quorum` nodes ends in an error or in a worse picture, never in a better one.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from ledger.chain.blocks import Block, LogEntry, Reader, Transaction, TxReceipt, hex_bytes
from ledger.chain.errors import (
    BadHead,
    BlockGone,
    Disagreement,
    NoQuorum,
    OtherChain,
    Reverted,
    RpcError,
    RpcNonsense,
    RpcUnreachable,
)
from ledger.chain.http import TIMEOUT, place
from ledger.chain.logs import LONGEST, PAGE, LogQuery, read_logs
from ledger.chain.network import Hash32, NetworkFile
from ledger.chain.parallel import Answers, ask_all
from ledger.chain.rpc import Rpc
from ledger.core.ids import Address

K = TypeVar("K")
T = TypeVar("T")
V = TypeVar("V")

# Seconds by which a head may be ahead of our clock (design 6).
MAX_AHEAD = 60
# Blocks to step back in search of one that enough nodes share. Forks are deeper only where the
# network itself has split, and then nothing should be read.
_FORK_DEPTH = 64
# Values of one kind that a view keeps. A verifier of very many receipts, or a replay, reads more
# than that; then it forgets them all and asks again.
KEPT = 1 << 16
# Events beyond the head are a few blocks' worth, and the node that shows them stands alone: it gets
# the time of so many calls.
_ADVERSE_CALLS = 5


@dataclass(frozen=True, slots=True)
class _Refused:
    """The contract refused: an answer like any other, and the same on every honest node."""

    payload: bytes


def keep(store: dict[K, V], key: K, value: V) -> V:
    """Puts `value` into a store that never holds more than `KEPT`; gives it back."""
    if len(store) >= KEPT:
        store.clear()
    store[key] = value
    return value


class View:
    """The chain as of one block, read from the nodes that have it. Values are kept."""

    def __init__(
        self,
        block: Block,
        nodes: Sequence[Reader],
        *,
        quorum: int,
        timeout: float,
        page: int,
        longest: float = LONGEST,
    ) -> None:
        """`timeout`, `longest`: seconds for a call, and for reading the events of one query."""
        self.block = block
        self._nodes = list(nodes)
        self._quorum = quorum
        self._timeout = timeout
        self._page = page
        self._longest = longest
        self._blocks = {block.number: block}
        self._calls: dict[tuple[str, bytes], bytes] = {}
        self._codes: dict[str, bytes] = {}
        self._logs: dict[LogQuery, tuple[LogEntry, ...]] = {}

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of the nodes that are asked."""
        return tuple(node.name for node in self._nodes)

    def call(self, to: Address, data: bytes) -> bytes:
        """The result of a contract call at this block. Raises Reverted, CouldNotCheck."""
        key = (to, data)
        if (kept := self._calls.get(key)) is not None:
            return kept
        transaction = {"to": to, "data": "0x" + data.hex()}
        answer = self._agree("eth_call", lambda node: self._call_one(node, transaction))
        if isinstance(answer, _Refused):
            raise Reverted(self.sources[0], number=3, text="reverted", payload=answer.payload)
        return keep(self._calls, key, answer)

    def code(self, address: Address) -> bytes:
        """Runtime bytecode at this block; b"" where there is none."""
        if (kept := self._codes.get(address)) is not None:
            return kept
        code = self._agree("eth_getCode", lambda node: self._at_block(node, "eth_getCode", address))
        return keep(self._codes, address, code)

    def block_at(self, number: int) -> Block:
        """A block at or below this one. Raises BlockGone, CouldNotCheck."""
        if not 0 <= number <= self.block.number:
            raise ValueError(f"block {number} is above {self.block.number}")
        if (kept := self._blocks.get(number)) is not None:
            return kept
        block = self._agree("block", lambda node: self._under_head(node, _existing(node, number)))
        return keep(self._blocks, number, block)

    def receipt(self, tx: Hash32) -> TxReceipt | None:
        """The receipt of a transaction mined at or below this block; None where there is none."""
        return self._agree("receipt", lambda node: self._receipt_one(node, tx))

    def transaction(self, tx: Hash32) -> Transaction | None:
        """A transaction mined at or below this block; None where there is none."""
        return self._agree("transaction", lambda node: self._transaction_one(node, tx))

    def logs(
        self,
        address: Address,
        topics: Sequence[bytes | None] = (),
        *,
        first: int,
        last: int | None = None,
    ) -> tuple[LogEntry, ...]:
        """Events from block `first` to `last` (this one if None) as they happened.

        Those of a single block are kept: they are few, and many receipts name the same block.
        """
        query = LogQuery(
            address=address,
            topics=tuple(topics),
            first=first,
            last=self.block.number if last is None else last,
        )
        if query.last > self.block.number:
            raise ValueError(f"block {query.last} is above {self.block.number}")
        if (kept := self._logs.get(query)) is not None:
            return kept
        found = self._agree(
            "events",
            lambda node: self._under_head(
                node, read_logs(node, query, page=self._page, seconds=self._longest)
            ),
        )
        return keep(self._logs, query, found) if query.first == query.last else found

    def finalized(self) -> Block:
        """The highest block that `quorum` nodes call finalized, none above this one."""
        answers = self._ask(lambda node: _existing(node, "finalized").number)
        heights = sorted(answers.values.values(), reverse=True)
        return self.block_at(min(heights[self._quorum - 1], self.block.number))

    def _call_one(self, node: Reader, transaction: dict[str, str]) -> bytes | _Refused:
        try:
            return self._at_block(node, "eth_call", transaction)
        except Reverted as refusal:
            return _Refused(refusal.payload)

    def _at_block(self, node: Reader, method: str, argument: Any) -> bytes:
        """Asks by block hash (EIP-1898); a node that cannot is asked by number and watched."""
        if node.takes_hashes is not False:
            at = {"blockHash": self.block.hash}
            try:
                result = hex_bytes(node.name, node.ask(method, argument, at))
            except Reverted:
                node.takes_hashes = True
                raise
            except RpcError:  # does not speak it, or does not have the block: below tells which
                pass
            else:
                node.takes_hashes = True
                return result
        result = self._by_number(node, method, argument)
        if node.takes_hashes is None:
            node.takes_hashes = False
        return result

    def _by_number(self, node: Reader, method: str, argument: Any) -> bytes:
        try:
            result = hex_bytes(node.name, node.ask(method, argument, hex(self.block.number)))
        except Reverted:
            self._under_head(node, None)
            raise
        return self._under_head(node, result)

    def _receipt_one(self, node: Reader, tx: Hash32) -> TxReceipt | None:
        found = node.receipt(tx)
        if found is None or found.block > self.block.number:
            return self._under_head(node, None)
        if _existing(node, found.block).hash != found.block_hash:
            raise BlockGone(node.name, found.block_hash)
        return self._under_head(node, found)

    def _transaction_one(self, node: Reader, tx: Hash32) -> Transaction | None:
        found = node.transaction(tx)
        if found is None or found.block > self.block.number:
            return self._under_head(node, None)
        if _existing(node, found.block).hash != found.block_hash:
            raise BlockGone(node.name, found.block_hash)
        return self._under_head(node, found)

    def _under_head(self, node: Reader, value: T) -> T:
        """`value`, which was read by number, if the node still has our block on its chain."""
        if _existing(node, self.block.number).hash != self.block.hash:
            raise BlockGone(node.name, self.block.hash)
        return value

    def _agree(self, what: str, job: Callable[[Reader], T]) -> T:
        answers = self._ask(job, what)
        values = list(answers.values.items())
        if any(value != values[0][1] for _, value in values[1:]):
            raise Disagreement(what, {node.name: value for node, value in values})
        return values[0][1]

    def _ask(self, job: Callable[[Reader], T], what: str = "value") -> Answers[T]:
        answers = ask_all(self._nodes, job, enough=self._quorum, grace=self._timeout)
        if len(answers.values) < self._quorum:
            gone = [e for e in answers.failures.values() if isinstance(e, BlockGone)]
            raise gone[0] if len(gone) >= self._quorum else _too_few(what, self._quorum, answers)
        # Silence once is silence for this view: a slow node costs one time-out, not one a value.
        silent = {n for n, e in answers.failures.items() if isinstance(e, RpcUnreachable)}
        self._nodes = [node for node in self._nodes if node not in silent]
        return answers


class QuorumReader:
    """All nodes of a network file. Safe to share between threads."""

    def __init__(
        self,
        network: NetworkFile,
        *,
        now: Callable[[], float] = time.time,
        timeout: float = TIMEOUT,
        page: int = PAGE,
    ) -> None:
        """`now`: Unix seconds by the local clock. `timeout`: seconds for one call to one node.
        `page`: blocks of the first page of events."""
        self.network = network
        self._now = now
        self._page = page
        self._timeout = timeout
        self._rpcs = [
            Rpc(url, name=name, timeout=timeout)
            for url, name in zip(network.rpc, _names(network.rpc), strict=True)
        ]
        self._nodes = [Reader(rpc) for rpc in self._rpcs]

    def close(self) -> None:
        """Drops the connections."""
        for rpc in self._rpcs:
            rpc.close()

    def head(self) -> View:
        """The highest block that `quorum` nodes confirm, neither too old nor ahead of our clock.

        Raises OtherChain, NoQuorum, Disagreement, BadHead.
        """
        return self.heads()[0]

    def heads(self) -> tuple[View, tuple[View, ...]]:
        """The head, and for adverse facts only: what single nodes show at or beyond its height.

        A view of the second kind speaks for one node. Where it cannot be read it says nothing.
        """
        latest = self._latest()
        head = self._confirmed(latest)
        self._check_age(head.block)
        others = tuple(
            View(
                block,
                [node],
                quorum=1,
                timeout=self._timeout,
                page=self._page,
                longest=_ADVERSE_CALLS * self._timeout,
            )
            for node, block in latest.items()
            if block.number >= head.block.number and block.hash != head.block.hash
        )
        return head, others

    def final_block(self, head: View) -> Block | None:
        """The newest block that is final by the network's rule, seen from `head`; None: none is
        (the chain is younger than the depth)."""
        rule = self.network.finality
        if rule.rule == "latest":
            return head.block
        if rule.rule == "finalized":
            return head.finalized()
        number = head.block.number - rule.depth
        return head.block_at(number) if number >= 0 else None

    def _latest(self) -> dict[Reader, Block]:
        """The latest block of every node that serves the pinned chain."""
        answers = ask_all(
            self._nodes, self._status, enough=self.network.quorum, grace=self._timeout
        )
        if len(answers.values) < self.network.quorum:
            others = [e for e in answers.failures.values() if isinstance(e, OtherChain)]
            if len(others) >= self.network.quorum:
                raise others[0]
            raise _too_few("head", self.network.quorum, answers)
        return answers.values

    def _status(self, node: Reader) -> Block:
        pinned, network = self.network.deploy_block, self.network
        chain_id = node.chain_id()
        if chain_id != network.chain_id:
            raise OtherChain(node.name, f"chain {chain_id}, not {network.chain_id}")
        block = node.block(pinned)
        if block is None or block.hash != network.deploy_block_hash:
            found = "nothing" if block is None else block.hash
            raise OtherChain(node.name, f"at the deployment block {pinned}: {found}")
        latest = _existing(node, "latest")
        if latest.number < pinned:
            raise RpcNonsense(node.name, "a latest block below one it has")
        return latest

    def _confirmed(self, latest: dict[Reader, Block]) -> View:
        quorum = self.network.quorum
        # No block above this is known to enough nodes.
        reached = sorted((block.number for block in latest.values()), reverse=True)[quorum - 1]
        lowest = max(self.network.deploy_block, reached - _FORK_DEPTH)
        silent: set[Reader] = set()
        for number in range(reached, lowest - 1, -1):
            answers = self._at_height(number, latest, silent)
            silent |= {n for n, e in answers.failures.items() if isinstance(e, RpcUnreachable)}
            groups: dict[Block, list[Reader]] = {}
            for node, block in answers.values.items():
                groups.setdefault(block, []).append(node)
            fit = [(block, nodes) for block, nodes in groups.items() if len(nodes) >= quorum]
            if len(fit) == 1:
                return View(
                    fit[0][0], fit[0][1], quorum=quorum, timeout=self._timeout, page=self._page
                )
            if fit:  # two quorums: the quorum is below half, and the network has split
                break
        raise Disagreement("head", {node.name: block for node, block in latest.items()})

    def _at_height(
        self, number: int, latest: dict[Reader, Block], silent: set[Reader]
    ) -> Answers[Block]:
        def job(node: Reader) -> Block:
            return latest[node] if latest[node].number == number else _existing(node, number)

        nodes = [n for n, block in latest.items() if block.number >= number and n not in silent]
        return ask_all(nodes, job, enough=self.network.quorum, grace=self._timeout)

    def _check_age(self, block: Block) -> None:
        now = int(self._now())
        if now - block.time > self.network.max_head_age:
            raise BadHead("head-too-old", head_time=block.time, now=now)
        if block.time - now > MAX_AHEAD:
            raise BadHead("head-in-future", head_time=block.time, now=now)


def _names(urls: Sequence[str]) -> list[str]:
    """Host and port, numbered where several nodes share them."""
    places = [place(url) for url in urls]
    return [
        f"{where}#{number}" if places.count(where) > 1 else where
        for number, where in enumerate(places, 1)
    ]


def _existing(node: Reader, which: int | str) -> Block:
    block = node.block(which)
    if block is None:
        raise BlockGone(node.name, which)
    return block


def _too_few(what: str, needed: int, answers: Answers[Any]) -> NoQuorum:
    causes = {node.name: error for node, error in answers.failures.items()}
    return NoQuorum(what, needed=needed, causes=causes)
