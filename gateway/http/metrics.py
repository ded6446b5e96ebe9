"""What is counted of requests."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

from gateway.base.metrics import REGISTRY, SECONDS

HTTP_REQUESTS = Counter(
    "credit_ledger_http_requests", "Requests", ("route", "method", "status"), registry=REGISTRY
)
HTTP_SECONDS = Histogram(
    "credit_ledger_http_request_seconds",
    "Seconds from the first byte of a request to the last of its answer",
    ("route",),
    buckets=SECONDS,
    registry=REGISTRY,
)
REFUSED = Counter(
    "credit_ledger_http_refused",
    "Requests refused before their route",
    ("code",),
    registry=REGISTRY,
)
