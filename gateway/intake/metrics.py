"""What is counted of rows."""

from __future__ import annotations

from collections import Counter as Counted
from collections.abc import Sequence

from prometheus_client import Counter, Histogram

from gateway.base.metrics import REGISTRY, SECONDS
from gateway.intake.interfaces import RowAnswer

ROWS = Counter("credit_ledger_intake_rows", "Rows judged", ("type", "verdict"), registry=REGISTRY)
ROW_ERRORS = Counter(
    "credit_ledger_intake_errors", "Rejected rows by their first code", ("code",), registry=REGISTRY
)
SETS = Histogram(
    "credit_ledger_intake_set_seconds",
    "Seconds in which one set of rows was judged, stored and promised",
    buckets=SECONDS,
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
