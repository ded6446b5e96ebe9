"""The chain as of one block, read from several nodes of which some may lie (design 6).

A value is what `quorum` nodes give alike. A node that gives anything else is named in the notes of
the run and left out of it; fewer than a quorum alike is an error, never a value.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from ledger.chain.errors import (
    BlockGone,
    Disagreement,
    NoQuorum,
    Reverted,
    RpcError,
    RpcFailure,
    RpcNonsense,
    RpcPruned,
    RpcUnreachable,
    TooManyPruned,
)
from ledger.chain.network import Hash32
from ledger.chain.nodes.blocks import Block, LogEntry, Reader, Transaction, TxReceipt, hex_bytes
from ledger.chain.nodes.event_logs import LONGEST, MAX_PAGE, LogQuery, read_logs
from ledger.chain.nodes.parallel import Answers, Terms, ask_all
from ledger.chain.nodes.patience import insist
from ledger.chain.nodes.runs import Run
from ledger.core.errors import EvidenceError, LedgerError
from ledger.core.ids import Address

K = TypeVar("K")
T = TypeVar("T")
V = TypeVar("V")
M = TypeVar("M", Transaction, TxReceipt)

# Values of one kind that a view keeps. A verifier of very many receipts, or a replay, reads more
# than that; then it forgets them all and asks again.
KEPT = 1 << 16
# Blocks below the head that an honest node may not have yet. One that lacks an older block has
# thrown it away.
NEAR = 64


@dataclass(frozen=True, slots=True)
class _Refused:
    """The contract refused: an answer like any other, and the same on every honest node."""

    payload: bytes


def keep(store: dict[K, V], key: K, value: V) -> V:
    """Put `value` into a store that never holds more than `KEPT`; give it back."""
    if len(store) >= KEPT:
        store.clear()
    store[key] = value
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a view reads. origin: block of the deployment, which has events of `witness`, so that a
    node without them has thrown old events away; None: not looked at. grace: seconds that a node
    may take longer than a quorum. hedge: seconds after which spares are asked too; None: when the
    others are through. longest: seconds for reading the events of one query. page: blocks of the
    first page of events.
    """

    quorum: int
    grace: float
    page: int
    hedge: float | None = None
    longest: float = LONGEST
    origin: int | None = None
    witness: Address | None = None


class View:
    """The chain as of one block, read from the nodes that have it. Values are kept."""

    def __init__(
        self,
        block: Block,
        nodes: Sequence[Reader],
        reading: Reading,
        run: Run,
        *,
        spares: Sequence[Reader] = (),
    ) -> None:
        """`spares`: nodes that are asked where the others do not give a quorum; they were not seen
        to have the block."""
        self.block = block
        self.run = run
        self._nodes = list(nodes)
        self._spares = list(spares)
        self._reading = reading
        self._blocks = {block.number: block}
        self._calls: dict[tuple[str, bytes], bytes | _Refused] = {}
        self._codes: dict[str, bytes] = {}
        self._logs: dict[LogQuery, tuple[LogEntry, ...]] = {}

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of the nodes that are asked."""
        return tuple(node.name for node in self.run.trusted(self._nodes))

    def call(self, to: Address, data: bytes) -> bytes:
        """The result of a contract call at this block. Raises Reverted, CouldNotCheck."""
        return self.calls([(to, data)])[0]

    def calls(self, wanted: Sequence[tuple[Address, bytes]]) -> list[bytes]:
        """The results of many contract calls, in few requests. Raises Reverted, CouldNotCheck."""
        missing = [key for key in dict.fromkeys(wanted) if key not in self._calls]
        if missing:
            what = f"eth_call {missing[0][0]} 0x{missing[0][1][:4].hex()}"
            transactions = [{"to": to, "data": "0x" + data.hex()} for to, data in missing]
            found = self._agree(what, lambda node: self._calls_of(node, transactions))
            fresh = dict(zip(missing, found, strict=True))
            answers = [fresh[key] if key in fresh else self._calls[key] for key in wanted]
            for key, answer in fresh.items():
                keep(self._calls, key, answer)
        else:
            answers = [self._calls[key] for key in wanted]
        return [self._result(answer) for answer in answers]

    def code(self, address: Address) -> bytes:
        """Runtime bytecode at this block; b"" where there is none."""
        if (kept := self._codes.get(address)) is not None:
            return kept
        code = self._agree(
            f"eth_getCode {address}",
            lambda node: self._result(self._at_block(node, "eth_getCode", [address])[0]),
        )
        return keep(self._codes, address, code)

    def block_at(self, number: int) -> Block:
        """A block at or below this one. Raises BlockGone, CouldNotCheck."""
        if not 0 <= number <= self.block.number:
            raise ValueError(f"block {number} is above {self.block.number}")
        if (kept := self._blocks.get(number)) is not None:
            return kept
        block = self._agree(f"block {number}", lambda node: self._block_under_head(node, number))
        return keep(self._blocks, number, block)

    def receipt(self, tx: Hash32) -> TxReceipt | None:
        """The receipt of a transaction mined at or below this block; None where there is none."""
        return self._agree(f"receipt {tx}", lambda node: self._mined(node, node.receipt(tx)))

    def transaction(self, tx: Hash32) -> Transaction | None:
        """A transaction mined at or below this block; None where there is none."""
        return self._agree(
            f"transaction {tx}", lambda node: self._mined(node, node.transaction(tx))
        )

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
        if self._reading.origin is not None and query.first <= self._reading.origin < query.last:
            self._find_pruned()
        found = self._chunks(query)
        return keep(self._logs, query, found) if query.first == query.last else found

    def at(self, block: Block) -> "View":
        """The same nodes as of an older block of this chain, in the same run."""
        return View(block, self._nodes, self._reading, self.run, spares=self._spares)

    def proven(self, what: str, job: Callable[[Reader], T]) -> T:
        """What the first node gives that proves itself, so that it takes no quorum: `job` raises
        EvidenceError where it does not, and that node is left out. Raises CouldNotCheck where no
        node gives it."""
        causes: dict[str, LedgerError] = {}
        for node in self.run.trusted([*self._nodes, *self._spares]):
            answers = ask_all([node], job, self._terms(0))
            if node in answers.values:
                return answers.values[node]
            causes[node.name] = failure = answers.failures[node]
            if isinstance(failure, EvidenceError):
                self.run.leave_out(node, what)
        pruned = [name for name, failure in causes.items() if isinstance(failure, RpcPruned)]
        if pruned and len(pruned) == len(causes):
            raise TooManyPruned(what, pruned)
        raise NoQuorum(what, needed=1, causes=causes)

    def finalized(self) -> Block:
        """The highest block that `quorum` nodes call finalized, none above this one."""
        quorum = self._reading.quorum
        terms = Terms(
            enough=quorum,
            grace=self._reading.grace,
            end=self.run.end,
            patience=self.run.patience,
        )
        nodes = self.run.trusted([*self._nodes, *self._spares])
        answers = ask_all(nodes, lambda node: existing(node, "finalized").number, terms)
        if len(answers.values) < quorum:
            raise too_few("finalized", quorum, answers)
        heights = sorted(answers.values.values(), reverse=True)
        return self.block_at(min(heights[quorum - 1], self.block.number))

    # ---- what single nodes say

    def _calls_of(
        self, node: Reader, transactions: Sequence[dict[str, str]]
    ) -> tuple[bytes | _Refused, ...]:
        return self._at_block(node, "eth_call", transactions)

    def _at_block(
        self, node: Reader, method: str, arguments: Sequence[Any]
    ) -> tuple[bytes | _Refused, ...]:
        """Ask by block hash (EIP-1898); a node that cannot is asked by number and watched."""
        if node.takes_hashes is not False:
            at = {"blockHash": self.block.hash}
            found = node.ask_many([(method, (argument, at)) for argument in arguments])
            if all(
                not isinstance(item, RpcFailure) or isinstance(item, Reverted) for item in found
            ):
                node.takes_hashes = True
                return _plain(node, found)
            # It does not speak it, or does not have the block: below tells which.
        at_number = hex(self.block.number)
        found = node.ask_many([(method, (argument, at_number)) for argument in arguments])
        result = self._under_head(node, _plain(node, found))
        if node.takes_hashes is None:
            node.takes_hashes = False
        return result

    def _mined(self, node: Reader, found: M | None) -> M | None:
        """What names its block, if that is one of ours."""
        if found is None or found.block > self.block.number:
            return self._under_head(node, None)
        if self._block_of(node, found.block).hash != found.block_hash:
            raise BlockGone(node.name, found.block_hash)
        return self._under_head(node, found)

    def _events_of(self, query: LogQuery, node: Reader) -> tuple[LogEntry, ...]:
        page = query.last - query.first + 1
        return self._under_head(
            node, read_logs(node, query, page=page, seconds=self._reading.longest)
        )

    def _block_under_head(self, node: Reader, number: int) -> Block:
        found, head = node.blocks(number, self.block.number)
        if found is not None and head is not None and head.hash == self.block.hash:
            return found
        return self._under_head(node, self._block_of(node, number))

    def _block_of(self, node: Reader, number: int) -> Block:
        if number >= self.block.number - NEAR:
            return existing(node, number)
        block = node.block(number)
        if block is None:
            raise RpcPruned(node.name, f"block {number} is not there")
        return block

    def _under_head(self, node: Reader, value: T) -> T:
        """`value`, which was read by number, if the node still has our block on its chain."""
        if existing(node, self.block.number).hash != self.block.hash:
            raise BlockGone(node.name, self.block.hash)
        return value

    @staticmethod
    def _result(answer: bytes | _Refused) -> bytes:
        if isinstance(answer, _Refused):
            raise Reverted("contract", number=3, text="reverted", payload=answer.payload)
        return answer

    # ---- what a quorum says

    def _chunks(self, query: LogQuery) -> tuple[LogEntry, ...]:
        """Chunk by chunk, so that who lies about one is not asked for the next."""
        found: list[LogEntry] = []
        first, size, end = query.first, self._reading.page, time.monotonic() + self._reading.longest
        while first <= query.last:
            part = LogQuery(
                address=query.address,
                topics=query.topics,
                first=first,
                last=min(query.last, first + size - 1),
            )
            what = f"events of {query.address} in blocks {part.first}-{part.last}"
            found += self._agree(what, partial(self._events_of, part), events=True)
            if time.monotonic() > end:
                raise NoQuorum(what, needed=self._reading.quorum, causes={})
            first, size = part.last + 1, min(MAX_PAGE, 2 * size)
        return tuple(found)

    def _find_pruned(self) -> None:
        """Whoever has not the events of the deployment has thrown old events away.

        Asked of each alone: here no quorum of those that threw them away may outvote one that did
        not.
        """
        origin, witness = self._reading.origin, self._reading.witness
        if origin is None or witness is None:
            return
        nodes = [node for node in self._known() if node not in self.run.probed]
        query = LogQuery(address=witness, topics=(), first=origin, last=origin)
        answers = ask_all(nodes, lambda node: read_logs(node, query), self._terms(0))
        what = f"events of {witness} in block {origin}"
        for node, events in answers.values.items():
            self.run.probed.add(node)
            if not events:
                self.run.prune(node, what)
        for node, error in answers.failures.items():
            if isinstance(error, RpcPruned):
                self.run.prune(node, what)

    def _known(self) -> list[Reader]:
        return self.run.keeps_events([*self._nodes, *self._spares])

    def _terms(self, more: int) -> Terms:
        return Terms(
            enough=self._reading.quorum + more,
            grace=self._reading.grace,
            hedge=self._reading.hedge,
            alike=True,
            end=self.run.end,
            patience=self.run.patience,
        )

    def _agree(self, what: str, job: Callable[[Reader], T], *, events: bool = False) -> T:
        """What a quorum gives alike; who gives anything else is left out from now on."""
        fit = self.run.keeps_events if events else self.run.trusted
        quorum = self._reading.quorum
        answers = ask_all(fit(self._nodes), job, self._terms(0), reserve=fit(self._spares))
        alike = [group for group in answers.groups if len(group) >= quorum]
        if len(alike) != 1:
            raise self._no_value(what, answers, events=events)
        value = answers.values[alike[0][0]]
        self._name(what, value, answers, events=events)
        self._rest(answers)
        return value

    def _name(self, what: str, value: Any, answers: Answers[Any], *, events: bool) -> None:
        for node, other in answers.values.items():
            if other == value:
                continue
            if events and value[len(value) - len(other) :] == other:
                self.run.prune(node, what)  # the older ones are missing
            else:
                self.run.leave_out(node, what)
        for node, failure in answers.failures.items():
            if isinstance(failure, RpcPruned):
                self.run.prune(node, what)
            elif isinstance(failure, RpcNonsense | BlockGone) and not failure.transient:
                self.run.leave_out(node, what)

    def _rest(self, answers: Answers[Any]) -> None:
        """Who was silent is asked last from now on: a slow node costs one time-out, not one a
        value."""
        silent = {
            node
            for node, failure in answers.failures.items()
            if isinstance(failure, RpcUnreachable) or getattr(failure, "transient", False)
        }
        if silent:
            self._spares += [node for node in self._nodes if node in silent]
            self._nodes = [node for node in self._nodes if node not in silent]

    def _no_value(self, what: str, answers: Answers[Any], *, events: bool) -> Exception:
        quorum = self._reading.quorum
        pruned = [n for n, error in answers.failures.items() if isinstance(error, RpcPruned)]
        if events:
            pruned += self.run.pruned(self.run.trusted([*self._nodes, *self._spares]))
        if pruned and answers.alike() + len(set(pruned)) >= quorum:
            return TooManyPruned(what, [node.name for node in dict.fromkeys(pruned)])
        gone = [error for error in answers.failures.values() if isinstance(error, BlockGone)]
        if len(gone) >= quorum:
            return gone[0]
        if len(answers.groups) > 1:
            return Disagreement(what, {node.name: v for node, v in answers.values.items()})
        return too_few(what, quorum, answers)


def _failed(item: Any) -> bool:
    return isinstance(item, RpcFailure) and not isinstance(item, Reverted)


def _plain(node: Reader, found: Sequence[Any]) -> tuple[bytes | _Refused, ...]:
    """Bytes and refusals; any other failure is raised."""
    plain: list[bytes | _Refused] = []
    for item in found:
        if isinstance(item, Reverted):
            plain.append(_Refused(item.payload))
        elif isinstance(item, RpcError | RpcPruned):
            raise item
        else:
            plain.append(hex_bytes(node.name, item))
    return tuple(plain)


def existing(node: Reader, which: int | str) -> Block:
    """A block that the node must have, if not at once: behind one address may stand several, of
    which some are late."""

    def once() -> Block:
        block = node.block(which)
        if block is None:
            raise BlockGone(node.name, which, missing=isinstance(which, int))
        return block

    return insist(once)


def too_few(what: str, needed: int, answers: Answers[Any]) -> NoQuorum:
    """The error for a value that fewer than `needed` nodes gave."""
    causes = {node.name: error for node, error in answers.failures.items()}
    return NoQuorum(what, needed=needed, causes=causes)
