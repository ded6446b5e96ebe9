"""An act as it was recorded."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.audit.state import Place
from ledger.chain.contracts.structs import Code
from ledger.core.ids import Address, Digest
from ledger.core.status import RecordedAct

__all__ = ["Done"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """An act as it was recorded, as much of its event as replay needs. count, head: of all acts,
    this one included; version: of the record behind it."""

    place: Place
    count: int
    head: Digest
    version: int
    member: Code
    acted: RecordedAct
    tx: str
    contract: Address

    @property
    def where(self) -> str:
        """Its place in findings."""
        return f"record/{self.acted.act.record.hex()}/act/{self.version}"
