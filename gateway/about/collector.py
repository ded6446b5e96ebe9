"""Figures of one node for Prometheus, read when a scraper asks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
import structlog
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from gateway.anchoring.progress import anchored_sizes, newest_anchor_times, overdue_promises
from gateway.base.context import Context
from gateway.base.crypto import Vault
from gateway.base.lease import Lease
from gateway.base.who import WhoFiles
from gateway.chain.signing import Signing
from gateway.chain.view import ChainView
from gateway.intake.calendar_file import CalendarFile, days_left
from gateway.jobs.models import jobs
from gateway.log.models import logs
from gateway.log.numbers import taken
from gateway.log.quarantine import count_quarantined
from gateway.mirrors.errors import FULL
from gateway.mirrors.store import Mirror, all_mirrors
from gateway.sealing.services import missing
from gateway.statements.store import count_overdue
from gateway.statuses.interfaces import Behind
from gateway.statuses.services import Statuses
from gateway.statuses.store import read_position
from gateway.subjects.services import Figures, SubjectCheck
from ledger.chain.nodes.heights import NodeState

DAY = 86_400
Figure = tuple[str, str, int]
"""Name, what it is, value."""
FiguresIn = Callable[[sa.Connection], Sequence[Figure]]
"""Figures of a domain that stands above this one."""

_log = structlog.get_logger(__name__)
_FILES = sa.select(sa.func.count()).where(
    jobs.c.kind == "file", jobs.c.state.in_(("queued", "running"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stored:
    """What the database says, all as of about one moment."""

    sizes: Sequence[tuple[bytes, int]]
    anchored: Sequence[tuple[bytes, int]]
    anchor_times: Sequence[tuple[bytes, int]]
    mirrors: Sequence[Mirror]
    waiting: int
    files: int
    overdue: int
    quarantined: int
    keys_missing: int
    acts: int
    case_acts: Mapping[str, int]
    behind: Sequence[Behind]
    cases: Sequence[Figure]
    webhooks: Sequence[Figure]


class NodeCollector(Collector):
    """What is known in memory, and what stands in the database as long as that answers."""

    def __init__(
        self,
        *,
        ctx: Context,
        chain: ChainView,
        signing: Signing,
        lease: Lease,
        calendar: CalendarFile,
        vault: Vault,
        who: WhoFiles,
        subjects: SubjectCheck,
        statuses: Statuses,
        case_acts: Callable[[sa.Connection], Mapping[str, int]],
        cases: FiguresIn,
        webhooks: FiguresIn,
    ) -> None:
        """case_acts: how many acts of this member are in each state."""
        self._ctx = ctx
        self._chain = chain
        self._signing = signing
        self._lease = lease
        self._calendar = calendar
        self._vault = vault
        self._who = who
        self._subjects = subjects
        self._statuses = statuses
        self._case_acts = case_acts
        self._cases = cases
        self._webhooks = webhooks

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The scraper gets what there is: a database that is away must not hide all the rest."""
        try:
            stored = self._read()
        except (sa.exc.OperationalError, sa.exc.TimeoutError):
            _log.warning("metrics.database-away", exc_info=True)
            stored = None
        yield _gauge("database_up", "1 where the database answers", int(stored is not None))
        yield from self._of_memory()
        if stored is not None:
            yield from self._of_database(stored)

    def _read(self) -> _Stored:
        now = self._ctx.clock.seconds()
        behind = self._statuses.acknowledged()
        with self._ctx.engine.connect() as connection:
            sizes = [(row.log_id, row.size) for row in connection.execute(sa.select(logs))]
            return _Stored(
                sizes=sizes,
                anchored=anchored_sizes(connection),
                anchor_times=newest_anchor_times(connection),
                mirrors=all_mirrors(connection),
                waiting=taken(connection) - sum(size for _, size in sizes),
                files=connection.scalar(_FILES) or 0,
                overdue=overdue_promises(connection, now) + count_overdue(connection, now),
                quarantined=count_quarantined(connection),
                keys_missing=len(missing(connection, self._vault.ids)),
                acts=read_position(connection).count,
                case_acts=self._case_acts(connection),
                behind=behind,
                cases=self._cases(connection),
                webhooks=self._webhooks(connection),
            )

    def _of_database(self, stored: _Stored) -> Iterator[GaugeMetricFamily]:
        now = self._ctx.clock.seconds()
        ages = [(log_id, now - at) for log_id, at in stored.anchor_times]
        yield _gauge("pending_entries", "Promised, not yet in the tree", stored.waiting)
        yield _by_log("log_size", "Entries in the tree", stored.sizes)
        yield _by_log("anchored_size", "Entries finally anchored", stored.anchored)
        yield _by_log("newest_anchor_age_seconds", "Since the block of the newest final", ages)
        held = [(one.log_id, one.size) for one in stored.mirrors]
        there = [(one.log_id, one.anchored) for one in stored.mirrors]
        failing = [(one.log_id, int(one.error is not None)) for one in stored.mirrors]
        yield _by_log("mirrored_size", "Entries kept of a log of another member", held)
        yield _by_log("mirror_anchored_size", "Entries finally anchored of that log", there)
        yield _by_log("mirror_error", "1 where it cannot be followed further now", failing)
        size = [(one.log_id, one.stored) for one in stored.mirrors]
        full = [(one.log_id, int((one.error or "").startswith(FULL))) for one in stored.mirrors]
        yield _by_log("mirror_bytes", "Bytes kept of a log of another member", size)
        yield _by_log("mirror_full", "1 where as much of it is kept as may be", full)
        yield _gauge("files_waiting", "Files received and not yet answered", stored.files)
        yield _gauge("overdue_promises", "Past their due time and not anchored", stored.overdue)
        yield _gauge(
            "quarantined_promises", "With entries that the disk has changed", stored.quarantined
        )
        yield _gauge(
            "content_keys_missing",
            "Under which content is sealed, not at hand",
            stored.keys_missing,
        )

        yield _gauge("acts_followed", "Acts on records that were carried out", stored.acts)
        sending = GaugeMetricFamily(
            "credit_ledger_case_acts",
            "Acts of this member on their way to the chain, or refused for good; held: tried again",
            labels=("state",),
        )
        for state, count in stored.case_acts.items():
            sending.add_metric((state,), count)
        yield sending
        family = GaugeMetricFamily(
            "credit_ledger_acts_behind",
            "Acts that a province has not acknowledged",
            labels=("member",),
        )
        for one in stored.behind:
            family.add_metric((one.member,), one.behind)
        yield family
        for name, text, value in (*stored.cases, *stored.webhooks):
            yield _gauge(name, text, value)

    def _of_memory(self) -> Iterator[GaugeMetricFamily]:
        facts, health = self._chain.known, self._ctx.health
        leads = int(self._lease.held)
        yield _gauge("anchoring", "1 where this gateway integrates and anchors", leads)
        yield _gauge("fault", "1 where an operator must act", int(health.fault is not None))
        yield _error("chain_error", "1 where the chain cannot be read now", health.chain_error)
        yield _error("anchor_error", "1 where anchors do not get there", health.anchor_error)
        yield _error(
            "statuses_error", "1 where acts on records cannot be followed", health.statuses_error
        )
        if health.payer_balance is not None:
            yield _gauge("payer_wei", "What the payer has, as last read", health.payer_balance)
        yield _gauge(
            "chain_block_time_seconds",
            "Time of the last block read; 0 before the first",
            facts.block_time if facts else 0,
        )
        yield from _of_nodes(health.nodes)
        yield _gauge(
            "calendar_days",
            "Days until decisions come whose deadline is not known",
            days_left(self._calendar.current(), self._ctx.clock),
        )
        if self._subjects.figures is not None:
            yield from _of_subjects(self._subjects.figures)
        yield self._refused_files()
        yield self._key_days()

    def _refused_files(self) -> GaugeMetricFamily:
        """Of the files that the operator may change at any time."""
        family = GaugeMetricFamily(
            "credit_ledger_file_refused",
            "1 where a file of the operator is wrong, and what was read before it stands",
            labels=("file",),
        )
        for name, files in (("calendar", self._calendar), ("who", self._who)):
            files.current()
            family.add_metric((name,), int(files.problem is not None))
        return family

    def _key_days(self) -> GaugeMetricFamily:
        """Of the keys in use; 0 where one is not registered, not valid yet, or any more."""
        family = GaugeMetricFamily(
            "credit_ledger_key_days", "Days until a key in use ends", labels=("purpose",)
        )
        facts, keys, now = self._chain.known, self._signing.keys, self._ctx.clock.seconds()
        if facts is None:
            return family
        for purpose, key in keys.registered.items():
            ends = [
                found.not_after - now
                for found in facts.keys
                if found.key_id == key.key_id.hex() and found.valid_at(now)
            ]
            family.add_metric((purpose.name,), math.floor(max(ends, default=0) / DAY))
        return family


def _of_nodes(nodes: Sequence[NodeState]) -> Iterator[GaugeMetricFamily]:
    """Of each node of the chain; where it gave no block of this chain, none is shown."""
    up = _family("node_up", "1 where a node of the chain answers, and is of this chain", "node")
    height = _family("node_height", "Its latest block", "node")
    time = _family("node_block_time_seconds", "Time of its latest block", "node")
    for one in nodes:
        up.add_metric((one.name,), int(one.block is not None))
        if one.block is not None:
            height.add_metric((one.name,), one.block.number)
            time.add_metric((one.name,), one.block.time)
    yield from (up, height, time)


def _of_subjects(figures: Figures) -> Iterator[GaugeMetricFamily]:
    yield _gauge("subjects", "Codes with a name that records came under", figures.known)
    family = GaugeMetricFamily(
        "credit_ledger_double_subjects",
        "Codes with two names and names with two codes, as counted every five minutes",
        labels=("double",),
    )
    for double, number in figures.doubles.items():
        family.add_metric((double.value,), number)
    yield family


def _error(name: str, text: str, code: str | None) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"credit_ledger_{name}", text, labels=("code",))
    family.add_metric((code or "none",), int(code is not None))
    return family


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"credit_ledger_{name}", text, value=value)


def _family(name: str, text: str, label: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"credit_ledger_{name}", text, labels=(label,))


def _by_log(name: str, text: str, rows: Iterable[tuple[bytes, int]]) -> GaugeMetricFamily:
    family = _family(name, text, "log")
    for log_id, value in rows:
        family.add_metric((log_id.hex(),), value)
    return family
