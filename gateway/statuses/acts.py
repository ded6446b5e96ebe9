"""What the chain says of records now, for lists and histories."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.base.context import Context
from gateway.base.db import begin_read
from gateway.base.errors import NotReady
from gateway.statuses.store import read_position
from ledger.chain.acts import Acts
from ledger.chain.contracts.bindings import CASE_REGISTRY, CaseRegistry, Consortium
from ledger.chain.nodes.quorum import QuorumReader, View
from ledger.core.errors import CouldNotCheck
from ledger.core.ids import Address, RecordId
from ledger.core.status import RecordedAct


class ChainActs:
    """Reads it; safe in threads, as the reader is."""

    def __init__(self, ctx: Context, reader: QuorumReader) -> None:
        self._ctx = ctx
        self._reader = reader

    def known(self) -> int:
        """Time of the final block up to which our database has all acts, in Unix seconds: the
        newest one where it has all there are, else the one that was followed to. Raises
        NotReady."""
        with begin_read(self._ctx.engine) as connection:
            position = read_position(connection)
        if position.block is None:
            raise NotReady("statuses-unknown")
        try:
            view = self._reader.head()
            registries = self._registries(view)
            count = CaseRegistry(registries[-1], view.call).latest().count if registries else 0
            final = self._reader.final_block(view)
        except CouldNotCheck as error:
            raise NotReady("statuses-unknown") from error
        if count != position.count or final is None:
            return position.block_time
        return max(final.time, position.block_time)

    def history(self, record: RecordId) -> Sequence[RecordedAct]:
        """All acts on a record, in their order. Raises NotReady."""
        try:
            view = self._reader.head()
            return Acts(view, self._registries(view)).history(record)
        except CouldNotCheck as error:
            raise NotReady("statuses-unknown") from error

    def _registries(self, view: View) -> list[Address]:
        consortium = Consortium(self._ctx.network.consortium, view.call, view.calls)
        return [entry.account for entry in consortium.contract_history(CASE_REGISTRY)]
