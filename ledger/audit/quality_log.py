"""A quality file held against the public log of its member.

Entries bear no day. Their anchor does: a promise is due within 72 hours, so what was taken in
during a period is anchored between its first day and 72 hours after its last; and what is anchored
from 72 hours after its beginning to its end was taken in during it. A closed file must lie between
these two counts, for each type and for what was in time and late. Entries are counted as the member
serves them; that they are what it anchored is the work of `audit replay`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ledger.audit.quality import Finding, Told, end_of, start_of
from ledger.audit.tiles import Fetch, Missing, entries
from ledger.chain.contracts.bindings import LOG_ANCHOR, Consortium
from ledger.chain.contracts.events import Anchored, decode_event, topic
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.quorum import View
from ledger.core.entry import RECORD, parse_entry
from ledger.core.errors import EvidenceError
from ledger.core.ids import LogId
from ledger.core.tiles import WIDTH, parse_bundle
from ledger.core.verdict.facts import GRACE
from ledger.records.quality import Period, Quality, total

__all__ = ["LATEST_DUE", "FetchFor", "compare"]

LATEST_DUE = GRACE
"""Seconds within which a promise must be kept."""

FetchFor = Callable[[str, bytes], Fetch | None]
"""How to read a log: URL base of its member and log id; None: no way."""

_Said = tuple[str, str]
"""Type and timely of a record entry."""


@dataclass(frozen=True, slots=True)
class _Window:
    """Entries of a log by index, ends left out: all that can be of the period, and those that
    must be."""

    most: tuple[int, int]
    least: tuple[int, int]


def compare(network: NetworkFile, view: View, told: Told, fetch_for: FetchFor) -> None:
    """Add what the log of a member says against its file. One that is provisional, or whose last
    promises may still be kept, is not compared. Raises CouldNotCheck."""
    quality = told.quality
    if quality is None or quality.provisional:
        return
    if view.block.time < end_of(quality.period) + LATEST_DUE:
        return
    consortium = Consortium(network.consortium, view.call, view.calls)
    member = consortium.member(told.member)
    endpoint = "" if member is None else member.endpoint
    most: Counter[_Said] = Counter()
    least: Counter[_Said] = Counter()
    for log in consortium.log_ids(told.member):
        window = _window(network, view, log, quality.period)
        if window.most[0] == window.most[1]:
            continue
        fetch = fetch_for(endpoint, log)
        try:
            if fetch is None:
                raise Missing("endpoint")
            _count(fetch, window, most, least)
        except (Missing, EvidenceError):
            told.findings.append(Finding(code="log-unreadable", evidence={"log": log.hex()}))
            return
    told.findings += _differences(quality, most, least)


def _window(network: NetworkFile, view: View, log: LogId, period: Period) -> _Window:
    """By the times of the log's anchors."""
    anchors = sorted(_anchors(network, view, log))
    times = [time for time, _ in anchors]
    start, end = start_of(period), end_of(period)

    def size(count: int) -> int:
        return max((size for _, size in anchors[:count]), default=0)

    return _Window(
        most=(size(bisect_left(times, start)), size(bisect_right(times, end + LATEST_DUE))),
        least=(size(bisect_right(times, start + LATEST_DUE)), size(bisect_right(times, end))),
    )


def _anchors(network: NetworkFile, view: View, log: LogId) -> Iterator[tuple[int, int]]:
    """Time and size of each anchor of a log."""
    consortium = Consortium(network.consortium, view.call, view.calls)
    for contract in consortium.contract_history(LOG_ANCHOR):
        first = network.deploy_block
        for entry in view.logs(contract.account, [topic(Anchored), log], first=first):
            event = decode_event("LogAnchor", entry)
            if isinstance(event, Anchored):
                yield view.block_at(entry.block).time, event.size


def _count(fetch: Fetch, window: _Window, most: Counter[_Said], least: Counter[_Said]) -> None:
    first, last = window.most
    for n in range(first // WIDTH, -(-last // WIDTH)):
        width = min(WIDTH, last - n * WIDTH)
        for index, data in enumerate(parse_bundle(entries(fetch, n, width), width), n * WIDTH):
            if index < first:
                continue
            entry = parse_entry(data)
            if entry.kind != RECORD or entry.schema is None or entry.timely is None:
                continue
            said = (entry.schema.partition("@")[0], entry.timely)
            most[said] += 1
            # What a closed log had stranded is logged again, and was taken in long before.
            least[said] += window.least[0] <= index < window.least[1] and entry.replaces is None


def _differences(
    quality: Quality, most: Counter[_Said], least: Counter[_Said]
) -> Sequence[Finding]:
    found = []
    for type_ in sorted({row.type for row in quality.rows} | {type_ for type_, _ in least}):
        claimed = total(row for row in quality.rows if row.type == type_)
        figures = {
            "conforming": (claimed.conforming, _all(least, type_), _all(most, type_)),
            "yes": (claimed.timely.get("yes", 0), least[type_, "yes"], most[type_, "yes"]),
            "no": (claimed.timely.get("no", 0), least[type_, "no"], most[type_, "no"]),
        }
        for what, (count, low, high) in figures.items():
            if low <= count <= high:
                continue
            code = "more-than-its-log" if count > high else "less-than-its-log"
            evidence: dict[str, str | int] = {"type": type_, "what": what, "claimed": count}
            evidence |= {"least": low, "most": high}
            found.append(Finding(code=code, evidence=evidence))
    return found


def _all(counts: Counter[_Said], type_: str) -> int:
    return sum(count for (name, _), count in counts.items() if name == type_)
