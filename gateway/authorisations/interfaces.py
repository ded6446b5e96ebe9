"""What is asked of the authorisations, and what they want of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

import sqlalchemy as sa

from gateway.cases.materials import Material, digests
from gateway.peers.interfaces import Message
from ledger.chain.contracts.structs import Member
from ledger.core.authorisation import Authorisation
from ledger.core.docs import Doc

Answer = Mapping[str, Any]
"""JSON, as routes give it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An authorisation as it is asked for: well-formed, not yet held against what there is. types,
    regions: ascending, each once."""

    subject: str
    grantee: str
    types: tuple[str, ...]
    regions: tuple[str, ...]
    purpose: str
    start: date
    until: date
    docs: Sequence[Material] = ()

    def said(self) -> Mapping[str, Any]:
        """What tells it from another."""
        return {
            "subject": self.subject,
            "grantee": self.grantee,
            "types": self.types,
            "regions": self.regions,
            "purpose": self.purpose,
            "from": self.start.isoformat(),
            "until": self.until.isoformat(),
            "docs": digests(self.docs),
        }

    def stated(self, docs: Sequence[Doc]) -> Authorisation:
        """What is stated. docs: its documents, as statements name them."""
        return Authorisation(
            subject=self.subject,
            grantee=self.grantee,
            purpose=self.purpose,
            types=self.types,
            regions=self.regions,
            start=self.start,
            until=self.until,
            docs=tuple(docs),
        )


class Members(Protocol):
    """The members, as the chain says now."""

    def member(self, code: str) -> Member | None:
        """One of them. Raises NotReady."""

    def provinces(self) -> list[str]:
        """Codes of the ACTIVE provinces. Raises NotReady."""


class Handing(Protocol):
    """Takes what goes to other members."""

    def put(
        self, connection: sa.Connection, *, member: str, commitment: bytes, opening: bytes
    ) -> None:
        """Have an opening sent, within the caller's transaction."""


class Received(Protocol):
    """What other members handed over."""

    def kept(self, commitment: bytes, connection: sa.Connection | None = None) -> Message | None:
        """It, by the commitment of its statement. Raises ContentKeyMissing."""
