"""The same question to several nodes at once."""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from ledger.chain.errors import RpcTimeout
from ledger.chain.nodes.blocks import Reader
from ledger.chain.nodes.event_logs import LONGEST
from ledger.chain.nodes.patience import CALL_SECONDS, Patience, patient
from ledger.core.errors import LedgerError

T = TypeVar("T")

# Seconds. Nothing is waited for longer.
_LONGEST = LONGEST + 60.0
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
    silent. end: of everything, by `time.monotonic()`. patience: seconds for which one call is
    asked again."""

    enough: int
    grace: float
    alike: bool = False
    end: float = float("inf")
    patience: float = CALL_SECONDS


def ask_all(
    nodes: Sequence[Reader],
    job: Callable[[Reader], T],
    terms: Terms,
    *,
    answers: Answers[T] | None = None,
) -> Answers[T]:
    """Runs `job` for every node, each in a thread, and waits for all as `terms` say.

    answers: what others have answered already, to be added to. LedgerErrors are failures of the
    node; anything else is a fault of ours and raised here. The threads are daemons: whoever drips
    bytes at us holds up nobody's exit.
    """
    answers = answers or Answers()
    hurry = threading.Event()
    if _is_enough(answers, terms):
        hurry.set()
    patience = Patience(min(terms.end, time.monotonic() + _LONGEST), terms.patience, hurry)
    if len(nodes) == 1:
        _put(answers, nodes[0], _run(job, nodes[0], patience))
        return answers
    try:
        _gather(nodes, job, terms, answers, patience)
    finally:
        hurry.set()  # whoever is still at it may give up
    # In the order of the nodes, not of arrival: what is said about them must not vary.
    place = {node: number for number, node in enumerate(nodes)}
    answers.values = dict(sorted(answers.values.items(), key=lambda pair: place.get(pair[0], -1)))
    return answers


def _gather(
    nodes: Sequence[Reader],
    job: Callable[[Reader], T],
    terms: Terms,
    answers: Answers[T],
    patience: Patience,
) -> None:
    box: queue.SimpleQueue[tuple[Reader, T | Exception]] = queue.SimpleQueue()
    for node in nodes:
        work = threading.Thread(
            target=lambda node: box.put((node, _run(job, node, patience))),
            args=(node,),
            daemon=True,
        )
        work.start()
    start = time.monotonic()
    end, waiting, hurried = patience.end, set(nodes), False
    while waiting:
        now = time.monotonic()
        if not hurried and _is_enough(answers, terms):
            hurried = True
            patience.hurry.set()
            end = min(end, now + max(terms.grace, _PATIENCE * (now - start)))
        try:
            node, outcome = box.get(timeout=max(0.0, end - now))
        except queue.Empty:
            break
        waiting.discard(node)
        _put(answers, node, outcome)
    failed = answers.failures
    failed |= {node: RpcTimeout(node.name, "slower than the others by far") for node in waiting}
    answers.failures = {n: e for n, e in failed.items() if n not in nodes}
    answers.failures |= {node: failed[node] for node in nodes if node in failed}


def _is_enough(answers: Answers[T], terms: Terms) -> bool:
    return (answers.alike() if terms.alike else len(answers.values)) >= terms.enough


def _run(job: Callable[[Reader], T], node: Reader, patience: Patience) -> T | Exception:
    try:
        with patient(patience):
            return job(node)
    except Exception as error:
        return error


def _put(answers: Answers[T], node: Reader, outcome: T | Exception) -> None:
    if isinstance(outcome, LedgerError):
        answers.failures[node] = outcome
    elif isinstance(outcome, Exception):
        raise outcome
    else:
        answers.take(node, outcome)
