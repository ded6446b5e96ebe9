"""Following the chain: what happened since the block that was reached, judged as a replay does.

The consortium's own events are few; they are folded whole when a process begins, so that keys,
members and votes are at hand. Of anchors and acts, which are many, only the new ones are read. That
none of old is missing is the work of a replay.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from ledger.audit.anchors import check_signatures, judge_anchors
from ledger.audit.case_reader import done_of
from ledger.audit.case_signatures import check_case_signatures
from ledger.audit.cases import Acknowledging, Cases
from ledger.audit.consortium import FIRST_WINDOW, Codes, next_width, tenures
from ledger.audit.findings import Findings
from ledger.audit.governance import check_votes, judge_contracts, judge_endpoints, judge_keys
from ledger.audit.judge_cases import MAX_BEHIND, judge_acts, province_since
from ledger.audit.monitor.items import Condition, Item, about, facts_of
from ledger.audit.monitor.news import news_of
from ledger.audit.puts import carry_out_put, tell_put, votes_of
from ledger.audit.state import Anchor, Log, State, fold, within
from ledger.audit.times import BlockTimes
from ledger.chain.contracts.bindings import (
    CASE_REGISTRY,
    CATALOGUE,
    LOG_ANCHOR,
    CaseRegistry,
    Consortium,
    LogAnchor,
)
from ledger.chain.contracts.contract_abi import Name
from ledger.chain.contracts.events import (
    Acknowledged,
    Acted,
    Anchored,
    ChainEvent,
    ContractRegistered,
    ItemPut,
    decode_events,
)
from ledger.chain.contracts.structs import ACTIVE, code_word
from ledger.chain.covered import anchor_at
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.blocks import Block
from ledger.chain.nodes.quorum import View
from ledger.core.canonical import hex32
from ledger.core.errors import CouldNotCheck
from ledger.core.ids import Address, Digest, LogId
from ledger.core.keys import Role
from ledger.core.status import RecordedAct

__all__ = [
    "MOST_ACTS",
    "MOST_NEWS",
    "WENT_BACK",
    "Acts",
    "Anchors",
    "Follower",
    "Place",
    "RootOf",
    "Step",
]

WENT_BACK = "head-went-back"
"""Code where the chain is not as long any more as it was followed."""
RootOf = Callable[[LogId, int], Digest | None]
"""The anchored root of a log at a size; None: there is no such anchor."""
MOST_NEWS = 20
"""Of one sort and one member in one step. Whoever sends without fees can make any number; what is
beyond is counted, and told in one."""
MOST_ACTS = 10_000
"""Acts whose times are kept. Of one beyond, a province is late a day after it comes to it."""
_ROLES: tuple[Name, ...] = ("LogAnchor", "Catalogue", "CaseRegistry", "Revocations", "Products")


@dataclass(frozen=True, slots=True)
class Place:
    """How far the chain was followed."""

    block: int
    hash: str


@dataclass(frozen=True, slots=True)
class Anchors:
    """The last anchor of a log; size 0: it has none. time: Unix seconds of its block."""

    size: int
    root: str
    time: int


@dataclass(slots=True)
class Acts:
    """Acts that some province has not acknowledged. latest: the number of the last one; times: when
    the first of these were recorded, by number; acknowledged: the last number of each member."""

    latest: int = 0
    times: dict[int, int] = field(default_factory=dict)
    acknowledged: dict[str, int] = field(default_factory=dict)

    def forget(self, provinces: list[str]) -> None:
        """Drop what every province has acknowledged, and what is far from its turn."""
        low = min((self.acknowledged.get(code, 0) for code in provinces), default=self.latest)
        left = sorted(one for one in self.times.items() if one[0] > low)
        self.times = dict(left[:MOST_ACTS])


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What some blocks brought. place: their end."""

    place: Place
    items: list[Item]
    events: Counter[str]


class _News:
    """News of one step."""

    def __init__(self) -> None:
        self._items: list[Item] = []
        self._counts: Counter[tuple[str, str]] = Counter()

    def take(self, event: ChainEvent) -> None:
        """What happened."""
        told = news_of(event)
        if told is None:
            return
        sort = (told.code, told.member)
        self._counts[sort] += 1
        # What is no note is a finding, and never left out.
        if self._counts[sort] <= MOST_NEWS or told.kind != "news":
            self._items.append(told)

    def items(self, first: int, last: int) -> Iterator[Item]:
        """All that is to be told of these blocks, what is wrong before the rest."""
        yield from sorted(self._items, key=lambda one: one.kind == "news")
        for (code, member), count in sorted(self._counts.items()):
            if count > MOST_NEWS and about(code).severity == "note":
                yield Item(
                    code="news-left-out",
                    member=member,
                    where=f"block/{first}-{last}/{code}",
                    evidence={"code": code, "count": count - MOST_NEWS},
                )


class Follower:
    """Follows one network. state: as of the place that was reached."""

    def __init__(self, network: NetworkFile) -> None:
        self.state = State()
        self.anchored: dict[LogId, Anchors] = {}
        self.acts = Acts()
        self._network = network
        self._folded: Place | None = None

    def begin(self, view: View, last: Block, place: Place | None) -> list[Item]:
        """Fold the past up to `place`, or where nothing was followed yet up to `last`; what is
        wrong with it by now, nothing where it is folded already. Raises CouldNotCheck."""
        if self._folded is not None and self._folded == place:
            return []
        end = last.number if place is None else place.block
        state = State()
        for event in self._events(view, "Consortium", self._network.consortium, end=end):
            fold(state, event)
        self.state = state
        if place is None:
            self._read_now(view, last)
        self._folded = place or Place(end, last.hash)
        findings = Findings()
        judge_contracts(self.state, self._network, Codes(view), findings)
        judge_keys(self.state, findings)
        return facts_of(findings)

    def reset(self) -> None:
        """Fold anew: half of a step was done, or the chain is another one."""
        self._folded = None

    def rewritten(self, view: View, place: Place) -> Item | None:
        """What says that the chain is not the one that was followed to a place; None: it is. Raises
        CouldNotCheck, also where it does not reach that place: nodes that were ahead may be away,
        and nothing is forgotten because others are slow."""
        if place.block > view.block.number:
            problem = f"block {place.block} was final, the head is {view.block.number}"
            raise CouldNotCheck(WENT_BACK, problem)
        now = str(view.block_at(place.block).hash)
        if now == place.hash:
            return None
        where, evidence = f"block/{place.block}", {"was": place.hash, "now": now}
        return Item(code="block-differs", member="", where=where, evidence=evidence)

    def differing(self, view: View, before: Mapping[LogId, Anchors]) -> Iterator[Item]:
        """Logs whose anchors of another chain are gone on this one, or are others. Raises
        CouldNotCheck."""
        for log_id, anchor in before.items():
            root = self.roots(view)(log_id, anchor.size)
            now = "" if root is None else hex32(root)
            if now == anchor.root:
                continue
            log = self.state.logs.get(log_id)
            yield Item(
                code="log-differs" if now else "log-shrank",
                member="" if log is None else log.member,
                where=f"log/{log_id.hex()}/anchor/{anchor.size}",
                evidence={"was": anchor.root, "now": now},
            )

    def roots(self, view: View) -> RootOf:
        """Read anchored roots, of contracts that are what ships: others may say anything."""
        codes = Codes(view)
        held = [
            address
            for address, _ in tenures(self.state, LOG_ANCHOR)
            if codes.ours(LOG_ANCHOR, address)
        ]

        def root_of(log: LogId, size: int) -> Digest | None:
            for address in reversed(held):
                if (root := LogAnchor(address, view.call).root_at(log, size)) is not None:
                    return root
            return None

        return root_of

    def steps(self, view: View, last: Block) -> Iterator[Step]:
        """What came since, window by window: what is found in one is written down before the next
        is read. Raises CouldNotCheck."""
        assert self._folded is not None  # noqa: S101 - after `begin`
        first, width = self._folded.block + 1, FIRST_WINDOW
        while first <= last.number:
            end = min(last.number, first + width - 1)
            block = last if end == last.number else view.block_at(end)
            step = self._step(view, first, block)
            yield step
            first, width = end + 1, next_width(width, step.events.total())

    def behind(self, last: Block, times: BlockTimes) -> list[Condition]:
        """Provinces that are late with acknowledgements, and endpoints that are none."""
        findings = Findings()
        judge_endpoints(self.state, findings)
        found = [
            Condition(code=one.code, member=one.member, where=one.where, evidence=one.evidence)
            for one in facts_of(findings)
        ]
        for code in self.provinces():
            member, known = self.state.members[code], self.acts.acknowledged.get(code, 0)
            if known >= self.acts.latest:
                continue
            recorded = self.acts.times.setdefault(known + 1, last.time)
            since = max(recorded, province_since(member, times))
            if last.time - since > MAX_BEHIND:
                found.append(
                    Condition(
                        code="ack-late",
                        member=code,
                        where=f"member/{code}/acknowledged",
                        evidence={"behind": self.acts.latest - known, "since": since},
                        patience=0,
                    )
                )
        return found

    def provinces(self) -> list[str]:
        """Codes of the ACTIVE ones."""
        return [
            code
            for code, member in sorted(self.state.members.items())
            if member.status == ACTIVE and member.roles & Role.PROVINCE
        ]

    # ---- the beginning

    def _read_now(self, view: View, last: Block) -> None:
        """Where anchors and acts stand, so that new ones are known to be new."""
        consortium = Consortium(self._network.consortium, view.call, view.calls)
        contracts = consortium.contract_history(LOG_ANCHOR)
        deployed = self._network.deploy_block
        for log_id in self.state.logs:
            event = anchor_at(view, contracts, log_id, last.number, deployed=deployed)
            if event is not None:
                time = view.block_at(event.entry.block).time
                self.anchored[log_id] = Anchors(event.size, hex32(event.root), time)
        held = list(tenures(self.state, CASE_REGISTRY))
        if held:
            registry = CaseRegistry(held[-1][0], view.call, view.calls)
            self.acts = Acts(latest=registry.latest().count)
            for code in self.provinces():
                count = registry.acknowledged(code).count
                self.acts.acknowledged[code] = count
                if count < self.acts.latest:  # since when is not asked: from now on at the latest
                    self.acts.times[count + 1] = last.time

    # ---- a step

    def _step(self, view: View, first: int, end: Block) -> Step:
        findings, times, news = Findings(), BlockTimes(view), _News()
        events: Counter[str] = Counter()

        def take(event: ChainEvent) -> None:
            events[type(event).__name__] += 1
            news.take(event)

        executed = {one for one, held in self.state.proposals.items() if held.executed}
        registered, puts = False, list[ItemPut]()
        for event in self._events(
            view, "Consortium", self._network.consortium, first=first, end=end.number
        ):
            fold(self.state, event)
            take(event)
            registered |= isinstance(event, ContractRegistered)
        cases, anchors = Cases(), dict[LogId, list[Anchor]]()
        for event in self._of_roles(view, first, end.number):
            take(event)
            self._take(event, anchors, cases, times, findings)
            if isinstance(event, ItemPut):
                puts.append(event)
        self._puts(view, puts, findings)
        self._judge_anchors(view, anchors, times, findings)
        judge_acts(self.state, cases, findings)
        check_case_signatures(view, self._network.chain_id, cases, findings)
        if registered:
            judge_contracts(self.state, self._network, Codes(view), findings)
        judge_keys(self.state, findings)
        new = {one: held for one, held in self.state.proposals.items() if one not in executed}
        check_votes(view, self._network, State(proposals=new), findings)
        self.acts.forget(self.provinces())
        self._folded = Place(end.number, end.hash)
        found = [*facts_of(findings), *news.items(first, end.number)]
        return Step(place=self._folded, items=found, events=events)

    def _events(
        self, view: View, contract: Name, address: Address, *, end: int, first: int | None = None
    ) -> Iterator[ChainEvent]:
        low, width = self._network.deploy_block if first is None else first, FIRST_WINDOW
        while low <= end:
            high = min(end, low + width - 1)
            entries = view.logs(address, first=low, last=high)
            yield from decode_events(contract, entries)
            low, width = high + 1, next_width(width, len(entries))

    def _of_roles(self, view: View, first: int, end: int) -> Iterator[ChainEvent]:
        """Events of the contracts of roles, each in its tenure."""
        for role in _ROLES:
            for address, span in tenures(self.state, role):
                for event in self._events(view, role, address, first=first, end=end):
                    if within(span, event.entry.place):
                        yield event

    def _take(
        self,
        event: ChainEvent,
        anchors: dict[LogId, list[Anchor]],
        cases: Cases,
        times: BlockTimes,
        findings: Findings,
    ) -> None:
        if isinstance(event, Anchored):
            self._anchor(event, anchors, findings)
        elif isinstance(event, Acted):
            time = times.at(event.entry.block)
            acted = RecordedAct(
                act=event.act,
                member=code_word(event.member),
                signed_by=event.signed_by,
                recorded_at=time,
                block=event.entry.block,
            )
            cases.acts.add(done_of(event, acted))
            self.acts.latest = max(self.acts.latest, event.count)
            self.acts.times[event.count] = time
        elif isinstance(event, Acknowledged):
            known = self.acts.acknowledged.get(event.member, 0)
            self.acts.acknowledged[event.member] = max(known, event.count)
            cases.acknowledgements.append(
                Acknowledging(
                    place=event.entry.place,
                    member=event.member,
                    count=event.count,
                    head=event.head,
                    key_id=event.signed_by,
                    time=times.at(event.entry.block),
                    tx=event.entry.tx,
                    contract=event.entry.address,
                )
            )

    def _puts(self, view: View, puts: list[ItemPut], findings: Findings) -> None:
        """The votes behind national items."""
        codes = Codes(view)
        for events in votes_of(puts):
            ours = bool(codes.ours(CATALOGUE, events[0].entry.address))
            why = carry_out_put(self.state, events, ours=ours)
            if why is not None:
                tell_put(findings, "item-without-vote", events[0], why)

    def _anchor(
        self, event: Anchored, anchors: dict[LogId, list[Anchor]], findings: Findings
    ) -> None:
        if event.log_id not in self.state.logs:
            where = f"log/{event.log_id.hex()}/anchor/{event.size}"
            findings.add("anchor-unknown-log", member="", where=where, tx=event.entry.tx)
            return
        anchors.setdefault(event.log_id, []).append(
            Anchor(
                place=event.entry.place,
                prev_size=event.prev_size,
                size=event.size,
                root=event.root,
                key_id=event.key_id,
                tx=event.entry.tx,
                contract=event.entry.address,
            )
        )

    def _judge_anchors(
        self,
        view: View,
        anchors: dict[LogId, list[Anchor]],
        times: BlockTimes,
        findings: Findings,
    ) -> None:
        for log_id, new in anchors.items():
            log: Log = replace(self.state.logs[log_id], anchors=new)
            known = self.anchored.get(log_id)
            judge_anchors(self.state, log, times, findings, 0 if known is None else known.size)
            check_signatures(view, self._network.chain_id, log, findings)
            last = new[-1]
            time = times.at(last.place[0])
            self.anchored[log_id] = Anchors(last.size, hex32(last.root), time)
