"""Prometheus metrics of the process. Labels are taken from closed lists, never from content."""

from __future__ import annotations

from collections import Counter as Counted
from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from gateway.intake.interfaces import RowAnswer
from gateway.intake.readiness import anchored_sizes
from gateway.log.models import entries, logs
from gateway.node import Node

REGISTRY = CollectorRegistry()
"""Counters live as long as the process; values of one node are read when asked for."""

_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5, 10, 30)

HTTP_REQUESTS = Counter(
    "credit_ledger_http_requests", "Requests", ("route", "method", "status"), registry=REGISTRY
)
HTTP_SECONDS = Histogram(
    "credit_ledger_http_request_seconds",
    "Seconds from the first byte of a request to the last of its answer",
    ("route",),
    buckets=_SECONDS,
    registry=REGISTRY,
)
ROWS = Counter("credit_ledger_intake_rows", "Rows judged", ("type", "verdict"), registry=REGISTRY)
ROW_ERRORS = Counter(
    "credit_ledger_intake_errors", "Rejected rows by their first code", ("code",), registry=REGISTRY
)
SETS = Histogram(
    "credit_ledger_intake_set_seconds",
    "Seconds in which one set of rows was judged, stored and promised",
    buckets=_SECONDS,
    registry=REGISTRY,
)
REFUSED = Counter(
    "credit_ledger_http_refused",
    "Requests refused before their route",
    ("code",),
    registry=REGISTRY,
)


def count_rows(answers: Sequence[RowAnswer]) -> None:
    """Count the answers to a set."""
    kinds = Counted((answer.kind, answer.verdict) for answer in answers)
    for (kind, verdict), number in kinds.items():
        ROWS.labels(kind, verdict).inc(number)
    codes = Counted(answer.errors[0].code for answer in answers if answer.verdict == "rejected")
    for code, number in codes.items():
        ROW_ERRORS.labels(code).inc(number)


class NodeCollector(Collector):
    """Figures of the log, read from the database when a scraper asks."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def collect(self) -> Iterator[GaugeMetricFamily]:
        with self._node.engine.connect() as connection:
            taken = connection.scalar(sa.select(sa.func.max(entries.c.id))) or 0
            sizes = [(row.log_id, row.size) for row in connection.execute(sa.select(logs))]
            anchored = anchored_sizes(connection)
        facts = self._node.chain.known
        waiting = taken - sum(size for _, size in sizes)
        yield _gauge("pending_entries", "Promised, not yet in the tree", waiting)
        yield _by_log("log_size", "Entries in the tree", sizes)
        yield _by_log("anchored_size", "Entries finally anchored", anchored)
        leads = int(self._node.lease.held)
        yield _gauge("anchoring", "1 where this gateway integrates and anchors", leads)
        yield _gauge("fault", "1 where an operator must act", int(self._node.fault is not None))
        yield _gauge(
            "chain_block_time_seconds",
            "Time of the last block read; 0 before the first",
            facts.block_time if facts else 0,
        )


def render(node: Node) -> tuple[bytes, str]:
    """The text of /metrics and its content type."""
    own = CollectorRegistry()
    own.register(NodeCollector(node))
    return generate_latest(REGISTRY) + generate_latest(own), CONTENT_TYPE_LATEST


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"credit_ledger_{name}", text, value=value)


def _by_log(name: str, text: str, rows: list[tuple[bytes, int]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"credit_ledger_{name}", text, labels=("log",))
    for log_id, value in rows:
        family.add_metric((log_id.hex(),), value)
    return family
