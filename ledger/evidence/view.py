"""The chain at one header, as proofs show it: what a verdict reads from nodes, read from evidence.

A verdict asks a `View` for the answers of contracts, for code, events and blocks. Here the answers
are computed from words of storage that are proven against the state root of the header (`stored`),
code is compared with the hash in the account's proof, and so is the contract with what ships with
this software. Events and blocks are no part of the state: a `Source` says where they come from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Protocol, TypeVar

from ledger.chain.contracts.contract_abi import NAMES, Name, decode, encode, load
from ledger.chain.network import Hash32, NetworkFile
from ledger.chain.nodes.blocks import Block, LogEntry
from ledger.chain.nodes.event_logs import LogQuery
from ledger.chain.nodes.quorum import QuorumReader, View
from ledger.chain.nodes.runs import Run
from ledger.chain.nodes.view import Reading
from ledger.core.canonical import hex0x
from ledger.core.errors import CouldNotCheck, LedgerError
from ledger.core.ids import Address
from ledger.evidence.header import Header
from ledger.evidence.stored import ANSWERS

_SELECTOR = 4
T = TypeVar("T")


class Source(Protocol):
    """Where words of storage, code, events and blocks come from."""

    @property
    def header(self) -> Header:
        """The header that everything is proven against."""

    def words(self, address: Address, slots: Sequence[bytes]) -> list[bytes]:
        """What stands at places of a contract's storage. Raises CouldNotCheck."""

    def code(self, address: Address) -> bytes:
        """The code of a contract; b"" where there is none. Raises CouldNotCheck."""

    def events(self, query: LogQuery) -> Sequence[LogEntry]:
        """Events as they happened, none above the header. Raises CouldNotCheck."""

    def block(self, number: int) -> Block:
        """A block below the header. Raises CouldNotCheck."""


class ProvenView(View):
    """A view of the chain at the header of a source, that asks no node. failure: the first thing
    that was asked for and not to be had, whatever became of it."""

    def __init__(self, source: Source, consortium: Address) -> None:
        reading = Reading(quorum=1, grace=0.0, page=1)
        super().__init__(block_of(source.header), [], reading, Run())
        self.consortium = consortium
        self.failure: LedgerError | None = None
        self._source = source
        self._names: dict[Address, Name] = {}

    def call(self, to: Address, data: bytes) -> bytes:
        """See `View`."""
        return self._told(lambda: self._call(to, data))

    def calls(self, wanted: Sequence[tuple[Address, bytes]]) -> list[bytes]:
        """See `View`."""
        return [self.call(to, data) for to, data in wanted]

    def code(self, address: Address) -> bytes:
        """See `View`."""
        return self._told(lambda: self._source.code(address))

    def logs(
        self,
        address: Address,
        topics: Sequence[bytes | None] = (),
        *,
        first: int,
        last: int | None = None,
    ) -> tuple[LogEntry, ...]:
        """See `View`."""
        end = self.block.number if last is None else last
        query = LogQuery(address=address, topics=tuple(topics), first=first, last=end)
        return self._told(lambda: tuple(self._source.events(query)))

    def block_at(self, number: int) -> Block:
        """See `View`."""
        if not 0 <= number <= self.block.number:
            raise ValueError(f"block {number} is above {self.block.number}")
        if number == self.block.number:
            return self.block
        return self._told(lambda: self._source.block(number))

    def words(self, address: Address, slots: Sequence[bytes]) -> list[bytes]:
        """Words of the storage of a contract. Raises CouldNotCheck."""
        return self._source.words(address, slots)

    def answer(self, address: Address, function: str, *arguments: Any) -> list[Any]:
        """What a view function of one of our contracts answers. Raises CouldNotCheck."""
        name = self.contract(address)
        if (name, function) not in ANSWERS:
            raise CouldNotCheck("not-proven", f"{name}.{function} is not among what is proven")
        return ANSWERS[name, function](self, address, *arguments)

    def contract(self, address: Address) -> Name:
        """Which of our contracts is there. Raises CouldNotCheck where it is none of them: nobody
        knows what its storage means."""
        if address not in self._names:
            name = contract_of(self._source.code(address))
            if name is None:
                raise CouldNotCheck("contract-not-ours", f"the code at {address} is none of ours")
            self._names[address] = name
        return self._names[address]

    def _call(self, to: Address, data: bytes) -> bytes:
        abi = load(self.contract(to))
        method = next(m for m in abi.functions.values() if m.selector == data[:_SELECTOR])
        arguments = decode(method.inputs, data[_SELECTOR:])
        return encode(method.outputs, self.answer(to, method.name, *arguments))

    def _told(self, read: Callable[[], T]) -> T:
        try:
            return read()
        except LedgerError as error:
            self.failure = self.failure or error
            raise


class ProvenReader(QuorumReader):
    """What a `Verifier` has in place of nodes: its head is the header, and the header is final."""

    def __init__(self, network: NetworkFile, view: ProvenView) -> None:
        self.network = network
        self._view = view

    def heads(self, run: Run | None = None) -> tuple[View, tuple[View, ...]]:
        """The head, with nothing beyond it."""
        return self._view, ()

    def final_block(self, head: View) -> Block | None:
        """The head itself."""
        return head.block

    def close(self) -> None:
        """Nothing is open."""


def block_of(header: Header) -> Block:
    """A header as whatever reads the chain has blocks."""
    return Block(
        number=header.number,
        hash=Hash32(hex0x(header.hash)),
        parent=Hash32(hex0x(header.parent)),
        time=header.time,
        base_fee=None,
    )


@lru_cache(maxsize=64)
def contract_of(code: bytes) -> Name | None:
    """Which of our contracts has this code, whatever its immutables hold; None: none has."""
    return next((name for name in NAMES if load(name).is_deployed_as(code)), None)
