"""`audit replay`: the whole ledger from chain and tiles, and the report of it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ledger.audit import document
from ledger.audit.anchors import check_signatures, judge_anchors
from ledger.audit.case_signatures import check_case_signatures
from ledger.audit.cases import Cases
from ledger.audit.catalogue import Catalogue
from ledger.audit.codes import CODES
from ledger.audit.commitments import NEVER, Commitments, Dangling, Duplicate, References, Subject
from ledger.audit.consortium import ChainReader, Codes, tenures
from ledger.audit.entries import Tally
from ledger.audit.findings import Findings
from ledger.audit.gas import gas_of
from ledger.audit.governance import check_votes, judge_contracts, judge_endpoints, judge_keys
from ledger.audit.held import ActedOn, Corrections
from ledger.audit.incomplete_codes import EVENTS_MISSING, TILES_MISSING
from ledger.audit.judge_cases import judge_acknowledgements, judge_acts
from ledger.audit.judge_mirrors import MirrorFor, judge_mirrors
from ledger.audit.judge_sums import SumsAsked
from ledger.audit.judge_written import judge_written
from ledger.audit.listed import Beside, ListEntries, Replayed
from ledger.audit.log_replay import LogReplay, Progress, owner_signed
from ledger.audit.mirrored import Copies, Head, Mirror, Mirrored
from ledger.audit.opened import Opened
from ledger.audit.opening_files import OpeningFiles
from ledger.audit.state import Log, Member, Place, State
from ledger.audit.tiles import Fetch, HttpFetch, is_plain_url, log_url, mirror_url
from ledger.audit.times import BlockTimes
from ledger.audit.with_openings import WithOpenings
from ledger.audit.written import Written
from ledger.chain.catalogue import FOREVER, Put
from ledger.chain.contracts.bindings import CATALOGUE
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.blocks import Block
from ledger.chain.nodes.http import Http
from ledger.chain.nodes.quorum import QuorumReader, View
from ledger.core import canonical
from ledger.core.errors import CouldNotCheck
from ledger.core.ids import LogId
from ledger.core.keys import Role
from ledger.records.calendar import Calendar

__all__ = ["EXIT_CLEAN", "EXIT_FINDINGS", "EXIT_INCOMPLETE", "FetchFor", "Report", "replay"]

EXIT_CLEAN, EXIT_FINDINGS, EXIT_INCOMPLETE = 0, 1, 4

FetchFor = Callable[[str, bytes], Fetch | None]
"""How to read a log: URL base of its member ("" if it names none) and log id; None: no way."""


@dataclass(frozen=True, slots=True)
class Report:
    """The report as an object of canonical JSON."""

    document: dict[str, Any]

    def encode(self) -> bytes:
        """RFC 8785 bytes, the same for every auditor."""
        return canonical.encode(self.document)

    @property
    def exit(self) -> int:
        """1: something is wrong; 4: not all could be looked at; 0: all is in order, whatever is
        noted. Where events are missing nothing else is certain."""
        found = {
            finding["code"]
            for finding in self.document["findings"]
            if CODES[finding["code"]].severity != "note"
        }
        unchecked = {item["code"] for item in self.document["incomplete"]}
        if EVENTS_MISSING in unchecked:
            return EXIT_INCOMPLETE
        if any(CODES[code].severity == "error" for code in found - {TILES_MISSING}):
            return EXIT_FINDINGS
        if TILES_MISSING in found or unchecked:
            return EXIT_INCOMPLETE
        return EXIT_FINDINGS if found else EXIT_CLEAN


def replay(
    network: NetworkFile,
    *,
    reader: QuorumReader | None = None,
    mirrors: Mapping[str, str] | None = None,
    to_block: int | None = None,
    fetch_for: FetchFor | None = None,
    progress: Progress = lambda log, done, size: None,
    told: Callable[[str, str], None] = lambda log, member: None,
    openings: OpeningFiles | None = None,
    calendar: Calendar | None = None,
    check_mirrors: bool = False,
    mirror_for: MirrorFor | None = None,
    beside: Beside | None = None,
    sums: SumsAsked | None = None,
    gas: bool = False,
) -> Report:
    """Replay the network up to its newest final block, or to `to_block`.

    mirrors: by member code, where to read its logs in place of its own endpoint. Where a member
    that is not named there does not serve a log, the copies of the other provinces are read; told:
    of each log (hex) and the member whose copy was read, since the report is the same. openings:
    with them every case is rebuilt and held against the chain; calendar: of the working days that
    its stages take (None: the packaged one). check_mirrors: look at the copies that provinces keep,
    too; mirror_for: how, instead of over HTTP. beside: files to be held against all of it. sums: to
    be made of the outcomes in the openings. gas: count what transactions cost, by member.

    Raises CouldNotCheck where the chain cannot be read, NotOpenings where openings cannot; a log
    that cannot be is told in the report.
    """
    own = reader or QuorumReader(network)
    https = Http()
    try:
        view = own.head()
        last = _last(own, view, to_block)
        job = _Job(view, network, last, progress)
        job.open(openings, calendar, sums)
        job.count(beside)
        copies = None if fetch_for else _Copies(https, job, told)
        job.run(fetch_for or _over_http(https), mirrors or {}, copies)
        job.hold(beside)
        if gas:
            job.count_gas()
        if check_mirrors:
            job.check_mirrors(mirror_for or _mirror_over_http(https))
        return Report(job.document())
    finally:
        https.close()
        if reader is None:
            own.close()


def _last(reader: QuorumReader, view: View, to_block: int | None) -> Block:
    final = reader.final_block(view)
    if final is None or final.number < reader.network.deploy_block:
        raise CouldNotCheck("not-final", "no block of the network is final yet")
    if to_block is None or to_block == final.number:
        return final
    if to_block < reader.network.deploy_block:
        first = reader.network.deploy_block
        raise CouldNotCheck("before-deployment", f"the network begins with block {first}")
    if to_block > final.number:
        raise CouldNotCheck("not-final", f"block {to_block} is above the final {final.number}")
    return view.block_at(to_block)


class _Job:
    """The chain, then all logs, one after the other."""

    def __init__(self, view: View, network: NetworkFile, last: Block, progress: Progress) -> None:
        self._view = view
        self._openings: OpeningFiles | None = None
        self._calendar: Calendar | None = None
        self._sums: SumsAsked | None = None
        self._certain = True
        self._listed: ListEntries | None = None
        self._unread: frozenset[LogId] = frozenset()
        self._shown: dict[str, Any] = {}
        self._network = network
        self._last = last
        self._progress = progress
        self._findings = Findings()
        self._times = BlockTimes(view)
        self._state = State()
        self._cases = Cases()
        self._written = Written()
        self._contracts: list[dict[str, Any]] = []
        self._votes: list[dict[str, Any]] = []
        self._logs: list[Log] = []
        self._tallies: list[Tally] = []

    def open(
        self, openings: OpeningFiles | None, calendar: Calendar | None, sums: SumsAsked | None
    ) -> None:
        """Have these judged too."""
        self._openings, self._calendar, self._sums = openings, calendar, sums

    def count(self, beside: Beside | None) -> None:
        """Have the entries counted that files speak of."""
        self._listed = None if beside is None else ListEntries(beside.names)

    def hold(self, beside: Beside | None) -> None:
        """Hold files against what was replayed; not where events are missing."""
        if beside is not None and self._listed is not None and self._certain:
            beside.run(
                Replayed(
                    state=self._state,
                    cases=self._cases,
                    entries=self._listed,
                    unread=self._unread,
                    findings=self._findings,
                    now=self._last.time,
                )
            )

    def run(
        self, fetch_for: FetchFor, mirrors: Mapping[str, str], copies: _Copies | None = None
    ) -> None:
        """Read everything. Raises CouldNotCheck."""
        codes, network, findings = Codes(self._view), self._network, self._findings
        chain = ChainReader(self._view, network, self._last.number, codes, findings)
        chain.run()
        self._state = state = chain.state
        self._logs = sorted(state.logs.values(), key=lambda log: (log.member, log.log_id))
        if any(
            item.code == EVENTS_MISSING for item in findings.incomplete()
        ):  # what is built on half the events is worth nothing
            self._findings = _only_unchecked(findings)
            self._tallies = [Tally() for _ in self._logs]
            self._certain = False
            return
        self._cases, self._written = chain.cases, chain.written
        self._contracts = judge_contracts(state, network, codes, findings)
        self._votes = check_votes(self._view, network, state, findings)
        judge_keys(state, findings)
        judge_endpoints(state, findings)
        for log in self._logs:
            judge_anchors(state, log, self._times, findings)
            check_signatures(self._view, network.chain_id, log, findings)
        judge_acts(state, self._cases, findings)
        judge_acknowledgements(state, self._cases, self._times, self._last, findings)
        check_case_signatures(self._view, network.chain_id, self._cases, findings)
        judge_written(self._view, network.chain_id, state, self._written, findings)
        if self._openings is None:
            self._run_logs(fetch_for, mirrors, copies, None)
            return
        held = WithOpenings.begin(
            self._openings,
            state=state,
            cases=self._cases,
            written=self._written,
            times=self._times,
            findings=findings,
            chain_id=network.chain_id,
            now=self._last.time,
            sums=self._sums,
        )
        try:
            unread = self._run_logs(fetch_for, mirrors, copies, held.opened)
            held.run(unread, self._calendar)
            self._shown = held.document()
        finally:
            held.close()

    def check_mirrors(self, mirror_for: MirrorFor) -> None:
        """Look at the copies that provinces keep; of nothing where events are missing."""
        if self._certain:
            shown = judge_mirrors(
                self._state, self._logs, mirror_for, self._last.hash, self._findings
            )
            self._shown |= {"mirrors": shown}

    def count_gas(self) -> None:
        """What transactions cost; of nothing where events are missing. Raises CouldNotCheck."""
        if self._certain:
            told = gas_of(self._view, self._state, self._cases, self._written)
            self._shown |= {"gas": told}

    @property
    def state(self) -> State:
        """What was read from the chain."""
        return self._state

    def document(self) -> dict[str, Any]:
        """The report."""
        told: dict[str, Any] = document.document(
            self._network,
            self._last,
            self._state,
            cases=self._cases,
            contracts=self._contracts,
            votes=self._votes,
            logs=list(zip(self._logs, self._tallies, strict=True)),
            findings=self._findings,
        )
        return told | self._shown

    def _run_logs(
        self,
        fetch_for: FetchFor,
        mirrors: Mapping[str, str],
        copies: _Copies | None,
        opened: Opened | None,
    ) -> frozenset[LogId]:
        """Read every log; those that could not be read whole."""
        ranks, subjects = _ranks(self._logs)
        commitments, references = Commitments(), References(subjects)
        catalogue = Catalogue(_puts(self._state, self._times))
        corrections = Corrections(self._state, self._cases, self._last.time)
        acted_on = ActedOn(self._cases, self._logs, self._last.time)
        incomplete: set[str] = set()
        unread: set[int] = set()
        try:
            for number, log in enumerate(self._logs):
                member = self._state.members.get(log.member)
                base = mirrors.get(log.member) or ("" if member is None else member.endpoint)
                fetch = fetch_for(base, log.log_id)
                if copies is not None and log.anchors and log.member not in mirrors:
                    fetch = copies.behind(fetch, log)
                replayed = LogReplay(
                    log=log,
                    number=number,
                    ranks=ranks[number],
                    state=self._state,
                    times=self._times,
                    catalogue=catalogue,
                    fetch=fetch,
                    findings=self._findings,
                    commitments=commitments,
                    references=references,
                    corrections=corrections,
                    acted_on=acted_on,
                    opened=opened,
                    listed=self._listed,
                    progress=self._progress,
                )
                self._tallies.append(replayed.run())
                if not replayed.complete:
                    incomplete.add(log.member)
                if not replayed.whole:
                    unread.add(number)
            for same in commitments.found(references.each):
                self._duplicate(same)
            acted_on.judge(self._state, unread, self._findings)
            for dangling in references.dangling():
                # What is named may stand where we could not read.
                if self._logs[dangling.seat.log].member not in incomplete:
                    self._dangling(dangling)
        finally:
            commitments.close()
            references.close()
        self._unread = frozenset(self._logs[number].log_id for number in unread)
        return self._unread

    def _where(self, log: int, index: int) -> str:
        return f"log/{self._logs[log].log_id.hex()}/entry/{index}"

    def _duplicate(self, same: Duplicate) -> None:
        if same.again.rank == NEVER:
            return
        log = self._logs[same.again.log]
        self._findings.add(
            "entry-duplicate",
            log=log.log_id,
            member=log.member,
            where=self._where(same.again.log, same.again.index),
            first=self._where(same.first.log, same.first.index),
        )

    def _dangling(self, dangling: Dangling) -> None:
        log = self._logs[dangling.seat.log]
        self._findings.add(
            "replaces-not-stranded" if dangling.replaces else "corrects-dangling",
            log=log.log_id,
            member=log.member,
            where=self._where(dangling.seat.log, dangling.seat.index),
            target=dangling.target.hex(),
        )


def _only_unchecked(findings: Findings) -> Findings:
    kept = Findings()
    for item in findings.incomplete():
        kept.unchecked(item.code, item.where, **item.evidence)
    return kept


def _ranks(logs: list[Log]) -> tuple[list[list[int]], list[Subject]]:
    """Of each log the ranks of its anchors among all, and what references need of it."""
    places: list[tuple[Place, int]] = sorted(
        (anchor.place, number) for number, log in enumerate(logs) for anchor in log.anchors
    )
    ranks: list[list[int]] = [[] for _ in logs]
    for rank, (_, number) in enumerate(places):
        ranks[number].append(rank)
    subjects = []
    for log in logs:
        if log.closed is None:
            subjects.append(Subject(log.log_id, log.member))
        else:
            place, trusted = log.closed
            closed = bisect_left(places, (place, 0))
            subjects.append(Subject(log.log_id, log.member, trusted, closed))
    return ranks, subjects


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


class _Copies:
    """The copies of each log that other provinces keep."""

    def __init__(self, http: Http, job: _Job, told: Callable[[str, str], None]) -> None:
        self._http = http
        self._job = job
        self._told = told

    def behind(self, fetch: Fetch | None, log: Log) -> Fetch:
        """A log as its owner serves it, and as others do where it does not."""
        last = max(log.anchors, key=lambda anchor: anchor.size)
        mirrors = [
            Mirror(code, HttpFetch(self._http, mirror_url(member.endpoint, log.log_id)))
            for code, member in sorted(self._job.state.members.items())
            if code != log.member and member.roles & Role.PROVINCE and is_plain_url(member.endpoint)
        ]
        head = Head(
            last.size,
            last.root,
            lambda found: found.log == log.log_id and owner_signed(self._job.state, log, found),
            closed=log.closed is not None,
        )
        copies = Copies(mirrors, head, lambda member: self._told(log.log_id.hex(), member))
        if not isinstance(fetch, HttpFetch):
            return copies
        return Mirrored(self._http, fetch.url, copies)


def _over_http(http: Http) -> FetchFor:
    def fetch_for(base: str, log: bytes) -> Fetch | None:
        return HttpFetch(http, log_url(base, log)) if is_plain_url(base) else None

    return fetch_for


def _mirror_over_http(http: Http) -> MirrorFor:
    def mirror_for(member: Member, log: Log) -> Fetch | None:
        if not is_plain_url(member.endpoint):
            return None
        return HttpFetch(http, mirror_url(member.endpoint, log.log_id))

    return mirror_for
