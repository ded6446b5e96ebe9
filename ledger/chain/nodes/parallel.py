"""The same question to several nodes at once."""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from ledger.chain.errors import RpcTimeout, RpcUnreachable
from ledger.chain.nodes.blocks import Reader
from ledger.chain.nodes.event_logs import LONGEST
from ledger.chain.nodes.patience import CALL_SECONDS, Patience, patient
from ledger.core.errors import LedgerError

T = TypeVar("T")

# Seconds. Nothing is waited for longer.
_LONGEST = LONGEST + 60.0
REST_SECONDS = 60.0
"""For so long a node that kept silent is asked last, unless it answers earlier (`standing`)."""

# Once enough nodes have answered, the others get this many times as long as those took.
_PATIENCE = 3


@dataclass
class Answers(Generic[T]):
    """By node: what it answered, or why it did not. groups: nodes that answered alike."""

    values: dict[Reader, T] = field(default_factory=dict)
    failures: dict[Reader, LedgerError] = field(default_factory=dict)
    groups: list[list[Reader]] = field(default_factory=list)

    def alike(self) -> int:
        """How many answered alike, in the largest group."""
        return max(map(len, self.groups), default=0)

    def take(self, node: Reader, value: T) -> None:
        """One answer more."""
        self.values[node] = value
        for group in self.groups:
            if self.values[group[0]] == value:
                group.append(node)
                return
        self.groups.append([node])


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How long to wait. enough: once so many have answered, and alike if `alike`, the others are
    in a hurry: they get `grace` seconds, or a few times as long as those took, then they count as
    silent. decided: in place of `enough`. hedge: seconds after which the reserve is asked too where
    there is not enough yet; None: only when all others are through. end: of everything, by
    `time.monotonic()`. patience: seconds for which one call is asked again."""

    enough: int
    grace: float
    alike: bool = False
    decided: Callable[[Answers[Any]], bool] | None = None
    hedge: float | None = None
    end: float = float("inf")
    patience: float = CALL_SECONDS

    def met(self, answers: Answers[Any]) -> bool:
        """Whether there is enough."""
        if self.decided is not None:
            return self.decided(answers)
        return (answers.alike() if self.alike else len(answers.values)) >= self.enough


def ask_all(
    nodes: Sequence[Reader],
    job: Callable[[Reader], T],
    terms: Terms,
    *,
    reserve: Sequence[Reader] = (),
) -> Answers[T]:
    """Run `job` for every node, each in a thread, and waits for all as `terms` say.

    reserve: nodes that are asked where the others do not give enough. LedgerErrors are failures of
    the node; anything else is a fault of ours and raised here. The threads are daemons: whoever
    drips bytes at us holds up nobody's exit.
    """
    patience = Patience(
        min(terms.end, time.monotonic() + _LONGEST), terms.patience, threading.Event()
    )
    gathering = _Gathering(job, terms, patience)
    if len(nodes) == 1 and not reserve:
        gathering.put(nodes[0], _run(job, nodes[0], patience))
    else:
        gathering.run(nodes, reserve)
    return gathering.sorted([*nodes, *reserve])


class _Gathering(Generic[T]):
    """Answers as they come in."""

    def __init__(self, job: Callable[[Reader], T], terms: Terms, patience: Patience) -> None:
        self.answers: Answers[T] = Answers()
        self._job = job
        self._terms = terms
        self._patience = patience
        self._box: queue.SimpleQueue[tuple[Reader, T | Exception]] = queue.SimpleQueue()
        self._asked: dict[Reader, float] = {}  # since when; only those still waited for
        self._took = 0.0  # seconds, by the last one that answered

    def run(self, nodes: Sequence[Reader], reserve: Sequence[Reader]) -> None:
        """Ask, and wait as long as the terms say."""
        try:
            self._ask(nodes)
            self._wait(reserve)
        finally:
            self._patience.hurry.set()  # whoever is still at it may give up
        met, until = self._terms.met(self.answers), time.monotonic() + REST_SECONDS
        for node in self._asked:
            self.answers.failures[node] = RpcTimeout(node.name, "slower than the others by far")
        for node, failure in self.answers.failures.items():
            # Where nobody else answers either, it is not this node that is slow.
            if isinstance(failure, RpcUnreachable) and (met or not isinstance(failure, RpcTimeout)):
                node.rests_until = until

    def put(self, node: Reader, outcome: T | Exception) -> None:
        """One outcome more."""
        if isinstance(outcome, LedgerError):
            self.answers.failures[node] = outcome
        elif isinstance(outcome, Exception):
            raise outcome
        else:
            node.rests_until = 0.0
            self.answers.take(node, outcome)

    def sorted(self, nodes: Sequence[Reader]) -> Answers[T]:
        """In the order of the nodes, not of arrival: what is said about them must not vary."""
        found = self.answers
        found.values = {node: found.values[node] for node in nodes if node in found.values}
        found.failures = {node: found.failures[node] for node in nodes if node in found.failures}
        return found

    def _wait(self, reserve: Sequence[Reader]) -> None:
        end, hurried, hedge = self._patience.end, False, self._hedge(reserve)
        while True:
            now = time.monotonic()
            if not hurried and self._terms.met(self.answers):
                hurried, reserve = True, ()
                self._patience.hurry.set()
                end = min(end, now + max(self._terms.grace, _PATIENCE * self._took))
            elif reserve and (not self._asked or now >= hedge):
                self._ask(reserve)
                reserve = ()
            if not self._asked:
                return
            try:
                limit = min(end, hedge) if reserve else end
                node, outcome = self._box.get(timeout=max(0.0, limit - now))
            except queue.Empty:
                if reserve and hedge < end:
                    continue
                return
            self._took = time.monotonic() - self._asked.pop(node)
            self.put(node, outcome)

    def _hedge(self, reserve: Sequence[Reader]) -> float:
        if not reserve or self._terms.hedge is None:
            return float("inf")
        return time.monotonic() + self._terms.hedge

    def _ask(self, nodes: Sequence[Reader]) -> None:
        now = time.monotonic()
        for node in nodes:
            self._asked[node] = now
            threading.Thread(
                target=lambda node: self._box.put((node, _run(self._job, node, self._patience))),
                args=(node,),
                daemon=True,
            ).start()


def _run(job: Callable[[Reader], T], node: Reader, patience: Patience) -> T | Exception:
    try:
        with patient(patience):
            return job(node)
    except Exception as error:
        return error
