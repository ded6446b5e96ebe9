"""`audit replay`: the whole ledger from chain and tiles, and the report of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ledger.audit.chain import BlockTimes, Log, State, judge_anchors, read_state
from ledger.audit.duplicates import Duplicates
from ledger.audit.entries import Tally
from ledger.audit.findings import CODES, OPEN, Findings
from ledger.audit.logs import LogReplay, Progress
from ledger.audit.tiles import Fetch, HttpFetch, log_url
from ledger.chain.blocks import Block
from ledger.chain.http import Http
from ledger.chain.network import NetworkFile
from ledger.chain.quorum import QuorumReader, View
from ledger.core import canonical
from ledger.core.canonical import hex32
from ledger.core.entry import RECORD
from ledger.core.errors import CouldNotCheck
from ledger.core.merkle import EMPTY_ROOT

TYPE = "credit-ledger/audit@1"
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
        """1: something is wrong; 4: not all could be looked at; 0: all is in order."""
        found = {finding["code"] for finding in self.document["findings"]}
        if any(CODES[code].severity == "error" for code in found - OPEN):
            return EXIT_FINDINGS
        if found & OPEN:
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
) -> Report:
    """Replays the network up to its newest final block, or to `to_block`.

    mirrors: by member code, where to read its logs in place of its own endpoint. Raises
    CouldNotCheck where the chain cannot be read; a log that cannot be is a finding.
    """
    own = reader or QuorumReader(network)
    https = Http()
    try:
        view = own.head()
        last = _last(own, view, to_block)
        found = Findings()
        state = read_state(view, network, last.number, found)
        job = _Job(view, state, found, progress)
        job.run(fetch_for or _over_http(https), mirrors or {})
        return Report(_document(network, last, state, job))
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
    if not reader.network.deploy_block <= to_block < final.number:
        raise CouldNotCheck("not-final", f"block {to_block} is not below the final {final.number}")
    return view.block_at(to_block)


class _Job:
    """All logs, one after the other."""

    def __init__(self, view: View, state: State, findings: Findings, progress: Progress) -> None:
        self.findings = findings
        self.tallies: list[Tally] = []
        self.logs = sorted(state.logs.values(), key=lambda log: (log.member, log.log_id))
        self._state = state
        self._times = BlockTimes(view)
        self._progress = progress

    def run(self, fetch_for: FetchFor, mirrors: Mapping[str, str]) -> None:
        """Fills `tallies`, in the order of `logs`, and `findings`."""
        duplicates = Duplicates()
        try:
            for number, log in enumerate(self.logs):
                judge_anchors(self._state, log, self._times, self.findings)
                member = self._state.members.get(log.member)
                base = mirrors.get(log.member) or ("" if member is None else member.endpoint)
                replayed = LogReplay(
                    log=log,
                    number=number,
                    state=self._state,
                    times=self._times,
                    fetch=fetch_for(base, log.log_id),
                    findings=self.findings,
                    duplicates=duplicates,
                    progress=self._progress,
                )
                self.tallies.append(replayed.run())
            for same in duplicates.found():
                self._duplicate(same.first, same.again)
        finally:
            duplicates.close()

    def _duplicate(self, first: tuple[int, int], again: tuple[int, int]) -> None:
        log = self.logs[again[0]]
        self.findings.add(
            "entry-duplicate",
            log=log.log_id,
            member=log.member,
            where=f"log/{log.log_id.hex()}/entry/{again[1]}",
            first=f"log/{self.logs[first[0]].log_id.hex()}/entry/{first[1]}",
        )


def _over_http(http: Http) -> FetchFor:
    def fetch_for(base: str, log: bytes) -> Fetch | None:
        return HttpFetch(http, log_url(base, log)) if base else None

    return fetch_for


def _document(network: NetworkFile, last: Block, state: State, job: _Job) -> dict[str, Any]:
    return {
        "_type": TYPE,
        "network": {"chainId": network.chain_id, "consortium": network.consortium},
        "block": {"number": last.number, "hash": last.hash},
        "members": _members(state),
        "keys": _keys(state),
        "catalogue": _catalogue(state),
        "logs": [_log(log, tally) for log, tally in zip(job.logs, job.tallies, strict=True)],
        "counts": _counts(job),
        "findings": [finding.as_dict() for finding in job.findings.listed()],
    }


def _members(state: State) -> list[dict[str, Any]]:
    return [
        {
            "code": member.code,
            "region": member.region,
            "roles": member.roles,
            "status": member.status,
            "endpoint": member.endpoint,
        }
        for member in sorted(state.members.values(), key=lambda member: member.code)
    ]


def _keys(state: State) -> list[dict[str, Any]]:
    return [
        {
            "keyId": hex32(key.key_id),
            "member": key.member,
            "purpose": key.purpose,
            "alg": key.alg,
            "publicKey": key.public_key.hex(),
            "notBefore": min(key.not_before, canonical.MAX_INTEGER),
            "notAfter": min(key.not_after, canonical.MAX_INTEGER),
            "compromisedSince": key.compromised_since,
        }
        for key in sorted(state.keys.values(), key=lambda k: (k.member, k.purpose, k.key_id))
    ]


def _catalogue(state: State) -> list[dict[str, Any]]:
    items = sorted(
        (found.item for found in state.items),
        key=lambda item: (item.item_id, item.region, item.version),
    )
    return [
        {
            "itemId": item.item_id,
            "region": item.region,
            "version": item.version,
            "kind": item.kind,
            "contentHash": hex32(item.content_hash),
            "from": min(item.since, canonical.MAX_INTEGER),
            "until": min(item.until, canonical.MAX_INTEGER),
            "visibility": item.visibility,
            "dataClass": item.data_class,
            "granularity": item.granularity,
        }
        for item in items
    ]


def _log(log: Log, tally: Tally) -> dict[str, Any]:
    return {
        "member": log.member,
        "log": hex32(log.log_id),
        "size": log.size,
        "root": hex32(log.anchors[-1].root if log.anchors else EMPTY_ROOT),
        "anchors": len(log.anchors),
        "entriesRead": tally.entries,
        "trustedSize": log.size if log.closed is None else log.closed[1],
        "closed": log.closed is not None,
    }


def _counts(job: _Job) -> dict[str, Any]:
    types: Counter[str] = Counter()
    timely: Counter[str] = Counter({"yes": 0, "no": 0, "unknown": 0})
    kinds: Counter[str] = Counter()
    for tally in job.tallies:
        for (_, schema, said), count in tally.records.items():
            types[schema.decode()] += count
            timely[said.decode()] += count
            kinds[RECORD] += count
        kinds.update(tally.others)
    return {
        "logs": len(job.logs),
        "anchors": sum(len(log.anchors) for log in job.logs),
        "entries": sum(tally.entries for tally in job.tallies),
        "kinds": dict(kinds),
        "types": dict(types),
        "timely": dict(timely),
        "findings": job.findings.counts(),
    }
