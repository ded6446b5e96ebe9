"""The status of records on the chain, as the cases need it."""

from __future__ import annotations

from typing import NamedTuple

from ledger.chain.acts import Acts
from ledger.chain.case_calls import CaseDomain
from ledger.chain.contracts.bindings import CASE_REGISTRY, Consortium
from ledger.chain.errors import BlockGone
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.quorum import QuorumReader, View
from ledger.core.canonical import unhex0x
from ledger.core.errors import CouldNotCheck
from ledger.core.ids import WORD, Address, RecordId
from ledger.core.status import State


class RegistryNow(NamedTuple):
    """The registry at one head. time: of that block, Unix seconds. final: number of the newest
    final block, -1 = none is. address: of the one that takes acts now."""

    address: Address
    time: int
    final: int
    acts: Acts
    view: View

    @property
    def number(self) -> int:
        """Of the head."""
        return self.view.block.number

    def hash_at(self, number: int) -> bytes | None:
        """Hash of a block; None where there is none of that number. Raises CouldNotCheck."""
        if number > self.number:
            return None
        try:
            return unhex0x(self.view.block_at(number).hash, WORD)
        except BlockGone:
            return None

    def state(self, record: bytes) -> State:
        """The status of a record. Raises CouldNotCheck."""
        return self.acts.states([RecordId(record)])[RecordId(record)]


class Registry:
    """Reads it; safe in threads, as the reader is."""

    def __init__(self, network: NetworkFile, reader: QuorumReader) -> None:
        self._network = network
        self._reader = reader

    def now(self) -> RegistryNow:
        """At the quorum head. Raises CouldNotCheck, also where the network has none."""
        view = self._reader.head()
        consortium = Consortium(self._network.consortium, view.call, view.calls)
        history = consortium.contract_history(CASE_REGISTRY)
        if not history:
            raise CouldNotCheck("no-registry", "no CaseRegistry is registered")
        addresses = [entry.account for entry in history]
        final = self._reader.final_block(view)
        number = -1 if final is None else final.number
        return RegistryNow(addresses[-1], view.block.time, number, Acts(view, addresses), view)

    def domain(self, address: Address) -> CaseDomain:
        """What signatures are bound to."""
        return CaseDomain(self._network.chain_id, address)
