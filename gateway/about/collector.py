"""Figures of one node for Prometheus, read when a scraper asks."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from gateway.anchoring.progress import anchored_sizes
from gateway.base.context import Context
from gateway.base.lease import Lease
from gateway.base.metrics import REGISTRY
from gateway.chain.view import ChainView
from gateway.log.models import entries, logs


class NodeCollector(Collector):
    """Figures of the log, read from the database when a scraper asks."""

    def __init__(self, ctx: Context, chain: ChainView, lease: Lease) -> None:
        self._ctx = ctx
        self._chain = chain
        self._lease = lease

    def collect(self) -> Iterator[GaugeMetricFamily]:
        with self._ctx.engine.connect() as connection:
            taken = connection.scalar(sa.select(sa.func.max(entries.c.id))) or 0
            sizes = [(row.log_id, row.size) for row in connection.execute(sa.select(logs))]
            anchored = anchored_sizes(connection)
        facts = self._chain.known
        waiting = taken - sum(size for _, size in sizes)
        yield _gauge("pending_entries", "Promised, not yet in the tree", waiting)
        yield _by_log("log_size", "Entries in the tree", sizes)
        yield _by_log("anchored_size", "Entries finally anchored", anchored)
        leads = int(self._lease.held)
        yield _gauge("anchoring", "1 where this gateway integrates and anchors", leads)
        yield _gauge(
            "fault", "1 where an operator must act", int(self._ctx.health.fault is not None)
        )
        yield _gauge(
            "chain_block_time_seconds",
            "Time of the last block read; 0 before the first",
            facts.block_time if facts else 0,
        )


def render(collector: Collector) -> tuple[bytes, str]:
    """The text of /metrics and its content type."""
    own = CollectorRegistry()
    own.register(collector)
    return generate_latest(REGISTRY) + generate_latest(own), CONTENT_TYPE_LATEST


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"credit_ledger_{name}", text, value=value)


def _by_log(name: str, text: str, rows: list[tuple[bytes, int]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"credit_ledger_{name}", text, labels=("log",))
    for log_id, value in rows:
        family.add_metric((log_id.hex(),), value)
    return family
