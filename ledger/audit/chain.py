"""The consortium, rebuilt from its events alone, and every anchor judged by what stood then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ledger.audit.findings import Findings
from ledger.chain.bindings import CATALOGUE, LOG_ANCHOR
from ledger.chain.blocks import LogEntry
from ledger.chain.contract_abi import Name
from ledger.chain.events import (
    Anchored,
    ChainEvent,
    ContractRegistered,
    EndpointSet,
    ItemPut,
    KeyAdded,
    KeyCompromised,
    KeyRevoked,
    LogClosed,
    LogOpened,
    MemberAdded,
    MemberRolesChanged,
    MemberStatusChanged,
    decode_events,
    topic,
)
from ledger.chain.network import NetworkFile
from ledger.chain.quorum import View
from ledger.chain.structs import ACTIVE, RETIRED, SUSPENDED, CatalogueItem
from ledger.core.errors import CouldNotCheck
from ledger.core.ids import Address, Digest, KeyId, LogId
from ledger.core.keys import Purpose

# Blocks whose events are held at once: with an anchor of four members in each, 80 MB. Anchors are
# kept in a smaller shape, half a kilobyte each.
WINDOW = 20_000

Place = tuple[int, int]  # block, and place in it
Span = tuple[Place, Place | None]  # from, and before; None: still


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """An anchor, as much of its event as replay needs."""

    place: Place
    prev_size: int
    size: int
    root: Digest
    key_id: KeyId
    tx: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member as it is at the end; suspended: when it was."""

    code: str
    region: str
    roles: int
    endpoint: str
    suspended: tuple[Span, ...] = ()
    retired: bool = False

    @property
    def status(self) -> int:
        """Number of `structs`: active, suspended or retired."""
        if self.retired:
            return RETIRED
        return SUSPENDED if self.suspended and self.suspended[-1][1] is None else ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key as it is at the end. compromised_since 0: never."""

    key_id: KeyId
    member: str
    purpose: int
    alg: int
    public_key: bytes
    not_before: int
    not_after: int
    compromised_since: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A version of a catalogue item, and where it was put."""

    item: CatalogueItem
    place: Place


@dataclass(slots=True, kw_only=True)
class Log:
    """A log and its anchors. closed: where, and the last size to be trusted."""

    log_id: LogId
    member: str
    anchors: list[Anchor] = field(default_factory=list)
    closed: tuple[Place, int] | None = None

    @property
    def size(self) -> int:
        """At the last anchor."""
        return self.anchors[-1].size if self.anchors else 0


@dataclass(slots=True)
class State:
    """All that the events say."""

    members: dict[str, Member] = field(default_factory=dict)
    keys: dict[tuple[str, KeyId], Key] = field(default_factory=dict)
    logs: dict[LogId, Log] = field(default_factory=dict)
    items: list[Item] = field(default_factory=list)
    contracts: dict[str, list[tuple[Place, Address]]] = field(default_factory=dict)


class BlockTimes:
    """Times of blocks. They never fall, so a boundary among many is found by few questions."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._known: dict[int, int] = {}

    def at(self, block: int) -> int:
        """Unix seconds."""
        if block not in self._known:
            self._known[block] = self._view.block_at(block).time
        return self._known[block]

    def from_on(self, anchors: list[Anchor], time: int) -> int:
        """How many anchors, which are in their order, lie before `time`."""
        low, high = 0, len(anchors)
        while low < high:
            middle = (low + high) // 2
            if self.at(anchors[middle].place[0]) < time:
                low = middle + 1
            else:
                high = middle
        return low


def read_state(view: View, network: NetworkFile, last: int, findings: Findings) -> State:
    """Rebuilds the state at the end of block `last`. Raises CouldNotCheck."""
    if not view.code(network.consortium):
        raise CouldNotCheck("no-code", f"{network.consortium}: no Consortium there")
    state = State()
    for event in _events(view, network, "Consortium", network.consortium, last=last):
        _apply(state, event)
    for address, span in _tenures(state, CATALOGUE):
        for event in _events(view, network, "Catalogue", address, last=last, kind=ItemPut):
            if isinstance(event, ItemPut) and _within(span, event.entry.place):
                state.items.append(Item(item=event.item, place=event.entry.place))
    for address, span in _tenures(state, LOG_ANCHOR):
        for event in _events(view, network, "LogAnchor", address, last=last, kind=Anchored):
            if isinstance(event, Anchored):
                _take_anchor(state, event, span, findings)
    state.items.sort(key=lambda item: item.place)
    return state


def judge_anchors(state: State, log: Log, times: BlockTimes, findings: Findings) -> None:
    """Findings about the anchors of one log: order, keys, suspension, closing."""

    def add(code: str, anchor: Anchor, **evidence: str | int) -> None:
        where = f"log/{log.log_id.hex()}/anchor/{anchor.size}"
        findings.add(code, log=log.log_id, member=log.member, where=where, tx=anchor.tx, **evidence)

    size = 0
    for anchor in log.anchors:
        if anchor.prev_size != size or anchor.size <= anchor.prev_size:
            add("anchor-discontinuous", anchor, expected=size, prevSize=anchor.prev_size)
        size = anchor.size
        member = state.members.get(log.member)
        if member is not None and any(_within(span, anchor.place) for span in member.suspended):
            add("anchor-while-suspended", anchor)
        if log.closed is not None and anchor.place > log.closed[0]:
            add("anchor-after-close", anchor)
        elif log.closed is not None and anchor.size > log.closed[1]:
            add("anchor-beyond-trusted", anchor, trustedSize=log.closed[1])
    for key_id in dict.fromkeys(anchor.key_id for anchor in log.anchors):
        signed = [anchor for anchor in log.anchors if anchor.key_id == key_id]
        invalid, disputed = _judge_key(state.keys.get((log.member, key_id)), signed, times)
        for anchor in invalid:
            add("anchor-key-not-valid", anchor, keyId=key_id.hex())
        for anchor in disputed:
            add("anchor-key-disputed", anchor, keyId=key_id.hex())


def _judge_key(
    key: Key | None, signed: list[Anchor], times: BlockTimes
) -> tuple[list[Anchor], list[Anchor]]:
    """Of the anchors that name a key, those outside its window, and those after it was stolen."""
    if key is None or key.purpose != Purpose.ANCHOR:
        return signed, []
    low = times.from_on(signed, key.not_before)
    high = max(low, times.from_on(signed, key.not_after + 1))
    stolen = high
    if key.compromised_since:
        stolen = max(low, times.from_on(signed, key.compromised_since))
    return [*signed[:low], *signed[high:]], signed[stolen:high]


def _apply(state: State, event: ChainEvent) -> None:
    """One event of Consortium. Votes and the chair leave nothing that replay needs."""
    place = event.entry.place
    match event:
        case MemberAdded():
            state.members[event.member] = Member(
                code=event.member,
                region=event.region,
                roles=event.roles,
                endpoint=event.endpoint,
            )
        case MemberRolesChanged():
            member = state.members[event.member]
            state.members[event.member] = replace(member, roles=event.roles)
        case MemberStatusChanged() if event.status == RETIRED:
            member = state.members[event.member]
            state.members[event.member] = replace(member, retired=True)
        case MemberStatusChanged():
            member = state.members[event.member]
            state.members[event.member] = replace(
                member, suspended=_suspended(member, event.status, place)
            )
        case EndpointSet():
            member = state.members[event.member]
            state.members[event.member] = replace(member, endpoint=event.endpoint)
        case KeyAdded():
            state.keys[event.member, event.key_id] = Key(
                key_id=event.key_id,
                member=event.member,
                purpose=event.purpose,
                alg=event.alg,
                public_key=event.public_key,
                not_before=event.not_before,
                not_after=event.not_after,
            )
        case KeyRevoked():
            key = state.keys[event.member, event.key_id]
            state.keys[event.member, event.key_id] = replace(key, not_after=event.not_after)
        case KeyCompromised():
            key = state.keys[event.member, event.key_id]
            state.keys[event.member, event.key_id] = replace(key, compromised_since=event.since)
        case LogOpened():
            state.logs[event.log_id] = Log(log_id=event.log_id, member=event.member)
        case LogClosed():
            state.logs[event.log_id].closed = (place, event.trusted_size)
        case ContractRegistered():
            state.contracts.setdefault(event.role, []).append((place, event.account))
        case _:
            pass


def _suspended(member: Member, status: int, place: Place) -> tuple[Span, ...]:
    spans = member.suspended
    if status == SUSPENDED:
        return (*spans, (place, None))
    return (*spans[:-1], (spans[-1][0], place)) if spans else ()


def _take_anchor(state: State, event: Anchored, span: Span, findings: Findings) -> None:
    log = state.logs.get(event.log_id)
    where = f"log/{event.log_id.hex()}/anchor/{event.size}"
    if log is None:
        findings.add("anchor-unknown-log", member="", where=where, tx=event.entry.tx)
    elif not _within(span, event.entry.place):
        findings.add(
            "anchor-out-of-turn", log=log.log_id, member=log.member, where=where, tx=event.entry.tx
        )
    else:
        log.anchors.append(
            Anchor(
                place=event.entry.place,
                prev_size=event.prev_size,
                size=event.size,
                root=event.root,
                key_id=event.key_id,
                tx=event.entry.tx,
            )
        )


def _tenures(state: State, role: str) -> Iterator[tuple[Address, Span]]:
    """Contracts of a role, the first one first, and from when to when each held it."""
    held = state.contracts.get(role, [])
    ends = [place for place, _ in held[1:]]
    for (place, address), end in zip(held, [*ends, None], strict=True):
        yield address, (place, end)


def _within(span: Span, place: Place) -> bool:
    start, end = span
    return start < place and (end is None or place < end)


def _events(
    view: View,
    network: NetworkFile,
    contract: Name,
    address: Address,
    *,
    last: int,
    kind: type[ChainEvent] | None = None,
) -> Iterator[ChainEvent]:
    """Events of a contract up to block `last`, window by window."""
    topics = [] if kind is None else [topic(kind)]
    for first in range(network.deploy_block, last + 1, WINDOW):
        end = min(last, first + WINDOW - 1)
        entries: tuple[LogEntry, ...] = view.logs(address, topics, first=first, last=end)
        yield from decode_events(contract, entries)
