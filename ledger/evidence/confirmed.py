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

    def demand(self, header: Header) -> None:
        """Raise ProofMismatch unless a quorum has it, CouldNotCheck where there is none."""
        self._head = self._head or self._reader.head()
        number = self._head.block.number
        if header.number > number:
            raise CouldNotCheck("unchecked", f"block {header.number} is above the head, {number}")
        actual = self._head.block_at(header.number).hash
        if actual != hex0x(header.hash):
            raise ProofMismatch(
                "header", expected=actual, actual=hex0x(header.hash), code="header-differs"
            )

    def knows(self, header: Header) -> bool:
        """Whether a quorum has it; where it has another one, `demand` tells."""
        self.demand(header)
        return True
