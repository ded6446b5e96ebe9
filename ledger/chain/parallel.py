"""The same question to several nodes at once."""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from ledger.chain.blocks import Reader
from ledger.chain.errors import RpcTimeout
from ledger.chain.logs import LONGEST
from ledger.core.errors import LedgerError

T = TypeVar("T")

# Seconds. Nothing is waited for longer.
_LONGEST = LONGEST + 60.0
# Once enough nodes have answered, the others get this many times as long as those took.
_PATIENCE = 3


@dataclass
class Answers(Generic[T]):
    """By node: what it answered, or why it did not."""

    values: dict[Reader, T] = field(default_factory=dict)
    failures: dict[Reader, LedgerError] = field(default_factory=dict)


def ask_all(
    nodes: Sequence[Reader], job: Callable[[Reader], T], *, enough: int, grace: float
) -> Answers[T]:
    """Runs `job` for every node, each in a thread, and waits for all.

    Once `enough` have answered the others get `grace` seconds, or a few times as long as those
    took; then they count as silent. LedgerErrors are failures of the node; anything else is a
    fault of ours and raised here. The threads are daemons: whoever drips bytes at us holds up
    nobody's exit.
    """
    answers: Answers[T] = Answers()
    if len(nodes) == 1:
        _take(answers, nodes[0], _run(job, nodes[0]))
        return answers
    box: queue.SimpleQueue[tuple[Reader, T | Exception]] = queue.SimpleQueue()
    for node in nodes:
        work = threading.Thread(
            target=lambda node: box.put((node, _run(job, node))), args=(node,), daemon=True
        )
        work.start()
    start = time.monotonic()
    end = start + _LONGEST
    hurried = False
    while len(answers.values) + len(answers.failures) < len(nodes):
        now = time.monotonic()
        if len(answers.values) >= enough and not hurried:
            hurried = True
            end = min(end, now + max(grace, _PATIENCE * (now - start)))
        try:
            _take(answers, *box.get(timeout=max(0.0, end - now)))
        except queue.Empty:
            break
    for node in nodes:
        if node not in answers.values and node not in answers.failures:
            answers.failures[node] = RpcTimeout(node.name, "slower than the others by far")
    # In the order of the nodes, not of arrival: what is said about them must not vary.
    return Answers(
        {node: answers.values[node] for node in nodes if node in answers.values},
        {node: answers.failures[node] for node in nodes if node in answers.failures},
    )


def _run(job: Callable[[Reader], T], node: Reader) -> T | Exception:
    try:
        return job(node)
    except Exception as error:
        return error


def _take(answers: Answers[T], node: Reader, outcome: T | Exception) -> None:
    if isinstance(outcome, LedgerError):
        answers.failures[node] = outcome
    elif isinstance(outcome, Exception):
        raise outcome
    else:
        answers.values[node] = outcome
