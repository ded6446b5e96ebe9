"""The registry of this process: counters live as long as it does. Labels are taken from closed
lists, never from content."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter

REGISTRY = CollectorRegistry()

SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5, 10, 30)
"""Buckets of durations."""

TIMEOUTS = Counter(
    "credit_ledger_timeouts",
    "Calls outward that had no answer within their time",
    ("kind",),
    registry=REGISTRY,
)
TIMEOUT_KINDS = ("database", "pool", "signer", "chain", "peer", "webhook")
"""pool: no connection to the database came free. peer: another member. webhook: a program that
takes events."""
for _kind in TIMEOUT_KINDS:
    TIMEOUTS.labels(_kind)  # shown as 0 from the start, so that an alert sees the first one

WORKER_FAILURES = Counter(
    "credit_ledger_worker_failures",
    "Steps of a thread that failed; it goes on after a pause",
    ("worker",),
    registry=REGISTRY,
)
WORKER_DEATHS = Counter(
    "credit_ledger_worker_deaths",
    "Processes that ended in the middle of their work; others took it over",
    registry=REGISTRY,
)
