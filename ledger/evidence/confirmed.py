"""Trust in headers where nodes are up: what a quorum of them has at that height."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from ledger.chain.network import NetworkFile
from ledger.chain.nodes.quorum import QuorumReader, View
from ledger.core.canonical import hex0x
from ledger.core.errors import CouldNotCheck, ProofMismatch
from ledger.evidence.header import Header


@contextmanager
def confirmed_by(network: NetworkFile, now: Callable[[], float]) -> Iterator[Confirmed]:
    """Trust in the nodes of a network file. now: Unix seconds of the local clock."""
    with closing(QuorumReader(network, now=now)) as reader:
        yield Confirmed(reader)


class Confirmed:
    """See `check.Trusted`. The head is read when a block is asked about for the first time."""

    def __init__(self, reader: QuorumReader) -> None:
        self._reader = reader
        self._head: View | None = None
        self._final = -1

    def demand(self, header: Header) -> None:
        """Raise ProofMismatch unless a quorum has it, CouldNotCheck where there is none, or it may
        still be replaced."""
        if self._head is None:
            self._head = self._reader.head()
            final = self._reader.final_block(self._head)
            self._final = -1 if final is None else final.number
        if header.number > self._final:
            problem = f"block {header.number} is not final, which goes to {self._final}"
            raise CouldNotCheck("unchecked", problem)
        actual = self._head.block_at(header.number).hash
        if actual != hex0x(header.hash):
            raise ProofMismatch(
                "header", expected=actual, actual=hex0x(header.hash), code="header-differs"
            )

    def knows(self, header: Header) -> bool:
        """Whether a quorum has it; where it has another one, `demand` tells."""
        self.demand(header)
        return True
