"""What was measured: values by row and size, peers, checks; and `results.json` of it.

A value enters only when it was measured. A row without one is absent from `results.json`; one
without a value at its own size has `reached` null and says in `by_size` what there is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

MILLION, TEN_MILLION = 1_000_000, 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """A row. aim: None where none was set. more: whether more is better. at: the size it is stated
    for; None: the largest one measured up to a million. title: for people. of: the row whose values
    it takes, at its own size; share: then its aim is this share of what that row reached. grows:
    whether its sizes are those of something that grows."""

    name: str
    title: str
    unit: str
    aim: float | None
    more: bool
    at: int | None = None
    of: str = ""
    share: float | None = None
    grows: bool = True


AIMS = (
    Aim(
        name="ndjson_records_per_s",
        title="NDJSON in → durable, promised, finally anchored",
        unit="records/s",
        aim=15_000,
        more=True,
    ),
    Aim(
        name="ndjson_records_per_s_10m",
        title="the same at ten million, of its pace at a million",
        unit="records/s",
        aim=None,
        more=True,
        at=TEN_MILLION,
        of="ndjson_records_per_s",
        share=0.9,
    ),
    Aim(
        name="cpu_us_per_record",
        title="processor time of it, all processes of the gateway",
        unit="µs/record",
        aim=None,
        more=False,
    ),
    Aim(
        name="xlsx_rows_per_s",
        title="the same from an XLSX file",
        unit="rows/s",
        aim=8_000,
        more=True,
    ),
    Aim(
        name="gas_per_record_4096",
        title="gas per record at 4,096 per anchor",
        unit="gas",
        aim=25,
        more=False,
        grows=False,
    ),
    Aim(
        name="promise_p99_ms",
        title="one record: submit → promise, 200 a second, p99",
        unit="ms",
        aim=50,
        more=False,
    ),
    Aim(
        name="flush_p99_ms",
        title="flush of 4 KiB to the same disk, by itself, p99",
        unit="ms",
        aim=None,
        more=False,
    ),
    Aim(
        name="promise_beyond_flush_ms",
        title="p99 of the promise beyond that of the flush",
        unit="ms",
        aim=50,
        more=False,
    ),
    Aim(
        name="final_p99_s",
        title="one record: submit → final receipt, p99",
        unit="s",
        aim=2.5,
        more=False,
    ),
    Aim(
        name="verify_per_s",
        title="receipts verified, one core, chain answers cached",
        unit="receipts/s",
        aim=3_000,
        more=True,
    ),
    Aim(
        name="verify_fresh_per_s",
        title="the same where each receipt is verified for the first time",
        unit="receipts/s",
        aim=None,
        more=True,
    ),
    Aim(
        name="verify_process_s",
        title="`credit-ledger verify` of one receipt, whole process",
        unit="s",
        aim=0.6,
        more=False,
    ),
    Aim(
        name="receipts_per_s",
        title="bare receipts in batches of 1,000, one client",
        unit="receipts/s",
        aim=1_500,
        more=True,
    ),
    Aim(
        name="replay_entries_per_s",
        title="replay, whole process on one core",
        unit="entries/s",
        aim=200_000,
        more=True,
    ),
    Aim(
        name="replay_entries_per_s_10m",
        title="the same at ten million",
        unit="entries/s",
        aim=150_000,
        more=True,
        at=TEN_MILLION,
        of="replay_entries_per_s",
    ),
    Aim(
        name="start_s_10m",
        title="gateway start until ready",
        unit="s",
        aim=3,
        more=False,
        at=TEN_MILLION,
    ),
    Aim(
        name="bytes_per_record",
        title="bytes on disk per record beyond its own content",
        unit="bytes",
        aim=500,
        more=False,
    ),
    Aim(
        name="gateway_rss_mib_10m",
        title="peak memory of the gateway under load",
        unit="MiB",
        aim=1024,
        more=False,
        at=TEN_MILLION,
    ),
    Aim(
        name="processes_rss_mib",
        title="the same of all its processes together",
        unit="MiB",
        aim=None,
        more=False,
    ),
    Aim(
        name="replay_rss_mib_10m",
        title="peak memory of replay",
        unit="MiB",
        aim=1024,
        more=False,
        at=TEN_MILLION,
    ),
    Aim(
        name="takeover_s",
        title="holder of the lease killed → the next record in the log by the other gateway",
        unit="s",
        aim=0.5,
        more=False,
    ),
    Aim(
        name="acts_per_s",
        title="decisions proposed, released and on the chain, through one gateway",
        unit="acts/s",
        aim=None,
        more=True,
        grows=False,
    ),
    Aim(
        name="acts_followed_per_s",
        title="gateway start after a gap → all acts followed and acknowledged",
        unit="acts/s",
        aim=None,
        more=True,
        grows=False,
    ),
    Aim(
        name="gas_per_act",
        title="gas per act, 64 in a call",
        unit="gas",
        aim=None,
        more=False,
        grows=False,
    ),
    Aim(
        name="chain_acts_per_s",
        title="acts on the chain, 64 in a call, sent straight to it",
        unit="acts/s",
        aim=None,
        more=True,
        grows=False,
    ),
    Aim(
        name="fourth_ack_p50_s",
        title="act mined → acknowledged by the fourth province, p50",
        unit="s",
        aim=None,
        more=False,
        grows=False,
    ),
    Aim(
        name="fourth_ack_p99_s",
        title="the same, p99",
        unit="s",
        aim=None,
        more=False,
        grows=False,
    ),
    Aim(
        name="verify_with_acts_per_s",
        title="receipts verified by a new verifier, every tenth with an act",
        unit="receipts/s",
        aim=None,
        more=True,
        grows=False,
    ),
)
BY_NAME = {aim.name: aim for aim in AIMS}


class CheckFailed(Exception):
    """Something that was measured is not what it should be; its figure means nothing."""


FORMER, POSTGRESQL = "the commit before", "PostgreSQL"
"""What the same lines are measured of beside this tree on SQLite, in the same run."""
Values = dict[str, dict[int, list[float]]]
"""By row, then by size: one value for each time it was measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A measured row. goal: its aim as a number. peer: value of the first peer of the same run.
    times: how often it was measured; spread: from the lowest to the highest of these, as a share of
    their median, None where there is one only. beside: by `FORMER` and `POSTGRESQL`, by size."""

    aim: Aim
    goal: float | None
    reached: float | None
    peer: float | None
    times: int
    spread: float | None
    by_size: dict[int, float]
    at: int
    beside: dict[str, dict[int, float]]

    @property
    def met(self) -> bool | None:
        """Whether the aim is reached; None: there is none, or it was not measured at its size."""
        if self.reached is None or self.goal is None:
            return None
        return (self.reached >= self.goal) if self.aim.more else (self.reached <= self.goal)

    @property
    def ratio(self) -> float | None:
        """Reached over peer; None without both."""
        return None if not self.peer or self.reached is None else self.reached / self.peer

    def other(self, which: str) -> float | None:
        """What the same line reached there, at the same size."""
        return self.beside.get(which, {}).get(self.at)

    @property
    def gain(self) -> float | None:
        """How many times better it is than in the commit before; None without both."""
        former = self.other(FORMER)
        if not former or not self.reached:
            return None
        return self.reached / former if self.aim.more else former / self.reached

    def as_dict(self) -> dict[str, Any]:
        """A row of `results.json`."""
        return {
            "name": self.aim.name,
            "unit": self.aim.unit,
            "aim": _short(self.goal),
            "reached": _short(self.reached),
            "times": self.times,
            "spread": _short(self.spread),
            "before": _short(self.other(FORMER)),
            "gain": _short(self.gain),
            "peer": _short(self.peer),
            "ratio": _short(self.ratio),
            "by_size": _shorts(self.by_size),
            "beside": {which: _shorts(found) for which, found in self.beside.items()},
        }


@dataclass
class Book:
    """Collects over all runs.

    values, beside: by row or title, then by size. others: as `values`, of `FORMER` and
    `POSTGRESQL`. peers: by row, peer and size. checks: what was checked, and how many times it
    held.
    """

    values: Values = field(default_factory=dict)
    others: dict[str, Values] = field(default_factory=dict)
    peers: dict[str, Values] = field(default_factory=dict)
    beside: Values = field(default_factory=dict)
    checks: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def put(self, name: str, size: int, value: float) -> None:
        """One measurement of a row at a size."""
        self.values.setdefault(BY_NAME[name].name, {}).setdefault(size, []).append(value)

    def other(self, which: str, name: str, size: int, value: float) -> None:
        """The same of `FORMER` or `POSTGRESQL`."""
        values = self.others.setdefault(which, {}).setdefault(BY_NAME[name].name, {})
        values.setdefault(size, []).append(value)

    def peer(self, name: str, other: str, size: int, value: float) -> None:
        """One measurement of a peer of a row; the first peer of a row is the one of its ratio."""
        others = self.peers.setdefault(BY_NAME[name].name, {})
        others.setdefault(other, {}).setdefault(size, []).append(value)

    def aside(self, title: str, size: int, value: float) -> None:
        """A figure that explains a row; on the page, not in `results.json`."""
        self.beside.setdefault(title, {}).setdefault(size, []).append(value)

    def note(self, text: str) -> None:
        """A sentence for the page, once."""
        if text not in self.notes:
            self.notes.append(text)

    def check(self, what: str, holds: bool, evidence: object = "", *, times: int = 1) -> None:
        """Remember that something held. Raises CheckFailed where it did not."""
        if not holds:
            raise CheckFailed(f"{what}: {str(evidence)[:500]}")
        self.checks[what] = self.checks.get(what, 0) + times

    def rows(self) -> list[Row]:
        """The measured rows in the order of the issue, medians of all runs."""
        return [self._row(aim) for aim in AIMS if self._values(aim)]

    def _values(self, aim: Aim) -> dict[int, list[float]]:
        found = self.values.get(aim.of or aim.name, {})
        if not aim.of:
            return found
        return {size: values for size, values in found.items() if size == aim.at}

    def _row(self, aim: Aim) -> Row:
        values = self._values(aim)
        by_size = medians(values)
        beside = {
            which: medians(found)
            for which, others in self.others.items()
            if (found := others.get(aim.of or aim.name))
        }
        at = aim.at or _largest(by_size, beside.get(FORMER))
        peers = list(self.peers.get(aim.of or aim.name, {}).values())
        peer = medians(peers[0]) if peers else {}
        return Row(
            aim=aim,
            goal=self._goal(aim),
            reached=by_size.get(at),
            peer=peer.get(at, peer[max(peer)]) if peer else None,
            times=len(values.get(at, ())),
            spread=_spread(values.get(at, ())),
            by_size=by_size,
            at=at,
            beside=beside,
        )

    def _goal(self, aim: Aim) -> float | None:
        if aim.share is None:
            return aim.aim
        found = {n: value for n, value in medians(self.values[aim.of]).items() if n <= MILLION}
        return aim.share * found[max(found)] if found else None

    def missing(self) -> list[Aim]:
        """Rows that were not measured at the size they are stated for."""
        found = {row.aim.name: row.reached for row in self.rows()}
        return [aim for aim in AIMS if found.get(aim.name) is None]


def _largest(by_size: Mapping[int, float], former: Mapping[int, float] | None = None) -> int:
    """The size at which a row is told that names none: beyond a million others tell; where the
    commit before was measured, the largest that both reached."""
    both = [size for size in by_size if former is None or size in former] or list(by_size)
    return max((size for size in both if size <= MILLION), default=max(both))


def medians(values: Mapping[int, Sequence[float]]) -> dict[int, float]:
    """By size, in rising order."""
    return {size: median(found) for size, found in sorted(values.items())}


def _spread(values: Sequence[float]) -> float | None:
    if len(values) < 2:  # noqa: PLR2004 - one tells nothing of the noise
        return None
    return (max(values) - min(values)) / median(values)


def _shorts(by_size: Mapping[int, float]) -> dict[str, float | int | None]:
    return {str(size): _short(value) for size, value in sorted(by_size.items())}


def _short(value: float | None) -> float | int | None:
    """Four significant digits: more would be noise."""
    if value is None:
        return None
    return round(value) if abs(value) >= 1000 else float(f"{value:.4g}")  # noqa: PLR2004
