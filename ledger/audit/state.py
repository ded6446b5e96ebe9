"""What events of the consortium say, folded one by one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ledger.audit.incomplete_codes import EVENTS_MISSING
from ledger.chain.contracts.events import (
    Acted,
    ChainEvent,
    ChairSet,
    ContractRegistered,
    EndpointSet,
    Executed,
    ItemPut,
    KeyAdded,
    KeyCompromised,
    KeyRevoked,
    LogClosed,
    LogOpened,
    MemberAdded,
    MemberRolesChanged,
    MemberStatusChanged,
    Proposed,
    ThresholdSet,
    Voted,
)
from ledger.chain.contracts.structs import ACTIVE, COMPROMISE_ALL, YES, CatalogueItem
from ledger.chain.network import Rebuilt
from ledger.core.errors import CouldNotCheck
from ledger.core.ids import Address, Digest, KeyId, LogId, keccak256
from ledger.core.keys import Purpose
from ledger.core.merkle import EMPTY_ROOT
from ledger.core.promise import MAX_PROMISE

Place = tuple[int, int]  # block, and place in it
CarriedOut = tuple[Place, str, int]  # place, transaction and the threshold then
NO_KEY = KeyId(bytes(32))
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
    contract: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member as it is at the end; away: when it was not ACTIVE; was: its roles from when on.

    recovered_from: time at which a key begins that a vote gave it; taken_at: block in which a vote
    last held one of its GOVERN keys to be stolen; 0: none.
    """

    code: str
    region: str
    roles: int
    endpoint: str
    status: int = ACTIVE
    seq: int = 0
    tx: str = ""  # in which it was added
    recovered_from: int = 0
    taken_at: int = 0
    away: tuple[Span, ...] = ()
    was: tuple[tuple[Place, int], ...] = ()

    def roles_at(self, place: Place) -> int:
        """0 before it was a member."""
        return next((roles for since, roles in reversed(self.was) if since < place), 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key as it is at the end. compromised_since 0: never. stolen: what was said of that, where.
    tx: in which it was added; by_vote: by the provinces, or at the founding."""

    key_id: KeyId
    member: str
    purpose: int
    alg: int
    public_key: bytes
    not_before: int
    not_after: int
    compromised_since: int = 0
    stolen: tuple[tuple[Place, int], ...] = ()
    tx: str = ""
    by_vote: bool = False

    def stolen_since(self, place: Place) -> int:
        """From when on it was held to be stolen, as was known at a place; 0: it was not."""
        return next((since for said, since in reversed(self.stolen) if said < place), 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A version of a catalogue item, and where it was put. member: the province whose supplement it
    is, "": nobody's. authority: key that signed it, or proposal."""

    item: CatalogueItem
    place: Place
    contract: Address
    member: str
    authority: bytes
    tx: str


@dataclass(slots=True, kw_only=True)
class Log:
    """A log and its anchors. closed: where, and the last size to be trusted."""

    log_id: LogId
    member: str
    seq: int = 0
    suite: int = 1
    predecessor: LogId | None = None
    successor: LogId | None = None
    anchors: list[Anchor] = field(default_factory=list)
    closed: tuple[Place, int] | None = None

    @property
    def size(self) -> int:
        """At the last anchor."""
        return self.anchors[-1].size if self.anchors else 0

    @property
    def root(self) -> Digest:
        """At the last anchor."""
        return self.anchors[-1].root if self.anchors else EMPTY_ROOT

    @property
    def end(self) -> int:
        """Where it ends, also where its anchors are out of order."""
        return max((anchor.size for anchor in self.anchors), default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot:
    """A vote that was cast."""

    member: str
    choice: int
    key_id: KeyId
    place: Place
    tx: str


@dataclass(slots=True, kw_only=True)
class Proposal:
    """A proposal and its votes."""

    proposal_id: Digest
    proposer: str
    key_id: KeyId
    tx: str
    salt: bytes
    kind: int
    data_hash: Digest
    ballots: list[Ballot] = field(default_factory=list)
    executed: CarriedOut | None = None
    closed: bool = False  # carried out by Consortium itself


@dataclass(slots=True)
class State:
    """All that the events say. rebuilt: when a lost chain, or that of a network that moved, was
    filled anew: what was recorded or anchored in that time had been so before."""

    rebuilt: Rebuilt | None = None
    members: dict[str, Member] = field(default_factory=dict)
    keys: dict[tuple[str, KeyId], Key] = field(default_factory=dict)  # under their members
    logs: dict[LogId, Log] = field(default_factory=dict)
    items: list[Item] = field(default_factory=list)
    contracts: dict[str, list[tuple[Place, Address]]] = field(default_factory=dict)
    proposals: dict[Digest, Proposal] = field(default_factory=dict)
    threshold: int = 0
    thresholds: list[tuple[Place, str, int]] = field(default_factory=list)  # where, transaction
    chair: str = ""
    taken: tuple[str, str] = ("", "")  # last vote on a GOVERN key: transaction, member
    founding: str = ""  # the transaction of the constructor
    # Transactions in which something changed that only a vote changes, and those in which a vote
    # was carried out: the same ones, where no event is missing.
    changed: set[str] = field(default_factory=set)
    carried_out: set[str] = field(default_factory=set)


def is_anew(state: State, time: int) -> bool:
    """Whether what was written at that time had been written before, on another chain."""
    return state.rebuilt is not None and state.rebuilt.holds(time)


def is_overdue(state: State, since: int, now: int) -> bool:
    """Whether what has to be anchored within 72 hours of a moment is late by now, where it is not
    there. While a lost chain is filled anew it may have been, and be on its way."""
    return since + MAX_PROMISE < now and not is_anew(state, now)


def missing(what: str) -> CouldNotCheck:
    """An event without which others make no sense."""
    return CouldNotCheck(EVENTS_MISSING, what)


def fold(state: State, event: ChainEvent) -> None:
    """One more event of Consortium. Raises CouldNotCheck where one before it is missing."""
    state.founding = state.founding or event.entry.tx
    if isinstance(event, ThresholdSet):
        state.thresholds.append((event.entry.place, event.entry.tx, event.threshold))
        state.threshold = event.threshold
        _by_vote(state, event)
    elif isinstance(event, ChairSet):
        state.chair = event.member
        _by_vote(state, event)
    elif isinstance(event, ContractRegistered):
        state.contracts.setdefault(event.role, []).append((event.entry.place, event.account))
        _by_vote(state, event)
    elif isinstance(event, MemberAdded | EndpointSet):
        _fold_member(state, event)
    elif isinstance(event, MemberStatusChanged | MemberRolesChanged):
        _fold_standing(state, event)
    elif isinstance(event, KeyAdded | KeyRevoked | KeyCompromised):
        _fold_key(state, event)
    elif isinstance(event, LogOpened | LogClosed):
        _fold_log(state, event)
    elif isinstance(event, Proposed | Voted | Executed):
        _fold_vote(state, event)


def _by_vote(state: State, event: ChainEvent) -> None:
    if event.entry.tx != state.founding:
        state.changed.add(event.entry.tx)


def _signed(state: State, event: EndpointSet | KeyAdded | KeyRevoked | KeyCompromised) -> None:
    """A write of the member carries its number; one by vote leaves it."""
    member = _member(state, event.member)
    if event.signed_by is None:
        _by_vote(state, event)
    expected = member.seq + (event.signed_by is not None)
    if event.seq != expected:
        raise missing(f"member {event.member}: writes {expected} to {event.seq}")
    state.members[event.member] = replace(member, seq=event.seq)


def _member(state: State, code: str) -> Member:
    found = state.members.get(code)
    if found is None:
        raise missing(f"member {code} was never added")
    return found


def _fold_member(state: State, event: MemberAdded | EndpointSet) -> None:
    if isinstance(event, MemberAdded):
        state.members[event.member] = Member(
            code=event.member,
            region=event.region,
            roles=event.roles,
            endpoint=event.endpoint,
            tx=event.entry.tx,
            was=((event.entry.place, event.roles),),
        )
        _by_vote(state, event)
    else:
        _signed(state, event)
        member = _member(state, event.member)
        state.members[event.member] = replace(member, endpoint=event.endpoint)


def _fold_standing(state: State, event: MemberStatusChanged | MemberRolesChanged) -> None:
    place, member = event.entry.place, _member(state, event.member)
    if isinstance(event, MemberRolesChanged):
        was = (*member.was, (place, event.roles))
        state.members[event.member] = replace(member, roles=event.roles, was=was)
    else:
        if member.status == event.status:
            raise missing(f"member {event.member}: a change of status before block {place[0]}")
        away = member.away
        if event.status == ACTIVE:
            away = (*away[:-1], (away[-1][0], place))
        elif member.status == ACTIVE:
            away = (*away, (place, None))
        state.members[event.member] = replace(member, status=event.status, away=away)
    _by_vote(state, event)


def _fold_key(state: State, event: KeyAdded | KeyRevoked | KeyCompromised) -> None:
    _signed(state, event)
    name = event.member, event.key_id
    if isinstance(event, KeyAdded):
        state.keys[name] = Key(
            key_id=event.key_id,
            member=event.member,
            purpose=event.purpose,
            alg=event.alg,
            public_key=event.public_key,
            not_before=event.not_before,
            not_after=event.not_after,
            tx=event.entry.tx,
            by_vote=event.signed_by is None,
        )
        if recovered(state, state.keys[name]):
            member = _member(state, event.member)
            begins = max(member.recovered_from, event.not_before)
            state.members[event.member] = replace(member, recovered_from=begins)
        return
    key = state.keys.get(name)
    if key is None:
        raise missing(f"key {event.key_id.hex()} was never added")
    if isinstance(event, KeyRevoked):
        state.keys[name] = replace(key, not_after=event.not_after)
        return
    said = (*key.stolen, (event.entry.place, event.since))
    state.keys[name] = replace(key, compromised_since=event.since, stolen=said)
    if event.signed_by is None and key.purpose == Purpose.GOVERN:
        state.taken = (event.entry.tx, event.member)
        if not key.compromised_since:  # else it is a correction, or one of COMPROMISE_ALL
            _take(state, event)


def _take(state: State, event: ChainEvent) -> None:
    """A vote held a GOVERN key to be stolen."""
    _, code = state.taken
    state.members[code] = replace(_member(state, code), taken_at=event.entry.block)


def recovered(state: State, key: Key) -> bool:
    """Whether a vote planted the key: not at the founding, nor with a member that it admitted."""
    return key.by_vote and key.tx not in (state.founding, state.members[key.member].tx)


def _fold_log(state: State, event: LogOpened | LogClosed) -> None:
    _by_vote(state, event)
    if isinstance(event, LogOpened):
        state.logs[event.log_id] = Log(
            log_id=event.log_id,
            member=event.member,
            seq=event.seq,
            suite=event.suite,
            predecessor=event.predecessor,
        )
        return
    log = state.logs.get(event.log_id)
    if log is None:
        raise missing(f"log {event.log_id.hex()} was never opened")
    log.closed = (event.entry.place, event.trusted_size)
    log.successor = event.successor


def _fold_vote(state: State, event: Proposed | Voted | Executed) -> None:
    if isinstance(event, Proposed):
        state.proposals[event.proposal_id] = Proposal(
            proposal_id=event.proposal_id,
            proposer=event.member,
            key_id=event.signed_by or NO_KEY,
            tx=event.entry.tx,
            salt=event.salt,
            kind=event.kind,
            data_hash=keccak256(event.data),
        )
        return
    proposal = state.proposals.get(event.proposal_id)
    if proposal is None:
        raise missing(f"proposal {event.proposal_id.hex()} was never made")
    if isinstance(event, Voted):
        proposal.ballots.append(
            Ballot(
                member=event.member,
                choice=event.choice,
                key_id=event.signed_by or NO_KEY,
                place=event.entry.place,
                tx=event.entry.tx,
            )
        )
    else:
        proposal.closed = True
        state.carried_out.add(event.entry.tx)
        if event.kind == COMPROMISE_ALL and state.taken[0] == event.entry.tx:
            _take(state, event)
        carry_out(state, proposal, event)


def carry_out(state: State, proposal: Proposal, event: Executed | ItemPut | Acted) -> None:
    """A vote was carried out, in Consortium or in the contract of a role."""
    place, threshold = event.entry.place, threshold_at(state, event)
    if not 0 < threshold <= approved(proposal, place):
        raise missing(f"votes for proposal {proposal.proposal_id.hex()}")
    proposal.executed = (place, event.entry.tx, threshold)


def threshold_at(state: State, event: ChainEvent) -> int:
    """The threshold that a vote had to reach that an event carried out; one that changes it had to
    reach the one before."""
    place, tx = event.entry.place, event.entry.tx
    held = (votes for since, by, votes in reversed(state.thresholds) if since < place and by != tx)
    return next(held, 0)


def approved(proposal: Proposal, place: Place) -> int:
    """How many had voted for a proposal before a place."""
    return len({one.member for one in proposal.ballots if one.choice == YES and one.place < place})


def within(span: Span, place: Place) -> bool:
    """Whether a place lies in a span of places, its ends apart."""
    start, end = span
    return start < place and (end is None or place < end)
