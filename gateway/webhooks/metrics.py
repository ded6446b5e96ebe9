"""Figures of this process."""

from __future__ import annotations

from prometheus_client import Counter

from gateway.base.metrics import REGISTRY

DELIVERIES = Counter(
    "credit_ledger_webhook_deliveries",
    "Events sent to programs that take them: delivered, failed and tried again, or given up (dead)",
    ("result",),
    registry=REGISTRY,
)
for _result in ("delivered", "failed", "dead"):
    DELIVERIES.labels(_result)  # shown as 0 from the start
