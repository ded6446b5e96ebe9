"""A replay under way: the chain, then all logs, then what was asked for beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ledger.audit import document
from ledger.audit.anchors import check_signatures, judge_anchors
from ledger.audit.case_signatures import check_case_signatures
from ledger.audit.cases import Cases
from ledger.audit.catalogue import Catalogue
from ledger.audit.commitments import Commitments, References
from ledger.audit.consortium import ChainReader, Codes, tenures
from ledger.audit.entries import Tally
from ledger.audit.findings import Findings
from ledger.audit.gas import gas_of
from ledger.audit.governance import check_votes, judge_contracts, judge_endpoints, judge_keys
from ledger.audit.held import ActedOn, Corrections
from ledger.audit.incomplete_codes import EVENTS_MISSING
from ledger.audit.judge_cases import judge_acknowledgements, judge_acts
from ledger.audit.judge_mirrors import MirrorFor, judge_mirrors
from ledger.audit.judge_sums import SumsAsked
from ledger.audit.judge_written import judge_written
from ledger.audit.kept import Kept
from ledger.audit.listed import Beside, ListEntries, Replayed
from ledger.audit.log_judge import Against, LogJudge
from ledger.audit.log_reading import Progress
from ledger.audit.opened import Opened
from ledger.audit.opening_files import OpeningFiles
from ledger.audit.patience import Patience, of_all
from ledger.audit.puts import judge_supplements
from ledger.audit.read_ahead import ReadAhead, reading_ahead
from ledger.audit.read_here import ReadHere
from ledger.audit.replay_logs import LogsReplay, ReadLogs, subjects_of
from ledger.audit.service import KeptPromises, service
from ledger.audit.sources import FetchFor, LogPlace, Source, open_place, place_of
from ledger.audit.state import Log, Place, State, is_anew
from ledger.audit.times import BlockTimes
from ledger.audit.with_openings import WithOpenings
from ledger.audit.written import Written
from ledger.chain.catalogue import FOREVER, Put
from ledger.chain.contracts.bindings import CATALOGUE
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.addresses import Network
from ledger.chain.nodes.blocks import Block
from ledger.chain.nodes.http import Http
from ledger.chain.nodes.quorum import View
from ledger.core.ids import LogId
from ledger.records.calendar import Calendar

__all__ = ["Asked", "ReplayJob"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a replay is asked for beside the chain and the logs, and how these are read, as of
    `replay`."""

    mirrors: Mapping[str, str] = field(default_factory=dict)
    fetch_for: FetchFor | None = None
    processes: int = 1
    private: Sequence[Network] | None = None

    openings: OpeningFiles | None = None
    calendar: Calendar | None = None
    sums: SumsAsked | None = None
    beside: Beside | None = None
    mirror_for: MirrorFor | None = None
    gas: bool = False


@dataclass(slots=True)
class ReplayJob:
    """One replay up to block `last`. kept: where what is read of logs is kept; None: nowhere.
    told: of each log (hex) and the member whose copy was read."""

    view: View
    network: NetworkFile
    last: Block
    asked: Asked
    http: Http
    kept: Kept | None
    progress: Progress
    told: Callable[[str, str], None]
    _state: State = field(default_factory=State)
    _cases: Cases = field(default_factory=Cases)
    _written: Written = field(default_factory=Written)
    _findings: Findings = field(default_factory=Findings)
    _times: BlockTimes = field(init=False)
    _logs: list[Log] = field(default_factory=list)
    _tallies: list[Tally] = field(default_factory=list)
    _contracts: list[dict[str, Any]] = field(default_factory=list)
    _votes: list[dict[str, Any]] = field(default_factory=list)
    _untrue: list[Counter[str]] = field(default_factory=list)
    _promises: dict[str, KeptPromises] | None = None
    _shown: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._times = BlockTimes(self.view)

    def run(self) -> dict[str, Any]:
        """The report. Where events are missing there is nothing else in it: what is built on half
        of them is worth nothing. Raises CouldNotCheck, NotOpenings, CannotResume."""
        codes = Codes(self.view)
        chain = self._read_chain(codes)
        if any(item.code == EVENTS_MISSING for item in self._findings.incomplete()):
            self._findings = _only_unchecked(self._findings)
            self._tallies = [Tally() for _ in self._logs]
            return self._document()
        self._cases, self._written = chain.cases, chain.written
        self._judge_chain(codes)
        listed = None if self.asked.beside is None else ListEntries(self.asked.beside.names)
        unread = self._opened_and_logs(listed)
        self._judge_beside(listed, unread)
        return self._document()

    # ---- the chain

    def _read_chain(self, codes: Codes) -> ChainReader:
        chain = ChainReader(self.view, self.network, self.last.number, codes, self._findings)
        chain.run()
        self._state = chain.state
        self._state.rebuilt = self.network.rebuilt
        self._logs = sorted(chain.state.logs.values(), key=lambda log: (log.member, log.log_id))
        return chain

    def _judge_chain(self, codes: Codes) -> None:
        state, network, findings = self._state, self.network, self._findings
        self._contracts = judge_contracts(state, network, codes, findings)
        self._votes = check_votes(self.view, network, state, findings)
        judge_keys(state, findings)
        judge_endpoints(state, findings)
        judge_supplements(self.view, network.chain_id, state, self._times, findings)
        for log in self._logs:
            judge_anchors(state, log, self._times, findings)
            check_signatures(self.view, network.chain_id, log, findings)
        judge_acts(state, self._cases, findings)
        judge_acknowledgements(state, self._cases, self._times, self.last, findings)
        check_case_signatures(self.view, network.chain_id, self._cases, findings)
        judge_written(self.view, network.chain_id, state, self._written, findings)

    # ---- the logs

    def _opened_and_logs(self, listed: ListEntries | None) -> frozenset[LogId]:
        """Openings are taken up before the logs are read, and judged afterwards; the logs that
        could not be read whole."""
        asked = self.asked
        if asked.openings is None:
            return self._read_logs(listed, None)
        held = WithOpenings.begin(
            asked.openings,
            state=self._state,
            cases=self._cases,
            written=self._written,
            times=self._times,
            findings=self._findings,
            chain_id=self.network.chain_id,
            now=self.last.time,
            sums=asked.sums,
        )
        try:
            unread = self._read_logs(listed, held.opened)
            held.run(unread, asked.calendar)
            self._shown, self._promises = held.document(), held.judge.kept
        finally:
            held.close()
        return unread

    def _is_anew(self, place: Place) -> bool:
        """Whether what happened there had happened before, on another chain."""
        rebuilt = self.network.rebuilt
        return rebuilt is not None and rebuilt.holds(self._times.at(place[0]))

    def _read_logs(self, listed: ListEntries | None, opened: Opened | None) -> frozenset[LogId]:
        against = Against(
            state=self._state,
            times=self._times,
            catalogue=Catalogue(_puts(self._state, self._times)),
            findings=self._findings,
            commitments=Commitments(),
            references=References(subjects_of(self._logs, self._is_anew)),
            corrections=Corrections(self._state, self._cases, self.last.time),
            acted_on=ActedOn(
                self._cases,
                self._logs,
                # Acts may be there before their records while a chain is filled anew.
                0 if is_anew(self._state, self.last.time) else self.last.time,
            ),
            calendar=self.asked.calendar or Calendar.load(None),
            rebuilt=self.network.rebuilt,
            opened=opened,
            listed=listed,
        )
        with ExitStack() as stack:
            stack.callback(against.close)
            logs = LogsReplay(logs=self._logs, against=against, read=self._reading(stack))
            logs.run()
        self._tallies, self._untrue = logs.tallies, logs.untrue
        return logs.unread

    def _reading(self, stack: ExitStack) -> ReadLogs:
        """How logs are read, as long as the stack is not closed."""
        asked = self.asked

        def place(judge: LogJudge) -> LogPlace:
            return place_of(self._state, judge.log, asked.mirrors)

        if asked.processes > 1 and asked.fetch_for is None:
            pool, kept = stack.enter_context(reading_ahead(asked.processes, self.kept))
            return ReadAhead(
                place=place,
                kept=kept,
                progress=self.progress,
                told=self.told,
                pool=pool,
                private=None if asked.private is None else tuple(asked.private),
            )
        patience = of_all(log.end for log in self._logs)
        return ReadHere(
            place=place,
            source=lambda place: self._source(place, patience),
            kept=self.kept,
            progress=self.progress,
        )

    def _source(self, place: LogPlace, patience: Patience) -> Source:
        fetch_for, name = self.asked.fetch_for, place.log.log_id
        if fetch_for is not None:
            return Source(fetch_for(place.base, name))
        return open_place(place, self.http, patience, partial(self.told, name.hex()))

    # ---- what was asked for beside them

    def _judge_beside(self, listed: ListEntries | None, unread: frozenset[LogId]) -> None:
        asked = self.asked
        if asked.beside is not None and listed is not None:
            asked.beside.run(
                Replayed(
                    state=self._state,
                    cases=self._cases,
                    entries=listed,
                    unread=unread,
                    findings=self._findings,
                    now=self.last.time,
                )
            )
        if asked.gas:
            told = gas_of(self.view, self._state, self._cases, self._written)
            self._shown |= {"gas": told}
        if asked.mirror_for is not None:
            shown = judge_mirrors(
                self._state, self._logs, asked.mirror_for, self.last.hash, self._findings
            )
            self._shown |= {"mirrors": shown}
        self._shown |= {"service": self._service()}

    def _service(self) -> list[dict[str, Any]]:
        return service(
            self._state,
            self._cases,
            list(zip(self._logs, self._untrue, strict=True)),
            self._times,
            kept=self._promises,
            mirrors=self._shown.get("mirrors"),
        )

    def _document(self) -> dict[str, Any]:
        told: dict[str, Any] = document.document(
            self.network,
            self.last,
            self._state,
            cases=self._cases,
            contracts=self._contracts,
            votes=self._votes,
            logs=list(zip(self._logs, self._tallies, strict=True)),
            findings=self._findings,
        )
        return told | self._shown


def _only_unchecked(findings: Findings) -> Findings:
    kept = Findings()
    for item in findings.incomplete():
        kept.unchecked(item.code, item.where, **item.evidence)
    return kept


def _puts(state: State, times: BlockTimes) -> list[Put]:
    """What was put into each Catalogue, with the end of its tenure."""
    ends = {}
    for number, (address, (_, end)) in enumerate(tenures(state, CATALOGUE)):
        ends[address] = (number, FOREVER if end is None else times.at(end[0]))
    return [
        Put(
            item=found.item,
            at=times.at(found.place[0]),
            tenure=ends[found.contract][0],
            until=ends[found.contract][1],
        )
        for found in state.items
    ]
