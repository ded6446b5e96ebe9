"""What the chain says of one receipt: the facts by which `ledger.core.verdict` judges.

Everything is read at one head that a quorum confirms. What single nodes show beyond it is looked
at for adverse facts only, and where they cannot be read they say nothing.

The anchor is the FIRST that covers the leaf, so that a later one with a clean key cannot launder
what a stolen key wrote. The code of `LogAnchor` that we ship never covers a leaf twice: for it, one
event that covers the leaf is the first. Of any other code every event of the log is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar, cast

from ledger.chain import contract_abi
from ledger.chain.bindings import CASE_REGISTRY, LOG_ANCHOR, Consortium, LogAnchor
from ledger.chain.blocks import Block as ChainBlock
from ledger.chain.blocks import LogEntry
from ledger.chain.errors import BlockGone
from ledger.chain.events import (
    Anchored,
    ChainEvent,
    KeyAdded,
    KeyCompromised,
    LogClosed,
    decode_event,
    topic,
)
from ledger.chain.network import NetworkFile
from ledger.chain.quorum import QuorumReader, View, keep
from ledger.chain.structs import CLOSED, ContractRegistration, Key, Log
from ledger.core.errors import CouldNotCheck
from ledger.core.facts import (
    AnchorFact,
    Block,
    ChainFacts,
    Compromise,
    KeyFact,
    LogFact,
    StatusFacts,
    Unread,
)
from ledger.core.ids import Address, Digest, KeyId, LogId, bytes32_ascii
from ledger.core.receipt import Receipt

T = TypeVar("T")
E = TypeVar("E", bound=ChainEvent)

# Where solc leaves room for an immutable: PUSH32 of zeros.
_IMMUTABLE = re.compile(rb"\x7f\x00{32}")


class _Issuer(NamedTuple):
    """Owner and state of a log, None where there is no such log; and the keys of the owner."""

    log: LogFact | None
    keys: dict[KeyId, KeyFact]


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
        self._consortium = Consortium(network.consortium, head.call)
        self._kept: dict[Hashable, Any] = {}
        self._silences = 0  # how often a single node could not be read

    @classmethod
    def take(cls, reader: QuorumReader) -> Snapshot:
        """Reads the head. Raises CouldNotCheck."""
        head, others = reader.heads()
        return cls(reader.network, head=head, others=others, final=reader.final_block(head))

    def facts(self, receipt: Receipt) -> ChainFacts:
        """All that the chain says about this receipt. Raises CouldNotCheck."""
        issuer = self._keep(("issuer", receipt.log), lambda: self._issuer(receipt.log))
        contracts = self._keep("contracts", self._contracts)
        return ChainFacts(
            head=_plain(self._head.block),
            final=-1 if self._final is None else self._final.number,
            log=issuer.log,
            keys=dict(issuer.keys),
            root=self._root(contracts, receipt),
            anchor=self._first_anchor(contracts, receipt),
            status=self._keep("status", self._status),
        )

    def _keep(self, name: Hashable, read: Callable[[], T]) -> T:
        """What `read` gives, and gave before under this name, which says all that it depends on.

        An answer for which a single node kept silent is not kept: it may still say something.
        """
        if name in self._kept:
            return cast(T, self._kept[name])
        silences, value = self._silences, read()
        return keep(self._kept, name, value) if self._silences == silences else value

    # ---- keys, log, status

    def _issuer(self, log_id: bytes) -> _Issuer:
        log = self._consortium.log(log_id)
        if log is None:
            return _Issuer(None, {})
        keys = {key.key_id: self._key(key) for key in self._consortium.keys(log.member)}
        return _Issuer(self._log(log), keys)

    def _key(self, key: Key) -> KeyFact:
        found = self._compromises(key)
        not_after = key.not_after
        for view, other in self._elsewhere(lambda c: c.key(key.member, key.key_id)):
            not_after = min(not_after, other.not_after)
            if other.compromised_since:
                found.append(Compromise(other.compromised_since, view.block.time))
        return KeyFact(
            key_id=key.key_id,
            member=key.member,
            purpose=key.purpose,
            alg=key.alg,
            public_key=key.public_key,
            not_before=key.not_before,
            not_after=not_after,
            compromises=tuple(found),
            final=self._is_final(key),
        )

    def _is_final(self, key: Key) -> bool:
        """Whether its registration is. Several blocks may share a second: where the final one's
        second is that of the registration, the event tells the block."""
        final = self._final
        if final is None or key.added_at != final.time:
            return final is not None and key.added_at < final.time
        topics = [topic(KeyAdded), bytes32_ascii(key.member), key.key_id]
        added = self._events(KeyAdded, topics)
        return any(event.entry.block <= final.number for event in added)

    def _compromises(self, key: Key) -> list[Compromise]:
        """All that was said of a key, with the time at which it was."""
        if not key.compromised_since:
            return []
        topics = [topic(KeyCompromised), bytes32_ascii(key.member), key.key_id]
        found = [
            Compromise(event.since, self._time(event))
            for event in self._events(KeyCompromised, topics)
        ]
        if key.compromised_since not in [said.since for said in found]:
            found.append(Compromise(key.compromised_since, 0))  # counts on any day
        return found

    def _log(self, log: Log) -> LogFact:
        if log.status == CLOSED:
            times = [
                self._time(event)
                for event in self._events(LogClosed, [topic(LogClosed), log.log_id])
            ]
            return LogFact(
                member=log.member,
                trusted_size=log.trusted_size,
                closed_recorded=min(times, default=0),
            )
        for view, other in self._elsewhere(lambda consortium: consortium.log(log.log_id)):
            if other.status == CLOSED:
                return LogFact(
                    member=log.member,
                    trusted_size=other.trusted_size,
                    closed_recorded=view.block.time,
                )
        return LogFact(member=log.member)

    def _status(self) -> StatusFacts | Unread:
        """No registry, no acts. One that is registered cannot be read by this version."""
        seen = [self._consortium.contract_history(CASE_REGISTRY)]
        seen += [found for _, found in self._elsewhere(lambda c: c.contract_history(CASE_REGISTRY))]
        if any(seen):
            problem = "a CaseRegistry is registered, which this version does not read"
            return Unread(code="status-unreadable", problem=problem)
        return StatusFacts()

    def _elsewhere(self, read: Callable[[Consortium], T | None]) -> Iterator[tuple[View, T]]:
        """The same value as single nodes show it beyond the head."""
        for view in self._others:
            try:
                found = read(Consortium(self._network.consortium, view.call))
            except CouldNotCheck:
                self._silences += 1
                continue
            if found is not None:
                yield view, found

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

    def _events(self, kind: type[E], topics: Sequence[bytes]) -> list[E]:
        """Events of Consortium with these topics."""
        entries = self._head.logs(
            self._network.consortium, topics, first=self._network.deploy_block
        )
        events = [decode_event("Consortium", entry) for entry in entries]
        return [event for event in events if isinstance(event, kind)]

    def _time(self, event: ChainEvent) -> int:
        return self._block(event.entry).time

    def _block(self, entry: LogEntry) -> ChainBlock:
        block = self._head.block_at(entry.block)
        if block.hash != entry.block_hash:
            raise BlockGone("events", entry.block_hash)
        return block


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
