"""Prometheus metrics of the process. Labels are taken from closed lists, never from content."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from gateway.anchoring.models import anchors
from gateway.log.models import logs, pending
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
ROWS = Counter(
    "credit_ledger_intake_rows", "Rows judged", ("type", "verdict"), registry=REGISTRY
)
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
    "credit_ledger_http_refused", "Requests refused before their route", ("code",),
    registry=REGISTRY,
)


class NodeCollector(Collector):
    """Figures of the log, read from the database when a scraper asks."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def collect(self) -> Iterator[GaugeMetricFamily]:
        with self._node.engine.connect() as connection:
            waiting = connection.scalar(sa.select(sa.func.count()).select_from(pending))
            sizes = connection.execute(sa.select(logs.c.log_id, logs.c.size)).all()
            anchored = connection.execute(
                sa.select(logs.c.log_id, sa.func.max(anchors.c.size))
                .join(anchors, anchors.c.log == logs.c.id)
                .where(anchors.c.state == "final")
                .group_by(logs.c.log_id)
            ).all()
        yield _gauge("pending_entries", "Promised, not yet in the tree", waiting or 0)
        yield _by_log("log_size", "Entries in the tree", [tuple(row) for row in sizes])
        yield _by_log("anchored_size", "Entries finally anchored", [tuple(row) for row in anchored])
        yield _gauge("fault", "1 where an operator must act", int(self._node.fault is not None))
        facts = self._node.chain.known
        yield _gauge("chain_block_time", "Time of the last block read", facts.block_time if facts else 0)


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
