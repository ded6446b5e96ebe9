"""Events of our contracts, typed. They alone rebuild the whole state (see `IConsortium`)."""

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from ledger.chain.contracts.contract_abi import Name, Undecodable, load
from ledger.chain.contracts.structs import CatalogueItem, Code, build
from ledger.chain.errors import NoContract
from ledger.chain.nodes.blocks import LogEntry
from ledger.core.ids import Address, Digest, KeyId, LogId, ProductId, RecordId
from ledger.core.status import Act


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainEvent:
    """An event of one of our contracts; `entry` says where it stands."""

    contract: ClassVar[Name] = "Consortium"
    entry: LogEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdSet(ChainEvent):
    threshold: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberAdded(ChainEvent):
    member: Code
    region: Code
    roles: int
    endpoint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberStatusChanged(ChainEvent):
    member: Code
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRolesChanged(ChainEvent):
    member: Code
    roles: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointSet(ChainEvent):
    member: Code
    endpoint: str
    seq: int
    signed_by: KeyId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyAdded(ChainEvent):
    member: Code
    key_id: KeyId
    purpose: int
    alg: int
    public_key: bytes
    not_before: int
    not_after: int
    seq: int
    signed_by: KeyId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRevoked(ChainEvent):
    member: Code
    key_id: KeyId
    not_after: int
    seq: int
    signed_by: KeyId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCompromised(ChainEvent):
    member: Code
    key_id: KeyId
    since: int
    seq: int
    signed_by: KeyId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOpened(ChainEvent):
    log_id: LogId
    member: Code
    seq: int
    suite: int
    predecessor: LogId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogClosed(ChainEvent):
    log_id: LogId
    member: Code
    trusted_size: int
    successor: LogId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractRegistered(ChainEvent):
    role: Code
    account: Address
    predecessor: Address | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed(ChainEvent):
    proposal_id: Digest
    member: Code
    kind: int
    data: bytes
    salt: bytes
    expires_at: int
    signed_by: KeyId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Voted(ChainEvent):
    proposal_id: Digest
    member: Code
    choice: int
    signed_by: KeyId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed(ChainEvent):
    """What was carried out stands in `Proposed`, what it changed in events of its own."""

    proposal_id: Digest
    kind: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChairSet(ChainEvent):
    member: Code


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchored(ChainEvent):
    """`key_id`: the ANCHOR key that signed."""

    contract: ClassVar[Name] = "LogAnchor"
    log_id: LogId
    size: int
    prev_size: int
    root: Digest
    key_id: KeyId


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemPut(ChainEvent):
    """`authority`: key that signed a supplement, or proposal; `member` "" for national items. The
    block's time is when it was put."""

    contract: ClassVar[Name] = "Catalogue"
    item_id: Code
    region: Code
    version: int
    item: CatalogueItem
    member: Code
    authority: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Acted(ChainEvent):
    """`member` "" by vote and where a thief's act was undone. `signed_by`: the key, or the id of
    the proposal. `prev_block`: of the act before on the same record, 0 for the first."""

    contract: ClassVar[Name] = "CaseRegistry"
    record_id: RecordId
    count: int
    member: Code
    act: Act
    signed_by: KeyId
    version: int
    prev_block: int
    head: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged(ChainEvent):
    """`member` has carried out all acts up to `count`; `head` is what it says they fold to."""

    contract: ClassVar[Name] = "CaseRegistry"
    member: Code
    count: int
    head: Digest
    signed_by: KeyId


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked(ChainEvent):
    """An authorisation was taken back; the block's time is when."""

    contract: ClassVar[Name] = "Revocations"
    custodian: Code
    commitment: Digest
    signed_by: KeyId


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductRegistered(ChainEvent):
    """A product of a member; the block's time is when."""

    contract: ClassVar[Name] = "Products"
    member: Code
    product_id: ProductId
    kind: int
    method: Digest
    signed_by: KeyId


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionPublished(ChainEvent):
    """A version of a product; the block's time is when."""

    contract: ClassVar[Name] = "Products"
    member: Code
    product_id: ProductId
    version: int
    content: Digest
    method: Digest
    inputs_root: Digest
    inputs: int
    signed_by: KeyId


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductRetired(ChainEvent):
    """A product has no more versions; the block's time is since when."""

    contract: ClassVar[Name] = "Products"
    member: Code
    product_id: ProductId
    signed_by: KeyId


EVENTS: tuple[type[ChainEvent], ...] = (
    ThresholdSet, MemberAdded, MemberStatusChanged, MemberRolesChanged, EndpointSet, KeyAdded,
    KeyRevoked, KeyCompromised, LogOpened, LogClosed, ContractRegistered, Proposed, Voted, Executed,
    ChairSet, Anchored, ItemPut, Acted, Acknowledged, Revoked, ProductRegistered, VersionPublished,
    ProductRetired,
)  # fmt: skip


def topic(event: type[ChainEvent]) -> bytes:
    """The first topic of an event, to ask for it alone."""
    return load(event.contract).event(event.__name__).topic


def decode_event(contract: Name, entry: LogEntry) -> ChainEvent | None:
    """The event of `contract` that `entry` holds; None where it is none of `EVENTS`.

    Raises NoContract where it only looks like one.
    """
    kind = _kinds(contract).get(entry.topics[0]) if entry.topics else None
    if kind is None:
        return None
    try:
        values = load(contract).events[entry.topics[0]].decode(entry)
    except Undecodable as error:
        raise NoContract(entry.address, kind.__name__) from error
    return build(kind, values, entry=entry)


def decode_events(contract: Name, entries: Sequence[LogEntry]) -> Iterator[ChainEvent]:
    """All events of `contract` among `entries`, in their order."""
    for entry in entries:
        event = decode_event(contract, entry)
        if event is not None:
            yield event


@functools.cache
def _kinds(contract: Name) -> dict[bytes, type[ChainEvent]]:
    return {topic(event): event for event in EVENTS if event.contract == contract}
