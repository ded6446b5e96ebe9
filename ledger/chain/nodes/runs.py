"""What is found out about the nodes themselves while something is read through them (design 6)."""

import threading
import time
from collections.abc import Callable, Iterable

from ledger.chain.network import Hash32
from ledger.chain.nodes.blocks import Block, Reader
from ledger.chain.nodes.patience import CALL_SECONDS
from ledger.core.verdict.facts import DISAGREES, PRUNED, Note

OnNote = Callable[[Note], None]

ASIDE_SECONDS = 3.0
"""For so long a call is asked again whose answer only one node can give."""
MAX_CLAIMS = 16
"""Blocks that a node may claim beyond the head before the oldest claims are forgotten."""


class Run:
    """One run: who lied is left out to its end, who has no old events is not asked for any.

    Safe to share between threads.
    """

    def __init__(
        self,
        *,
        seconds: float | None = None,
        patience: float = CALL_SECONDS,
        on_note: OnNote = lambda note: None,
    ) -> None:
        """seconds: for the whole run, None: no bound. patience: for one call and its repeats.
        on_note: told of every note at once. probed: nodes that were asked for their oldest events.
        """
        self.patience = patience
        self.end = float("inf")
        self.extend(seconds)
        self.probed: set[Reader] = set()
        self._on_note = on_note
        self._out: set[Reader] = set()
        self._pruned: set[Reader] = set()
        self._notes: list[Note] = []
        self._claims: dict[Reader, dict[int, Hash32]] = {}
        self._lock = threading.Lock()

    @property
    def notes(self) -> tuple[Note, ...]:
        """What there is to say of single nodes, one note a node and code."""
        return tuple(self._notes)

    def extend(self, seconds: float | None) -> None:
        """From now on there are so many seconds, None: no bound."""
        self.end = float("inf") if seconds is None else time.monotonic() + seconds

    def aside(self) -> "Run":
        """One for reading from a single node beyond the head: it gets little patience. Who is left
        out of this run is left out of that one."""
        aside = Run(patience=min(self.patience, ASIDE_SECONDS))
        aside.end, aside._out = self.end, self._out
        return aside

    def trusted(self, nodes: Iterable[Reader]) -> list[Reader]:
        """Those that are not left out."""
        return [node for node in nodes if node not in self._out]

    def keeps_events(self, nodes: Iterable[Reader]) -> list[Reader]:
        """Those that may be asked for old events."""
        return [node for node in nodes if node not in self._out and node not in self._pruned]

    def pruned(self, nodes: Iterable[Reader]) -> list[Reader]:
        """Those that may not, because they have thrown them away."""
        return [node for node in nodes if node in self._pruned]

    def leave_out(self, node: Reader, what: str) -> None:
        """The node answered `what` otherwise than a quorum, or against its own word."""
        self._mark(self._out, node, Note(code=DISAGREES, node=node.name, what=what))

    def prune(self, node: Reader, what: str) -> None:
        """The node no longer has `what`."""
        self._mark(self._pruned, node, Note(code=PRUNED, node=node.name, what=what))

    def claim(self, node: Reader, *blocks: Block) -> None:
        """The node showed these blocks beyond the head of a quorum."""
        with self._lock:
            claims = self._claims.setdefault(node, {})
            claims.update({block.number: block.hash for block in blocks})
            for number in sorted(claims)[:-MAX_CLAIMS]:
                del claims[number]

    def due(self, head: int) -> list[tuple[Reader, int, Hash32]]:
        """Claims of blocks up to `head`, which are forgotten herewith."""
        with self._lock:
            return [
                (node, number, claims.pop(number))
                for node, claims in self._claims.items()
                for number in sorted(claims)
                if number <= head
            ]

    def _mark(self, marked: set[Reader], node: Reader, note: Note) -> None:
        with self._lock:
            if node in marked:
                return
            marked.add(node)
            self._notes.append(note)
        self._on_note(note)
