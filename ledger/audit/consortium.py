"""The consortium, rebuilt from its events alone, and held against what the chain's state says."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ledger.audit.case_complete import case_gaps
from ledger.audit.case_reader import CaseReader
from ledger.audit.cases import Cases
from ledger.audit.complete import Gap, anchor_gaps, catalogue_gaps, gaps
from ledger.audit.findings import Findings
from ledger.audit.incomplete_codes import EVENTS_MISSING, STATUS_DIFFERS
from ledger.audit.judge_written import WrittenReader
from ledger.audit.puts import PutReader
from ledger.audit.state import Anchor, Span, State, fold, missing, within
from ledger.audit.times import BlockTimes
from ledger.audit.written import Event, Written
from ledger.audit.written_complete import product_gaps, revocation_gaps
from ledger.chain.contracts.bindings import (
    CASE_REGISTRY,
    CATALOGUE,
    LOG_ANCHOR,
    PRODUCTS,
    REVOCATIONS,
)
from ledger.chain.contracts.contract_abi import NAMES, Name, load
from ledger.chain.contracts.events import (
    Acknowledged,
    Acted,
    Anchored,
    ChainEvent,
    ItemPut,
    decode_events,
    topic,
)
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.blocks import LogEntry
from ledger.chain.nodes.quorum import View
from ledger.core.errors import CouldNotCheck
from ledger.core.ids import Address, Digest, LogId

# Blocks whose events are held at once: as many as hold so many events, 4 KB each with what they
# are read of. Anchors are kept in a smaller shape, half a kilobyte each.
WINDOW, FIRST_WINDOW = 20_000, 64
_EVENTS = 1_000


@dataclass(slots=True)
class Codes:
    """Code of contracts, compared with what ships. Ours is only what is so byte for byte, whatever
    its immutables hold; a contract of a role that we do not know is None."""

    view: View
    _known: dict[Address, bytes] = field(default_factory=dict)

    def at(self, address: Address) -> bytes:
        """The code at the head."""
        if address not in self._known:
            self._known[address] = self.view.code(address)
        return self._known[address]

    def ours(self, role: str, address: Address) -> bool | None:
        """Whether the code at an address is that of the contract that we ship for a role."""
        name = next((name for name in NAMES if name == role), None)
        return None if name is None else load(name).is_deployed_as(self.at(address))


class ChainReader:
    """Reads all events up to the head; `state` and `cases` are those at the end of block `last`."""

    def __init__(
        self, view: View, network: NetworkFile, last: int, codes: Codes, findings: Findings
    ) -> None:
        self.state = State()
        self.cases = Cases()
        self.written = Written()
        self._view = view
        self._network = network
        self._last = last
        self._codes = codes
        self._findings = findings
        self._now = State()  # at the head
        self._cases_now = Cases()
        self._written_now = Written()
        self._sizes: dict[LogId, tuple[int, Digest]] = {}

    def run(self) -> None:
        """Fill `state`; what the head's state has otherwise goes to the findings as unchecked.
        Raises CouldNotCheck."""
        if not self._codes.at(self._network.consortium):
            problem = f"{self._network.consortium}: no Consortium there"
            raise CouldNotCheck("no-code", problem)
        for gap in self._gaps():
            self._findings.unchecked(EVENTS_MISSING, gap.where, state=gap.state, events=gap.events)

    def _gaps(self) -> list[Gap]:
        try:
            self._read()
        except CouldNotCheck as error:
            if error.code != EVENTS_MISSING:
                raise
            return [Gap("events", error.message, "")]
        found = list(gaps(self._view, self._network.consortium, self._now))
        return [*found, *self._gaps_of_roles(), *self._gaps_of_cases(), *self._gaps_of_written()]

    def _gaps_of_roles(self) -> list[Gap]:
        """Of catalogues and anchors. Each `Catalogue` answers for itself, the newest `LogAnchor`
        for those before it."""
        found: list[Gap] = []
        for address, _ in tenures(self._now, CATALOGUE):
            ours = bool(self._codes.ours(CATALOGUE, address))
            some = catalogue_gaps(self._view, address, self._now, ours=ours)
            found += self._held(some, ours=ours)
        held = [address for address, _ in tenures(self._now, LOG_ANCHOR)]
        ours = all(self._codes.ours(LOG_ANCHOR, address) for address in held)
        for address in held[-1:]:
            some = anchor_gaps(self._view, address, self._now, self._sizes, ours=ours)
            found += self._held(some, ours=ours)
        return found

    def _held(self, found: Iterable[Gap], *, ours: bool) -> list[Gap]:
        """Gaps of a contract. Where its code is not ours nobody knows whether a node or the
        contract is wrong: they are told, and the rest of the report is worth what it was."""
        if ours:
            return list(found)
        for gap in found:
            self._findings.unchecked(STATUS_DIFFERS, gap.where, state=gap.state, events=gap.events)
        return []

    def _gaps_of_cases(self) -> list[Gap]:
        """Of the newest registry."""
        held = list(tenures(self._now, CASE_REGISTRY))
        if not held:
            return []
        ours = all(self._codes.ours(CASE_REGISTRY, address) for address, _ in held)
        members = self._now.members
        found = case_gaps(self._view, held[-1][0], self._cases_now, members, ours=ours)
        return self._held(found, ours=ours)

    def _gaps_of_written(self) -> list[Gap]:
        """The same of revocations and products."""
        found: list[Gap] = []
        for role, of in ((REVOCATIONS, revocation_gaps), (PRODUCTS, product_gaps)):
            held = [address for address, _ in tenures(self._now, role)]
            ours = all(self._codes.ours(role, address) for address in held)
            # The newest `Products` answers for those before it, each `Revocations` for itself.
            for address in held[-1:] if role == PRODUCTS else held:
                some = of(self._view, address, self._written_now, ours=ours)
                found += self._held(some, ours=ours)
        return found

    def _read(self) -> None:
        passed = False
        for event in self._events("Consortium", self._network.consortium):
            if not passed and event.entry.block > self._last:
                passed, self.state = True, copy.deepcopy(self._now)
            fold(self._now, event)
        if not passed:
            self.state = copy.deepcopy(self._now)
        puts = PutReader(self._now, self.state, self._last, self._findings)
        for address, span in tenures(self._now, CATALOGUE):
            ours = bool(self._codes.ours(CATALOGUE, address))
            for event in self._events("Catalogue", address, ItemPut):
                if isinstance(event, ItemPut) and within(span, event.entry.place):
                    puts.take(event, ours=ours)
            puts.end()
        for address, span in tenures(self._now, LOG_ANCHOR):
            ours = bool(self._codes.ours(LOG_ANCHOR, address))
            for event in self._events("LogAnchor", address, Anchored):
                if isinstance(event, Anchored):
                    self._take_anchor(event, span, ours=ours)
        self.state.items.sort(key=lambda item: item.place)
        times = BlockTimes(self._view)
        self._read_cases(times)
        self._read_written(times)

    def _read_written(self, times: BlockTimes) -> None:
        """Revocations and products of every contract in its tenure."""
        reader = WrittenReader(self.state, self._last, self._findings)
        roles: tuple[Name, ...] = ("Revocations", "Products")
        for role in roles:
            ours = True
            for address, span in tenures(self._now, role):
                ours = ours and bool(self._codes.ours(role, address))
                for events in self._windows(role, address, None):
                    times.fetch(event.entry.block for event in events)
                    for event in events:
                        if isinstance(event, Event):
                            time = times.at(event.entry.block)
                            in_turn = within(span, event.entry.place)
                            reader.take(event, time, in_turn=in_turn, ours=ours)
        self.written, self._written_now = reader.written, reader.now

    def _read_cases(self, times: BlockTimes) -> None:
        """Acts and acknowledgements of every registry in its tenure."""
        cases = CaseReader(self.state, self._now, self._last, times, self._findings)
        ours = True
        for address, span in tenures(self._now, CASE_REGISTRY):
            ours = ours and bool(self._codes.ours(CASE_REGISTRY, address))
            for events in self._windows("CaseRegistry", address, None):
                times.fetch(event.entry.block for event in events)
                for event in events:
                    if isinstance(event, Acted | Acknowledged):
                        cases.take(event, in_turn=within(span, event.entry.place), ours=ours)
            cases.end()
        self.cases, self._cases_now = cases.cases, cases.now

    def _take_anchor(self, event: Anchored, span: Span, *, ours: bool) -> None:
        """Into the log; or, of code that is not ours and may do anything, a finding."""
        log = self._now.logs.get(event.log_id)
        in_turn = within(span, event.entry.place)
        size, _ = self._sizes.get(event.log_id, (0, None))
        name = event.log_id.hex()
        if ours and log is None:
            raise missing(f"log {name} was never opened")
        if ours and not in_turn:
            raise missing(f"{event.entry.address} had no role at block {event.entry.block}")
        if ours and event.prev_size != size:
            raise missing(f"anchors of log {name} from {size} to {event.prev_size}")
        if log is not None and in_turn:
            self._sizes[event.log_id] = (event.size, event.root)
        if event.entry.block <= self._last:
            self._put_anchor(event, in_turn=in_turn)

    def _put_anchor(self, event: Anchored, *, in_turn: bool) -> None:
        log = self.state.logs.get(event.log_id)
        where = f"log/{event.log_id.hex()}/anchor/{event.size}"
        tx = event.entry.tx
        if log is None:
            self._findings.add("anchor-unknown-log", member="", where=where, tx=tx)
        elif not in_turn:
            self._findings.add(
                "anchor-out-of-turn", log=log.log_id, member=log.member, where=where, tx=tx
            )
        else:
            log.anchors.append(
                Anchor(
                    place=event.entry.place,
                    prev_size=event.prev_size,
                    size=event.size,
                    root=event.root,
                    key_id=event.key_id,
                    tx=tx,
                    contract=event.entry.address,
                )
            )

    def _events(
        self, contract: Name, address: Address, kind: type[ChainEvent] | None = None
    ) -> Iterator[ChainEvent]:
        """Events of a contract up to the head."""
        for events in self._windows(contract, address, kind):
            yield from events

    def _windows(
        self, contract: Name, address: Address, kind: type[ChainEvent] | None
    ) -> Iterator[list[ChainEvent]]:
        """The same, window by window."""
        topics = [] if kind is None else [topic(kind)]
        head, first, width = self._view.block.number, self._network.deploy_block, FIRST_WINDOW
        while first <= head:
            end = min(head, first + width - 1)
            entries: tuple[LogEntry, ...] = self._view.logs(address, topics, first=first, last=end)
            yield list(decode_events(contract, entries))
            first, width = end + 1, next_width(width, len(entries))


def next_width(width: int, events: int) -> int:
    """Blocks of the window behind one that had so many events: fewer where there are many, for
    whoever sends without fees can fill every block, more where there are few."""
    if events > _EVENTS:
        return max(1, width // 4)
    return min(WINDOW, width * 4) if events < _EVENTS // 8 else width


def tenures(state: State, role: str) -> Iterator[tuple[Address, Span]]:
    """Contracts of a role, the first one first, and from when to when each held it."""
    held = state.contracts.get(role, [])
    for number, (place, address) in enumerate(held):
        yield address, (place, held[number + 1][0] if number + 1 < len(held) else None)
