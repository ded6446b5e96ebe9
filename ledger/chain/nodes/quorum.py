"""Reading a chain through several nodes of which some may lie, lag or keep silent (design 6).

1. Every node must serve the pinned chain: chain id, deployment block by hash. Others are left out.
2. The head is the highest block that `quorum` nodes confirm by hash. Its age is bounded.
3. A value at the head is what `quorum` nodes give alike (`view`). Who gives anything else is named
   and left out of the run.
4. What single nodes show beyond the head can be looked at for adverse facts (`heads`). It counts
   for nothing by itself, and who is found to have shown what never came is named and left out.

So a lie of fewer than `quorum` nodes changes no value; where too few are left it ends in an error.
"""

import time
from collections.abc import Callable

from ledger.chain.errors import (
    BadHead,
    BlockGone,
    Disagreement,
    OtherChain,
    RpcNonsense,
    RpcPruned,
    RpcUnreachable,
)
from ledger.chain.network import NetworkFile, demand_enough, demand_majority
from ledger.chain.nodes.blocks import Block, Reader
from ledger.chain.nodes.event_logs import PAGE
from ledger.chain.nodes.heights import latest_block, node_names
from ledger.chain.nodes.http import TIMEOUT
from ledger.chain.nodes.order import NodeOrder
from ledger.chain.nodes.parallel import Answers, Terms, ask_all
from ledger.chain.nodes.patience import CALL_SECONDS
from ledger.chain.nodes.rpc import Rpc
from ledger.chain.nodes.runs import OnNote, Run
from ledger.chain.nodes.view import KEPT, NEAR, Reading, View, existing, keep, too_few
from ledger.core.verdict.facts import Note

__all__ = ["KEPT", "QuorumReader", "View", "keep"]

# Seconds by which a head may be ahead of our clock (design 6). For a verifier it is the limit; who
# writes is only told, since chains that make blocks faster than they count seconds run ahead.
MAX_AHEAD = 60
AHEAD = "head-in-future"
# Events beyond the head are a few blocks' worth, and the node that shows them stands alone: it gets
# the time of so many calls.
_ADVERSE_CALLS = 5


class QuorumReader:
    """All nodes of a network file. Safe to share between threads."""

    def __init__(
        self,
        network: NetworkFile,
        *,
        now: Callable[[], float] = time.time,
        timeout: float = TIMEOUT,
        page: int = PAGE,
        patience: float = CALL_SECONDS,
        deadline: float | None = None,
        on_note: OnNote = lambda note: None,
        on_timeout: Callable[[], None] = lambda: None,
        development: bool | None = None,
        hurry: float | None = None,
        max_ahead: float | None = MAX_AHEAD,
    ) -> None:
        """`now`: Unix seconds by the local clock. `timeout`: seconds for one call to one node.
        `page`: blocks of the first page of events. `patience`: seconds for which a call is asked
        again that a node refuses for the moment. `deadline`: seconds for everything that is read
        at one head, None: no bound. `on_note`: told once of every node that lies or has thrown old
        data away. `on_timeout`: told of every call to a node that had no answer within `timeout`.
        `development`: whether half of the nodes may be a quorum; None: as
        CREDIT_LEDGER_ENV says. `hurry`: seconds that a node gets once a quorum has answered; who
        needs more is asked last for a while. None: every node is asked and gets `timeout`, as a
        verifier must. `max_ahead`: seconds by which the head may be ahead of our clock; None: any,
        and `on_note` is told. Raises ConfigError."""
        demand_majority(network, development)
        demand_enough(network)
        self.network = network
        self._now = now
        self._page = page
        self._timeout = timeout
        self._hurry = hurry
        self._grace = timeout if hurry is None else hurry
        self._max_ahead = max_ahead
        self._patience = patience
        self._deadline = deadline
        self._on_note = on_note
        self._told: set[Note] = set()
        self._rpcs = [
            Rpc(url, name=name, timeout=timeout, on_timeout=on_timeout)
            for url, name in zip(network.rpc, node_names(network.rpc), strict=True)
        ]
        self._nodes = [Reader(rpc) for rpc in self._rpcs]
        self._standing = NodeOrder(self._nodes, network.quorum)

    def close(self) -> None:
        """Drop the connections."""
        for rpc in self._rpcs:
            rpc.close()

    def head(self) -> View:
        """The highest block that `quorum` nodes confirm, neither too old nor ahead of our clock.

        Raises OtherChain, NoQuorum, Disagreement, BadHead.
        """
        run = self._run()
        head = self._confirmed(self._latest(run), run)
        self._check_age(head.block)
        return head

    def heads(self, run: Run | None = None) -> tuple[View, tuple[View, ...]]:
        """The head, and for adverse facts only: what single nodes show beyond it.

        A view of the second kind speaks for one node. Where it cannot be read it says nothing.
        run: one to go on with; who showed a block in it that was not to be is left out now.
        """
        run = run or self._run()
        latest = self._latest(run)
        head = self._confirmed(latest, run)
        self._check_age(head.block)
        claims = run.due(head.block.number)
        claims += [
            (node, block.number, block.hash)
            for node, block in latest.items()
            if head.block.number - NEAR <= block.number < head.block.number
        ]
        for node, number, hash_ in claims:
            if head.block_at(number).hash != hash_:
                run.leave_out(node, f"block {number}")
        return head, self._beyond(head, latest, run)

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

    def _run(self) -> Run:
        return Run(seconds=self._deadline, patience=self._patience, on_note=self._tell)

    def _tell(self, note: Note) -> None:
        """Once, however many runs find the same."""
        told = Note(code=note.code, node=note.node, what="")
        if told not in self._told:
            self._told.add(told)
            self._on_note(note)

    def _terms(self, run: Run) -> Terms:
        return Terms(
            enough=self.network.quorum,
            grace=self._grace,
            hedge=self._hurry,
            end=run.end,
            patience=run.patience,
        )

    def _reading(self) -> Reading:
        network = self.network
        return Reading(
            quorum=network.quorum,
            grace=self._grace,
            hedge=self._hurry,
            page=self._page,
            origin=network.deploy_block,
            witness=network.consortium,
        )

    def _latest(self, run: Run) -> dict[Reader, Block]:
        """The latest block of every node that serves the pinned chain."""
        quorum = self.network.quorum
        first, rest = (self._nodes, []) if self._hurry is None else self._standing.answering()
        nodes, reserve = run.trusted(first), run.trusted(rest)
        answers = ask_all(
            nodes,
            lambda node: latest_block(node, self.network),
            self._terms(run),
            reserve=reserve,
        )
        others = [e for e in answers.failures.values() if isinstance(e, OtherChain)]
        if len(answers.values) < quorum:
            if len(others) >= quorum:
                raise others[0]
            raise too_few("head", quorum, answers)
        for node, error in answers.failures.items():
            if isinstance(error, OtherChain) or (
                isinstance(error, RpcNonsense) and not error.transient
            ):
                run.leave_out(node, "chain and head")
            elif isinstance(error, RpcPruned):
                run.prune(node, f"block {self.network.deploy_block}")
        return answers.values

    def _confirmed(self, latest: dict[Reader, Block], run: Run) -> View:
        quorum = self.network.quorum
        # No block above this is known to enough nodes.
        reached = sorted((block.number for block in latest.values()), reverse=True)[quorum - 1]
        lowest = max(self.network.deploy_block, reached - NEAR)
        silent: set[Reader] = set()
        for number in range(reached, lowest - 1, -1):
            answers = self._at_height(number, latest, silent, run)
            silent |= {n for n, e in answers.failures.items() if isinstance(e, RpcUnreachable)}
            fit = [group for group in answers.groups if len(group) >= quorum]
            if len(fit) == 1:
                block = answers.values[fit[0][0]]
                self._leave_out_others(latest, block, answers, run)
                spares = [node for node in latest if node not in fit[0]]
                return View(block, fit[0], self._reading(), run, spares=spares)
            if fit:  # two quorums: the quorum is below half, and the network has split
                break
        raise Disagreement("head", {node.name: block for node, block in latest.items()})

    def _leave_out_others(
        self, latest: dict[Reader, Block], head: Block, answers: Answers[Block], run: Run
    ) -> None:
        """Who has another block where the head is, or claims one that no honest node can have."""
        limit = float("inf") if self._max_ahead is None else self._now() + self._max_ahead
        for node, block in answers.values.items():
            if block != head:
                run.leave_out(node, f"block {head.number}")
        for node, block in latest.items():
            if block.number == head.number and block != head:
                run.leave_out(node, f"block {head.number}")
            elif block.number > head.number and not head.time <= block.time <= limit:
                run.leave_out(node, f"block {block.number}")

    def _at_height(
        self, number: int, latest: dict[Reader, Block], silent: set[Reader], run: Run
    ) -> Answers[Block]:
        def job(node: Reader) -> Block:
            return latest[node] if latest[node].number == number else existing(node, number)

        nodes = [n for n, block in latest.items() if block.number >= number and n not in silent]
        return ask_all(nodes, job, self._terms(run))

    def _beyond(self, head: View, latest: dict[Reader, Block], run: Run) -> tuple[View, ...]:
        """What single nodes show above the head, if their chain holds the head."""
        number = head.block.number
        ahead = [n for n in run.trusted(latest) if latest[n].number > number]
        terms = Terms(enough=len(ahead), grace=self._timeout, end=run.end, patience=run.patience)
        answers = ask_all(ahead, lambda node: self._next(node, number + 1, latest), terms)
        views: list[View] = []
        for node, failure in answers.failures.items():
            if isinstance(failure, BlockGone):  # after all these tries; it has a later one, it says
                run.leave_out(node, f"block {number + 1}")
        for node, above in answers.values.items():
            if above.parent != head.block.hash:
                run.leave_out(node, f"block {number + 1}")
                continue
            run.claim(node, above, latest[node])
            alone = Reading(
                quorum=1,
                grace=self._timeout,
                page=self._page,
                longest=_ADVERSE_CALLS * self._timeout,
            )
            views.append(View(latest[node], [node], alone, run.aside()))
        return tuple(views)

    def _next(self, node: Reader, number: int, latest: dict[Reader, Block]) -> Block:
        return latest[node] if latest[node].number == number else existing(node, number)

    def _check_age(self, block: Block) -> None:
        now = int(self._now())
        if now - block.time > self.network.max_head_age:
            raise BadHead("head-too-old", head_time=block.time, now=now)
        ahead = block.time - now
        if self._max_ahead is None and ahead > MAX_AHEAD:
            self._tell(Note(code=AHEAD, node="", what=f"{ahead} seconds ahead of our clock"))
        elif self._max_ahead is not None and ahead > self._max_ahead:
            raise BadHead(AHEAD, head_time=block.time, now=now)
