"""Values of products, and what they want of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final, Protocol

import sqlalchemy as sa

from gateway.statuses.changes import Change
from ledger.chain.contracts.structs import DATASET, MODEL, PORTRAIT, REPORT
from ledger.core.canonical import hex32, instant
from ledger.core.ids import Digest, ProductId, RecordId
from ledger.core.status import SHOWN, Flag, Outcome, State

KINDS: Final[Mapping[str, int]] = {
    "dataset": DATASET,
    "model": MODEL,
    "portrait": PORTRAIT,
    "report": REPORT,
}
MAX_TITLE: Final = 200
"""Characters."""


class ProductAction(IntEnum):
    """What goes to the chain. The numbers stand in the database."""

    REGISTER = 1
    PUBLISH = 2
    RETIRE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProduct:
    """What is to be registered. product_id: None: any. method: SHA-256 of the text that says how it
    is made."""

    kind: int
    method: Digest
    product_id: ProductId | None = None
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVersion:
    """What is to be published. content: SHA-256 of what users are handed. method: None: that of the
    product. record_ids: of what went in, in any order."""

    content: Digest
    record_ids: Sequence[bytes]
    method: Digest | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A version on its way to the chain. new: False: it was asked for before."""

    version: int
    inputs: int
    inputs_root: Digest
    new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why a version is stale: an input, and how it stands. first: of the record that it was logged
    again for, on which the acts are; None: they are on the input itself."""

    record: RecordId
    state: State
    closed: bool
    first: RecordId | None = None

    @property
    def words(self) -> Sequence[str]:
        """What is so of it; `closed` where an act that is not final yet, or one on a chain that was
        lost, closes it."""
        word = self.state.word
        found = [str(flag.name).lower() for flag in Flag if flag in word.flags & SHOWN]
        if word.outcome is not Outcome.NONE:
            found.append(word.outcome.name.lower())
        return found or ["closed"]

    def as_dict(self) -> dict[str, Any]:
        """As the routes answer it."""
        word = self.state.word
        corrected = self.state.other if word.outcome is Outcome.CORRECTED else None
        return {
            "record": hex32(self.record),
            "causes": list(self.words),
            "recordedAt": instant(word.recorded_at) if word.version else None,
            "correctedBy": None if corrected is None else hex32(corrected),
            "first": None if self.first is None else hex32(self.first),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A version of a product has an input whose status changed. users: members that it was handed
    to. causes: why the input makes it stale; empty: it does not, or not any more. The same one may
    come again; `id` names it."""

    member: str
    product_id: ProductId
    version: int
    record: RecordId
    causes: Sequence[str]
    change: Change
    users: Sequence[str]

    @property
    def id(self) -> str:
        """The same for the same change of the same version."""
        named = (self.member, self.product_id.hex(), self.version, self.record.hex())
        return "/".join(map(str, (*named, self.change.place)))

    def as_dict(self) -> dict[str, Any]:
        """What a user is told."""
        return {
            "_type": "credit-ledger/product-notice@1",
            "notice": self.id,
            "at": instant(self.change.at),
            "member": self.member,
            "product": hex32(self.product_id),
            "version": self.version,
            "record": hex32(self.record),
            "causes": list(self.causes),
        }


class Notices(Protocol):
    """Tells whoever made or uses a product what became of it."""

    def tell(self, connection: sa.Connection, notice: Notice) -> None:
        """Keep a notice within the caller's write transaction, which has the lock of the products
        and also notes that it was told; nothing happens where one of this `id` is kept."""
