"""What is counted of rows."""

from __future__ import annotations

from collections import Counter as Counted
from collections.abc import Sequence

from prometheus_client import Counter, Histogram

from gateway.base.metrics import REGISTRY, SECONDS
from gateway.intake.interfaces import RowAnswer
from ledger.records import schema as schemas

ROWS = Counter("credit_ledger_intake_rows", "Rows judged", ("type", "verdict"), registry=REGISTRY)
ROW_ERRORS = Counter(
    "credit_ledger_intake_errors", "Rejected rows by their first code", ("code",), registry=REGISTRY
)
SUBJECT_CODES = Counter(
    "credit_ledger_subject_codes",
    "Rows by whether the code of their subject is one",
    ("found",),
    registry=REGISTRY,
)
RIGHT, WRONG = "right", "wrong"
for _found in (RIGHT, WRONG):
    SUBJECT_CODES.labels(_found)  # shown as 0 from the start, so that a share can be had
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
    wrong = sum(map(_has_wrong_code, answers))
    SUBJECT_CODES.labels(WRONG).inc(wrong)
    SUBJECT_CODES.labels(RIGHT).inc(len(answers) - wrong)


def _has_wrong_code(answer: RowAnswer) -> bool:
    """Whether the code of the subject is none: its form or its check characters."""
    wrong = [error for error in answer.errors if error.code.startswith("uscc-")]
    if not wrong or (schema := schemas.find(answer.kind)) is None:
        return False
    return any(error.field == schema.subject.code for error in wrong)
