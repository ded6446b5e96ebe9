"""What the chain says of one receipt: the facts by which `ledger.core.verdict.verdict` judges.

Everything is read at one head that a quorum confirms. What single nodes show beyond it is looked
at for adverse facts only (`acts`): these name no verdict, but until a quorum has seen that height
nothing better is said either. Where such nodes cannot be read they say nothing.

The anchor is the FIRST that covers the leaf, so that a later one with a clean key cannot launder
what a stolen key wrote. The code of `LogAnchor` that we ship never covers a leaf twice: for it, one
event that covers the leaf is the first. Of any other code every event of the log is read.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from ledger.chain.acts import Histories
from ledger.chain.catalogue import FOREVER, Put, counting
from ledger.chain.contracts.bindings import (
    CASE_REGISTRY,
    CATALOGUE,
    LOG_ANCHOR,
    Catalogue,
    Consortium,
    LogAnchor,
)
from ledger.chain.contracts.events import (
    Anchored,
    decode_event,
    topic,
)
from ledger.chain.contracts.structs import (
    ACTIVE,
    CLOSED,
    NATIONAL,
    RECORD_TYPE,
    RULES,
    ContractRegistration,
)
from ledger.chain.covered import AtBlock, is_ours, size_at
from ledger.chain.errors import BadHead
from ledger.chain.holders import Holders, Kept, against, read_holder
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.blocks import Block as ChainBlock
from ledger.chain.nodes.quorum import QuorumReader, View
from ledger.chain.nodes.runs import Run
from ledger.chain.revocations import revoked_at
from ledger.chain.statuses import Act, Statuses
from ledger.core.errors import CouldNotCheck
from ledger.core.ids import Address, Digest, KeyId, LogId, RecordId
from ledger.core.keys import Role
from ledger.core.receipt import Receipt
from ledger.core.status import RecordedAct
from ledger.core.verdict.facts import (
    PUBLICITY,
    AnchorFact,
    Block,
    CatalogueFacts,
    ChainFacts,
    ItemFact,
    KeyFact,
    LogFact,
    OwnerFact,
    PromiseFacts,
    StatusFacts,
)
from ledger.core.verdict.judging import CLOCK_SKEW

ALONE = 8.0
"""Times as long as its last failure took for which a single node beyond the head is left alone."""
QUICK_SECONDS = 1.0
"""A failure that took no longer costs little to be met again."""


class _Facts(NamedTuple):
    """A log and its owner, as a verdict is judged by; None where there is no such log."""

    log: LogFact | None
    owner: OwnerFact | None
    keys: dict[KeyId, KeyFact]


class MemberFacts(NamedTuple):
    """What a member is and was, and every key that it ever had."""

    owner: OwnerFact
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
        histories: Histories | None = None,
    ) -> None:
        """others: what single nodes show beyond the head. final: None where no block is yet.
        histories: acts that were read at other heads."""
        self._network = network
        self._head = head
        self._others = tuple(others)
        self._final = final
        self._keep = Kept()
        self._holders = Holders(network, head, final)
        self._histories = histories or Histories()
        self._statuses = Statuses(head, self.final, self._holders, self._histories)
        self._silent: dict[tuple[tuple[str, ...], ChainBlock], float] = {}

    @classmethod
    def take(
        cls, reader: QuorumReader, run: Run | None = None, histories: Histories | None = None
    ) -> Snapshot:
        """Read the head, in a run of its own if `run` is None. Raises CouldNotCheck."""
        head, others = reader.heads(run)
        final = reader.final_block(head)
        return cls(reader.network, head=head, others=others, final=final, histories=histories)

    def again(self, reader: QuorumReader) -> Snapshot:
        """The chain now, in the same run; with all that is kept where the head is the same. Raises
        CouldNotCheck."""
        head, others = reader.heads(self.run)
        if head.block != self._head.block:
            final, histories = reader.final_block(head), self._histories
            return Snapshot(
                reader.network, head=head, others=others, final=final, histories=histories
            )
        self._others = others
        return self

    def extend(self, seconds: float | None) -> None:
        """From now on the nodes have so many seconds, single ones beyond the head too; None: there
        is no bound."""
        for view in (self._head, *self._others):
            view.run.extend(seconds)

    @property
    def run(self) -> Run:
        """What is known of the nodes."""
        return self._head.run

    @property
    def number(self) -> int:
        """Of the block that is the head."""
        return self._head.block.number

    @property
    def final(self) -> int:
        """Of the newest block that is final by it; -1: none is yet."""
        return -1 if self._final is None else self._final.number

    def prepare(self, receipts: Iterable[Receipt]) -> None:
        """Read together what is asked of each: how the records stand. Raises CouldNotCheck."""
        views = (self._head, *(view for view in self._others if view.sources))
        self._statuses.prepare(receipts, views)

    def facts(self, receipt: Receipt, end: int | None = None, *, status: bool = True) -> ChainFacts:
        """All that the chain says about this receipt; end: what was recorded from then on is told
        apart. status: whether acts have a part in it. Raises CouldNotCheck."""
        issuer = self._keep(("facts", receipt.log), lambda: self._issuer_facts(receipt.log))
        contracts = self._keep("contracts", self._contracts)
        witnesses = {line.member for line in receipt.checkpoint.witnesses}
        return ChainFacts(
            head=_plain(self._head.block),
            final=self.final,
            log=issuer.log,
            owner=issuer.owner,
            keys=dict(issuer.keys),
            witnesses=self._holders.witnesses(sorted(witnesses)),
            catalogue=self._catalogue(receipt, issuer.owner),
            root=self._root(contracts, receipt),
            anchor=self._first_anchor(contracts, receipt),
            status=self._statuses.of(receipt, end) if status else StatusFacts(),
        )

    def promise_facts(self, log: LogId) -> PromiseFacts:
        """All that the chain says about a promise for this log. Raises CouldNotCheck."""
        issuer = self._keep(("facts", log), lambda: self._issuer_facts(log))
        contracts = self._keep("contracts", self._contracts)
        return PromiseFacts(
            head=_plain(self._head.block),
            log=issuer.log,
            keys=dict(issuer.keys),
            log_anchors=tuple(dict.fromkeys(contract.account for contract in contracts)),
        )

    def demand_readable(self, now: int) -> None:
        """Raise CouldNotCheck where the head is too old or too new by this clock, in Unix seconds,
        or no log can be anchored at all: what it says may have changed, or is of no network."""
        time = self._head.block.time
        if now - time > self._network.max_head_age:
            raise BadHead("head-too-old", head_time=time, now=now)
        if time - now > CLOCK_SKEW:
            raise BadHead("head-in-future", head_time=time, now=now)
        self._keep("contracts", self._contracts)

    def member(self, code: str) -> MemberFacts:
        """A member and its keys; without roles and keys where nobody registered it. Raises
        CouldNotCheck."""
        return MemberFacts(self._holders.owner(code), self._holders.keys(code))

    def provinces_at(self, time: int) -> list[str]:
        """Codes of the members that are ACTIVE provinces, and were provinces at that Unix second.
        Raises CouldNotCheck."""
        consortium = self._holders.consortium
        codes = sorted(self._keep("provinces", consortium.provinces))
        holders = {code: self._holders.holder(code).member for code in codes}
        return [
            code
            for code, member in holders.items()
            if member is not None and member.status == ACTIVE
            if self._holders.owner(code).roles_at(time) & Role.PROVINCE
        ]

    def at_block(self, member: str, number: int) -> AtBlock:
        """What of the logs of a member was anchored at a block of this chain. Raises CouldNotCheck,
        also where there is no such block yet."""
        if number > self._head.block.number:
            raise CouldNotCheck("block-unknown", f"block {number} is above the head")
        contracts = self._keep("contracts", self._contracts)
        deployed = self._network.deploy_block
        logs = self._keep(("logs", member), lambda: self._holders.consortium.log_ids(member))
        sizes = {
            log: self._keep(
                ("size", log, number),
                partial(size_at, self._head, contracts, log, number, deployed=deployed),
            )
            for log in logs
        }
        final = number <= self.final
        return AtBlock(block=_plain(self._head.block_at(number)), final=final, sizes=sizes)

    def visibility_of(self, type_: str, region: str) -> int:
        """The strictest that any version of a type of records ever had in a region; 0 where it is
        in no catalogue. Raises CouldNotCheck."""
        puts: tuple[Put, ...] = self._keep(
            ("puts", type_, RECORD_TYPE, region),
            partial(self._puts, type_, RECORD_TYPE, region),
        )
        return max((put.item.visibility for put in puts), default=0)

    def revoked_at(self, custodian: str, commitment: bytes) -> int | None:
        """Since when an authorisation of a member is taken back; None: it is not. Raises
        CouldNotCheck."""
        [since] = revoked_at(self._head, self._network.consortium, custodian, [commitment])
        return since

    def acts_on(self, record: RecordId) -> Sequence[RecordedAct]:
        """All acts on a record, in their order. Raises CouldNotCheck."""
        return self._statuses.history(record)

    def acts(self, receipt: Receipt, *, status: bool = True) -> tuple[Act, ...]:
        """What single nodes show beyond the head against a record of this log, or what is in its
        log alone."""
        found = self.acts_of(receipt.log, [line.member for line in receipt.checkpoint.witnesses])
        beyond: list[Act] = []
        for view in self._others if status else ():
            with self._patiently(view) as asked:
                beyond += self._statuses.beyond(view, receipt) if asked else ()
        return (*beyond, *found)

    def acts_of(self, log: LogId, witnesses: Sequence[str] = ()) -> tuple[Act, ...]:
        """The same against what is in a log, or promised for it."""
        found: list[Act] = []
        for view in self._others:
            read = partial(self._acts_of, view, log, tuple(witnesses))
            with self._patiently(view) as asked:
                name = ("acts", view.sources, view.block, log, tuple(witnesses))
                found += self._keep(name, read) if asked else ()
        return tuple(found)

    @contextlib.contextmanager
    def _patiently(self, view: View) -> Iterator[bool]:
        """Read of a single node beyond the head, if it is its turn. One that fails says nothing,
        and may still do: it is asked again, but where that took long not before it has been left
        alone for some times as long."""
        name, began = (view.sources, view.block), time.monotonic()
        if not view.sources or began < self._silent.get(name, 0.0):  # left out meanwhile, or silent
            yield False
            return
        try:
            yield True
        except CouldNotCheck:
            took = time.monotonic() - began
            if took > QUICK_SECONDS:
                self._silent[name] = began + took + ALONE * took

    # ---- keys, log, status

    def _issuer_facts(self, log_id: LogId) -> _Facts:
        log = self._holders.log(log_id)
        if log is None:
            return _Facts(None, None, {})
        # What is read here and later, in one request.
        self._holders.consortium.fetch([log.member], (LOG_ANCHOR, CATALOGUE, CASE_REGISTRY))
        keys = self._holders.keys(log.member)
        return _Facts(self._holders.log_fact(log), self._holders.owner(log.member), keys)

    def _acts_of(self, view: View, log_id: LogId, witnesses: Sequence[str]) -> list[Act]:
        """Of one node, beside what the head has already."""
        here = self._holders.log(log_id)
        if here is None:
            return []
        ours = self._holders.consortium
        consortium = Consortium(self._network.consortium, view.call, view.calls)
        there, what = consortium.log(log_id), []
        if there is not None and there.status == CLOSED and here.status != CLOSED:
            what.append(f"log {log_id.hex()} is closed")
        consortium.fetch([here.member, *witnesses])
        for code in (here.member, *witnesses):
            what += against(self._holders.holder(code), read_holder(consortium, code))
        if consortium.contract_history(CASE_REGISTRY) != ours.contract_history(CASE_REGISTRY):
            what.append("another CaseRegistry is registered")
        return [Act(view.sources[0], view.block.number, one) for one in what]

    # ---- catalogue

    def _catalogue(self, receipt: Receipt, owner: OwnerFact | None) -> CatalogueFacts:
        """Versions of the record's type and of the rules of publicity, where that is asked."""
        if owner is None or receipt.entry.schema is None:
            return CatalogueFacts(types=(), rules=())
        name, region = receipt.entry.schema.partition("@")[0], owner.region
        found: CatalogueFacts = self._keep(
            ("catalogue", name, region),
            lambda: CatalogueFacts(
                types=self._items(name, RECORD_TYPE, region),
                rules=self._items(PUBLICITY, RULES, region),
            ),
        )
        return found

    def _items(self, name: str, kind: int, region: str) -> tuple[ItemFact, ...]:
        read = partial(self._puts, name, kind, region)
        puts: tuple[Put, ...] = self._keep(("puts", name, kind, region), read)
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

    def _puts(self, name: str, kind: int, region: str) -> tuple[Put, ...]:
        """Versions of an item, national and of a region, in all contracts that ever were the
        Catalogue. Other regions are not looked at: they may have put more than can be read."""
        series = [(name, one) for one in dict.fromkeys((NATIONAL, region))]
        contracts = self._holders.consortium.contract_history(CATALOGUE)
        ends = [*(contract.since for contract in contracts[1:]), FOREVER]
        view = self._head
        return tuple(
            Put(item=version.item, at=version.put_at, tenure=tenure, until=ends[tenure])
            for tenure, contract in enumerate(contracts)
            for version in Catalogue(contract.account, view.call, view.calls).series(series)
            if version.item.kind == kind and contract.since <= version.put_at <= ends[tenure]
        )

    # ---- roots and anchors

    def _contracts(self) -> tuple[ContractRegistration, ...]:
        contracts = self._holders.consortium.contract_history(LOG_ANCHOR)
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
                time = self._holders.time(event)
                if contract.since <= time and (end is None or time <= end):
                    found.append(event)
                    break
        if not found:
            return None
        first = min(found, key=lambda event: event.entry.place)
        entry = first.entry
        fact: AnchorFact = self._keep(
            ("anchor", entry.address, entry.place), lambda: self._anchor_fact(first)
        )
        return fact

    def _anchor_fact(self, event: Anchored) -> AnchorFact:
        return AnchorFact(
            prev_size=event.prev_size,
            size=event.size,
            root=event.root,
            key_id=event.key_id,
            block=_plain(self._holders.block(event.entry)),
            tx=event.entry.tx,
        )

    def _covering(self, contract: ContractRegistration, receipt: Receipt) -> Iterator[Anchored]:
        """Events of a contract that cover the leaf, in their order."""
        address, log, index = contract.account, receipt.log, receipt.index
        known = self._keep(("ours", address), partial(is_ours, self._head, address))
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


def _covers(events: Iterable[Anchored], index: int) -> Iterator[Anchored]:
    return (event for event in events if event.prev_size <= index < event.size)


def _plain(block: ChainBlock) -> Block:
    return Block(number=block.number, hash=block.hash, time=block.time)
