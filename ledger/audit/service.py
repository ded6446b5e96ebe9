"""The service record of each member: what it promised and kept, how regularly it anchors, how far
it is behind with acknowledgements, what copies it keeps, what it says of having shared in time.

All of it follows from what the replay read; nothing is judged here but by counting.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

from ledger.audit.cases import Cases
from ledger.audit.judge_cases import province_since
from ledger.audit.state import Log, Member, State
from ledger.audit.times import BlockTimes
from ledger.chain.contracts.structs import ACTIVE
from ledger.core.keys import Role

__all__ = ["COPIES", "KeptPromises", "service"]

COPIES: Final = ("same", "behind", "gap", "differs", "untold", "none")
"""States of copies, as `judge_mirrors` names them."""


@dataclass(slots=True)
class KeptPromises:
    """Promises of one member that came with openings: anchored in time, anchored late, not anchored
    after `due`, not due yet. longest: seconds by which the latest one was late."""

    met: int = 0
    late: int = 0
    broken: int = 0
    waiting: int = 0
    longest: int = 0

    def take(self, due: int, anchored: int | None, now: int) -> None:
        """One more. anchored: when; None: it is not. now: Unix seconds of the last block."""
        if anchored is None:
            self.broken += due < now
            self.waiting += due >= now
            return
        self.met += anchored <= due
        self.late += anchored > due
        self.longest = max(self.longest, anchored - due)

    def as_dict(self) -> dict[str, int]:
        """As the report shows it."""
        told = {"met": self.met, "late": self.late, "broken": self.broken}
        return {**told, "waiting": self.waiting, "longest": self.longest}


@dataclass(slots=True, kw_only=True)
class _Record:
    """Of one member. gap: seconds; last: Unix seconds of its last anchor."""

    anchors: int = 0
    gap: int = 0
    last: int = 0
    untrue: Counter[str] = field(default_factory=Counter)


def service(
    state: State,
    cases: Cases,
    logs: Sequence[tuple[Log, Mapping[str, int]]],
    times: BlockTimes,
    *,
    kept: Mapping[str, KeptPromises] | None = None,
    mirrors: Iterable[Mapping[str, Any]] | None = None,
) -> list[dict[str, Any]]:
    """A record for every province and whoever else has anchored, by code. logs: each with how many
    of its records say `yes` and `no` untruly. kept: by member; None:
    there were no openings. mirrors: as the report shows them; None: nobody looked. Raises
    CouldNotCheck."""
    records: dict[str, _Record] = {}
    for log, untrue in logs:
        if log.anchors:
            _add(records.setdefault(log.member, _Record()), log, untrue, times)
    copies: dict[str, Counter[str]] = {}
    for one in mirrors or ():
        copies.setdefault(one["member"], Counter())[one["copy"]] += 1
    shown = []
    for code, member in sorted(state.members.items()):
        is_province = bool(member.roles & Role.PROVINCE)
        if not is_province and code not in records:
            continue
        told = _told(code, records.get(code, _Record()))
        told["acknowledgements"] = _acknowledged(member, cases, times)
        if kept is not None:
            told["promises"] = kept.get(code, KeptPromises()).as_dict()
        if mirrors is not None and is_province:
            counts = copies.get(code, Counter())
            told["copies"] = {name: counts[name] for name in COPIES}
        shown.append(told)
    return shown


def _told(code: str, record: _Record) -> dict[str, Any]:
    return {
        "member": code,
        "anchors": {"count": record.anchors, "longestGap": record.gap, "last": record.last},
        "untrue": {answer: record.untrue[answer] for answer in ("yes", "no")},
    }


def _add(record: _Record, log: Log, untrue: Mapping[str, int], times: BlockTimes) -> None:
    """One log more. A gap lies between two of its anchors: how long the last one was ago, every day
    tells anew."""
    times.fetch(anchor.place[0] for anchor in log.anchors)
    at = [times.at(anchor.place[0]) for anchor in log.anchors]
    record.anchors += len(at)
    record.gap = max([record.gap, *(after - before for before, after in pairwise(at))])
    record.last = max(record.last, at[-1])
    record.untrue.update(untrue)


def _acknowledged(member: Member, cases: Cases, times: BlockTimes) -> dict[str, int]:
    """How many acts a member is behind, and the longest time from an act to its acknowledgement, in
    seconds."""
    if not member.roles & Role.PROVINCE:
        return {"behind": 0, "longest": 0}
    since, before, longest = province_since(member, times), 0, 0
    for made in cases.acknowledgements:
        if made.member != member.code or made.count <= before:
            continue
        first = cases.acts.first_from(before + 1)
        before = made.count
        if first is not None:
            longest = max(longest, made.time - max(first.acted.recorded_at, since))
    behind = cases.behind(member.code) if member.status == ACTIVE else 0
    return {"behind": behind, "longest": longest}
