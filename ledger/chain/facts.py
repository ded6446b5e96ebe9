"""What the chain says of one receipt: the facts by which `ledger.core.verdict` judges.

Everything is read at one head that a quorum confirms. What single nodes show beyond it is looked
at for adverse facts only (`acts`): these name no verdict, but until a quorum has seen that height
nothing better is said either. Where such nodes cannot be read they say nothing.

The anchor is the FIRST that covers the leaf, so that a later one with a clean key cannot launder
what a stolen key wrote. The code of `LogAnchor` that we ship never covers a leaf twice: for it, one
event that covers the leaf is the first. Of any other code every event of the log is read.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar, cast

from ledger.chain import contract_abi
from ledger.chain.bindings import (
    CASE_REGISTRY,
    CATALOGUE,
    LOG_ANCHOR,
    Catalogue,
    Consortium,
    LogAnchor,
)
from ledger.chain.blocks import Block as ChainBlock
from ledger.chain.blocks import LogEntry
from ledger.chain.catalogue import FOREVER, Put, counting
from ledger.chain.errors import BlockGone
from ledger.chain.events import (
    Anchored,
    ChainEvent,
    KeyAdded,
    KeyCompromised,
    LogClosed,
    MemberAdded,
    decode_event,
    topic,
)
from ledger.chain.network import NetworkFile
from ledger.chain.quorum import QuorumReader, View, keep
from ledger.chain.runs import Run
from ledger.chain.structs import (
    ACTIVE,
    CLOSED,
    RECORD_TYPE,
    RULES,
    ContractRegistration,
    Key,
    Log,
    Member,
)
from ledger.core.errors import CouldNotCheck, VersionUnknown
from ledger.core.facts import (
    PUBLICITY,
    AnchorFact,
    Block,
    CatalogueFacts,
    ChainFacts,
    Compromise,
    ItemFact,
    KeyFact,
    LogFact,
    OwnerFact,
    Roles,
    StatusFacts,
    Unread,
    WitnessFact,
)
from ledger.core.ids import SUITES, Address, Digest, KeyId, LogId, bytes32_ascii
from ledger.core.receipt import Receipt

T = TypeVar("T")
E = TypeVar("E", bound=ChainEvent)

# Where solc leaves room for an immutable: PUSH32 of zeros.
_IMMUTABLE = re.compile(rb"\x7f\x00{32}")


class _Holder(NamedTuple):
    """A member, None where nobody registered it, and its keys."""

    member: Member | None
    keys: tuple[Key, ...]


class _Facts(NamedTuple):
    """A log and its owner, as a verdict is judged by; None where there is no such log."""

    log: LogFact | None
    owner: OwnerFact | None
    keys: dict[KeyId, KeyFact]


class Act(NamedTuple):
    """What a single node shows beyond the head, against a record."""

    node: str
    block: int
    what: str

    def __str__(self) -> str:
        return f"{self.node}, block {self.block}: {self.what}"


class Snapshot:
    """The chain at one head. Values that several receipts need are read once."""

    def __init__(
        self,
        network: NetworkFile,
        *,
        head: View,
        others: Sequence[View],
        final: ChainBlock | None,
    ) -> None:
        """others: what single nodes show beyond the head. final: None where no block is yet."""
        self._network = network
        self._head = head
        self._others = tuple(others)
        self._final = final
        self._consortium = Consortium(network.consortium, head.call, head.calls)
        self._kept: dict[Hashable, Any] = {}

    @classmethod
    def take(cls, reader: QuorumReader, run: Run | None = None) -> Snapshot:
        """Reads the head, in a run of its own if `run` is None. Raises CouldNotCheck."""
        head, others = reader.heads(run)
        return cls(reader.network, head=head, others=others, final=reader.final_block(head))

    def again(self, reader: QuorumReader) -> Snapshot:
        """The chain now, in the same run; with all that is kept where the head is the same. Raises
        CouldNotCheck."""
        head, others = reader.heads(self.run)
        if head.block != self._head.block:
            final = reader.final_block(head)
            return Snapshot(reader.network, head=head, others=others, final=final)
        self._others = others
        return self

    @property
    def run(self) -> Run:
        """What is known of the nodes."""
        return self._head.run

    def facts(self, receipt: Receipt) -> ChainFacts:
        """All that the chain says about this receipt. Raises CouldNotCheck."""
        issuer = self._keep(("facts", receipt.log), lambda: self._issuer_facts(receipt.log))
        contracts = self._keep("contracts", self._contracts)
        witnesses = {line.member for line in receipt.checkpoint.witnesses}
        return ChainFacts(
            head=_plain(self._head.block),
            final=-1 if self._final is None else self._final.number,
            log=issuer.log,
            owner=issuer.owner,
            keys=dict(issuer.keys),
            witnesses=self._witnesses(sorted(witnesses)),
            catalogue=self._catalogue(receipt, issuer.owner),
            root=self._root(contracts, receipt),
            anchor=self._first_anchor(contracts, receipt),
            status=self._keep("status", self._status),
        )

    def acts(self, receipt: Receipt) -> tuple[Act, ...]:
        """What single nodes show beyond the head against a record of this log."""
        found: list[Act] = []
        for view in self._others:
            if not view.sources:  # left out meanwhile
                continue
            witnesses = tuple(line.member for line in receipt.checkpoint.witnesses)
            read = partial(self._acts_of, view, receipt.log, witnesses)
            with contextlib.suppress(CouldNotCheck):  # it says nothing, and may still do
                name = ("acts", view.sources, view.block, receipt.log, witnesses)
                found += self._keep(name, read)
        return tuple(found)

    def _keep(self, name: Hashable, read: Callable[[], T]) -> T:
        """What `read` gives, and gave before under this name, which says all that it depends on."""
        if name in self._kept:
            return cast(T, self._kept[name])
        value = read()
        keep(self._kept, name, value)
        return value

    # ---- keys, log, status

    def _registered(self, log_id: LogId) -> Log | None:
        log: Log | None = self._keep(("log", log_id), lambda: self._consortium.log(log_id))
        if log is not None and log.suite not in SUITES.values():
            raise VersionUnknown("suite of the log", str(log.suite))
        return log

    def _holder(self, code: str) -> _Holder:
        found: _Holder = self._keep(("holder", code), lambda: _holder(self._consortium, code))
        return found

    def _issuer_facts(self, log_id: LogId) -> _Facts:
        log = self._registered(log_id)
        if log is None:
            return _Facts(None, None, {})
        # What is read below, in one request.
        self._consortium.fetch([log.member], (LOG_ANCHOR, CATALOGUE, CASE_REGISTRY))
        holder = self._holder(log.member)
        history = self._consortium.role_history(log.member)
        owner = OwnerFact(
            region="" if holder.member is None else holder.member.region,
            history=tuple(Roles(span.since, span.roles) for span in history),
        )
        return _Facts(self._log(log), owner, self._keys(log.member))

    def _keys(self, code: str) -> dict[KeyId, KeyFact]:
        """Of a member."""
        holder = self._holder(code)
        said = self._compromises(code, holder.keys)
        final = self._final_keys(code, holder.keys)
        recovered = self._recovered(holder.member)
        return {
            key.key_id: KeyFact(
                key_id=key.key_id,
                member=key.member,
                purpose=key.purpose,
                alg=key.alg,
                public_key=key.public_key,
                not_before=key.not_before,
                not_after=key.not_after,
                compromises=tuple(said.get(key.key_id, ())),
                final=key.key_id in final,
                recovered=key.key_id in recovered,
            )
            for key in holder.keys
        }

    def _recovered(self, member: Member | None) -> set[KeyId]:
        """GOVERN keys that votes gave a member, and what was added with these. Keys that came with
        the member itself came in its own transaction."""
        if member is None or not member.recovered_from:
            return set()
        word = bytes32_ascii(member.code)
        came = {event.entry.tx for event in self._events(MemberAdded, [topic(MemberAdded), word])}
        found: set[KeyId] = set()
        for event in self._events(KeyAdded, [topic(KeyAdded), word]):
            voted = event.signed_by is None and event.entry.tx not in came
            if voted or event.signed_by in found:
                found.add(event.key_id)
        return found

    def _witnesses(self, codes: Sequence[str]) -> dict[str, WitnessFact]:
        """Members of these codes, but those that nobody registered."""
        if new := [code for code in codes if ("holder", code) not in self._kept]:
            self._consortium.fetch(new)
        holders = {code: self._holder(code) for code in codes}
        return {
            code: WitnessFact(
                active=holder.member.status == ACTIVE,
                keys=tuple(self._keep(("keys", code), partial(self._keys, code)).values()),
            )
            for code, holder in holders.items()
            if holder.member is not None
        }

    def _final_keys(self, member: str, keys: Sequence[Key]) -> set[KeyId]:
        """Those whose registration is. Several blocks may share a second: where the final one's
        second is that of the registration, the event tells the block."""
        final = self._final
        if final is None:
            return set()
        found = {key.key_id for key in keys if key.added_at < final.time}
        if any(key.added_at == final.time for key in keys):
            added = self._events(KeyAdded, [topic(KeyAdded), bytes32_ascii(member)])
            found |= {event.key_id for event in added if event.entry.block <= final.number}
        return found

    def _compromises(self, member: str, keys: Sequence[Key]) -> dict[KeyId, list[Compromise]]:
        """All that was said of the keys of a member, in that order.

        Most members never say anything: where no key is held to be stolen and none was taken back
        since the final block, there is nothing that counts.
        """
        topics = [topic(KeyCompromised), bytes32_ascii(member)]
        deployed = self._network.deploy_block
        final = deployed - 1 if self._final is None else max(deployed - 1, self._final.number)
        stolen = [key for key in keys if key.compromised_since]
        if not stolen and not self._events(KeyCompromised, topics, first=final + 1):
            return {}
        found: dict[KeyId, list[Compromise]] = {}
        for event in self._events(KeyCompromised, topics):
            said = Compromise(event.since, self._time(event), event.entry.block <= final)
            found.setdefault(event.key_id, []).append(said)
        for key in stolen:
            told = found.setdefault(key.key_id, [])
            if not told or told[-1].since != key.compromised_since:
                # The event is missing: what the state says counts on any day.
                told.append(Compromise(key.compromised_since, 0, final=False))
        return found

    def _log(self, log: Log) -> LogFact:
        if log.status != CLOSED:
            return LogFact(member=log.member)
        closed = self._events(LogClosed, [topic(LogClosed), log.log_id])
        return LogFact(
            member=log.member,
            trusted_size=log.trusted_size,
            closed_recorded=min((self._time(event) for event in closed), default=0),
        )

    def _status(self) -> StatusFacts | Unread:
        """No registry, no acts. One that is registered cannot be read by this version."""
        if self._consortium.contract_history(CASE_REGISTRY):
            problem = "a CaseRegistry is registered, which this version does not read"
            return Unread(code="status-unreadable", problem=problem)
        return StatusFacts()

    def _acts_of(self, view: View, log_id: LogId, witnesses: Sequence[str]) -> list[Act]:
        """Of one node, beside what the head has already."""
        here = self._registered(log_id)
        if here is None:
            return []
        consortium = Consortium(self._network.consortium, view.call, view.calls)
        there, what = consortium.log(log_id), []
        if there is not None and there.status == CLOSED and here.status != CLOSED:
            what.append(f"log {log_id.hex()} is closed")
        consortium.fetch([here.member, *witnesses])
        for code in (here.member, *witnesses):
            what += _against(self._holder(code), _holder(consortium, code))
        if consortium.contract_history(CASE_REGISTRY) and not self._consortium.contract_history(
            CASE_REGISTRY
        ):
            what.append("a CaseRegistry is registered")
        return [Act(view.sources[0], view.block.number, one) for one in what]

    # ---- catalogue

    def _catalogue(self, receipt: Receipt, owner: OwnerFact | None) -> CatalogueFacts:
        """Versions of the record's type and of the rules of publicity, where that is asked."""
        if owner is None or receipt.entry.schema is None:
            return CatalogueFacts(types=(), rules=())
        name = receipt.entry.schema.partition("@")[0]
        return CatalogueFacts(
            types=self._items(name, RECORD_TYPE, owner.region),
            rules=self._items(PUBLICITY, RULES, owner.region),
        )

    def _items(self, name: str, kind: int, region: str) -> tuple[ItemFact, ...]:
        puts: tuple[Put, ...] = self._keep(("puts", name, kind), partial(self._puts, name, kind))
        found: tuple[ItemFact, ...] = self._keep(
            ("items", name, kind, region),
            lambda: tuple(
                ItemFact(
                    version=item.version, content_hash=item.content_hash, since=start, until=end
                )
                for (start, end), item in counting(puts, region)
            ),
        )
        return found

    def _puts(self, name: str, kind: int) -> tuple[Put, ...]:
        """Versions of an item, in all contracts that ever were the Catalogue."""
        contracts = self._consortium.contract_history(CATALOGUE)
        ends = [*(contract.since for contract in contracts[1:]), FOREVER]
        return tuple(
            Put(item=version.item, at=version.put_at, tenure=tenure, until=end)
            for tenure, (contract, end) in enumerate(zip(contracts, ends, strict=True))
            for version in Catalogue(contract.account, self._head.call).item(name)
            if version.item.kind == kind and contract.since <= version.put_at <= end
        )

    # ---- roots and anchors

    def _contracts(self) -> tuple[ContractRegistration, ...]:
        contracts = self._consortium.contract_history(LOG_ANCHOR)
        if not contracts:
            raise CouldNotCheck("no-code", "no LogAnchor is registered")
        return contracts

    def _root(self, contracts: Sequence[ContractRegistration], receipt: Receipt) -> Digest | None:
        """The root at the receipt's size, of the newest contract that knows one."""
        log, size = receipt.log, receipt.size
        for contract in reversed(contracts):
            read = partial(LogAnchor(contract.account, self._head.call).root_at, log, size)
            if (root := self._keep(("root", contract.account, log, size), read)) is not None:
                return root
        return None

    def _first_anchor(
        self, contracts: Sequence[ContractRegistration], receipt: Receipt
    ) -> AnchorFact | None:
        """The first covering event of all contracts while they held the role."""
        ends = [contract.since for contract in contracts[1:]]
        found: list[Anchored] = []
        for contract, end in zip(contracts, [*ends, None], strict=True):
            for event in self._covering(contract, receipt):
                time = self._time(event)
                if contract.since <= time and (end is None or time <= end):
                    found.append(event)
                    break
        if not found:
            return None
        first = min(found, key=lambda event: event.entry.place)
        return AnchorFact(
            prev_size=first.prev_size,
            size=first.size,
            root=first.root,
            key_id=first.key_id,
            block=_plain(self._block(first.entry)),
            tx=first.entry.tx,
        )

    def _covering(self, contract: ContractRegistration, receipt: Receipt) -> Iterator[Anchored]:
        """Events of a contract that cover the leaf, in their order."""
        address, log, index = contract.account, receipt.log, receipt.index
        known = self._keep(("ours", address), lambda: _is_ours(self._head.code(address)))
        if known:
            read = partial(LogAnchor(address, self._head.call).latest, log)
            latest = self._keep(("latest", address, log), read)
            if latest.size <= index:
                return
        block, head = receipt.anchor.block, self._head.block.number
        if known and block <= head:  # where the receipt says that it is
            near = self._keep(
                ("near", address, log, block),
                lambda: tuple(self._anchored(address, log, first=block, last=block)),
            )
            if told := list(_covers(near, index)):
                yield from told
                return
        yield from _covers(self._anchored(address, log, first=self._network.deploy_block), index)

    def _anchored(
        self, address: Address, log: LogId, *, first: int, last: int | None = None
    ) -> Iterator[Anchored]:
        """Anchors of a log from block `first` to `last` (the head if None), in their order."""
        for entry in self._head.logs(address, [topic(Anchored), log], first=first, last=last):
            event = decode_event("LogAnchor", entry)
            if isinstance(event, Anchored):
                yield event

    def _events(
        self, kind: type[E], topics: Sequence[bytes], *, first: int | None = None
    ) -> list[E]:
        """Events of Consortium with these topics, from block `first`, None: its deployment."""
        start = self._network.deploy_block if first is None else first
        if start > self._head.block.number:
            return []
        entries = self._head.logs(self._network.consortium, topics, first=start)
        events = [decode_event("Consortium", entry) for entry in entries]
        return [event for event in events if isinstance(event, kind)]

    def _time(self, event: ChainEvent) -> int:
        return self._block(event.entry).time

    def _block(self, entry: LogEntry) -> ChainBlock:
        block = self._head.block_at(entry.block)
        if block.hash != entry.block_hash:
            raise BlockGone("events", entry.block_hash)
        return block


def _holder(consortium: Consortium, code: str) -> _Holder:
    return _Holder(consortium.member(code), consortium.keys(code))


def _against(here: _Holder, there: _Holder) -> list[str]:
    """What is worse there than here."""
    found: list[str] = []
    known = {key.key_id: key for key in here.keys}
    for key in there.keys:
        before = known.get(key.key_id)
        if before is None:
            continue
        if key.not_after < before.not_after:
            found.append(f"key {key.key_id.hex()} has ended")
        since, was = key.compromised_since, before.compromised_since
        if since and (not was or since < was):
            found.append(f"key {key.key_id.hex()} is held to be stolen")
    return found


def _covers(events: Iterable[Anchored], index: int) -> Iterator[Anchored]:
    return (event for event in events if event.prev_size <= index < event.size)


def _is_ours(code: bytes) -> bool:
    """Whether this is the LogAnchor that we ship, whatever its immutables hold."""
    shipped = contract_abi.load("LogAnchor").runtime
    blank = bytearray(code)
    if len(code) != len(shipped):
        return False
    for hole in _IMMUTABLE.finditer(shipped):
        blank[hole.start() + 1 : hole.end()] = bytes(hole.end() - hole.start() - 1)
    return bytes(blank) == shipped


def _plain(block: ChainBlock) -> Block:
    return Block(number=block.number, hash=block.hash, time=block.time)
