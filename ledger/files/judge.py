"""Judging a file of whatever kind, told by its bytes: a receipt, an opening, a list, a history, a
bundle, an answer, a report.

What `credit-ledger verify` and the gateway's `POST /v1/verify` say of a file is made here, so that
both say the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Final, TypeAlias

from ledger.core import bundle, day_list, history
from ledger.core.bundle import is_bundle
from ledger.core.day_list import is_list
from ledger.core.history import is_history
from ledger.core.ids import sha256
from ledger.core.opening import MAX_OPENING
from ledger.core.receipt import Receipt
from ledger.core.verdict.facts import Question
from ledger.core.verdict.judge import broken
from ledger.core.verdict.verdict import Verdict
from ledger.files.answer_files import MAX_FILE as MAX_ANSWER
from ledger.files.answer_files import AnswerVerdict, is_answer, verify_answer
from ledger.files.bundles import BundleVerdict, verify_bundle
from ledger.files.history import HistoryVerdict, verify_history
from ledger.files.lists import ListVerdict, verify_list
from ledger.files.report_check import ReportVerdict, verify_report
from ledger.files.reports import MAX_FILE as MAX_REPORT
from ledger.files.reports import is_report
from ledger.verify import Verifier

__all__ = ["MAX_BYTES", "MAX_SINGLE", "Found", "holds_many", "judge_file", "not_asked"]

Found: TypeAlias = (
    Verdict | ListVerdict | HistoryVerdict | BundleVerdict | AnswerVerdict | ReportVerdict
)
"""What is said of a file; each has `.verdict`, `.exit` and `.as_dict()`."""
MAX_SINGLE: Final = MAX_OPENING
"""Bytes of a file that is about one record or statement."""
MAX_BYTES: Final = max(
    *(MAX_SINGLE, bundle.MAX_FILE, day_list.MAX_FILE, history.MAX_FILE, MAX_ANSWER, MAX_REPORT)
)
"""Bytes of any file; one byte more is enough to see that it is too long."""

_KINDS: Final[Sequence[tuple[Callable[[bytes], bool], Callable[[Verifier, bytes], Found]]]] = (
    (is_report, verify_report),
    (is_bundle, verify_bundle),
    (is_answer, verify_answer),
    (is_list, verify_list),
)
"""Files that hold many receipts and tell themselves of which time they are."""


def judge_file(
    verifier: Verifier,
    data: bytes,
    question: Question,
    *,
    statement: bytes | None = None,
    receipt: Receipt | None = None,
) -> Found:
    """The verdict on the bytes of a file, whatever they are. statement: that which a receipt is
    of. receipt: that of the statement of a report, in place of the promise in its file. A list,
    bundle, answer or report tells itself of which time it is and whom it is about, a history does
    the latter: what cannot be asked of it (`not_asked`) is left aside."""
    try:
        if receipt is not None and is_report(data):
            found: Found = verify_report(verifier, data, receipt=receipt)
        else:
            found = _judge(verifier, data, question, statement)
        found.as_dict()  # fails here, if at all, and not where it is shown
    except Exception as error:  # a bug of ours must never read "not authentic"
        problem = f"{type(error).__name__}: {error}"
        return broken(sha256(data), problem, question, verifier.trust)
    return found


def holds_many(data: bytes) -> bool:
    """Whether it is a file that holds many receipts. Its beginning is enough."""
    return is_history(data) or any(is_one(data) for is_one, _ in _KINDS)


def not_asked(data: bytes, question: Question) -> list[str]:
    """Names of what the question asks though it cannot be asked of this file, as the routes and
    the options have them."""
    if not holds_many(data):
        return []
    asked = {
        "subject": question.subject,
        "type": question.type,
        "issuer": question.issuer,
        "audience": question.audience,
        "witnesses": question.witnesses or None,
        "asOf": None if is_history(data) else question.as_of,
    }
    return [name for name, value in asked.items() if value is not None]


def _judge(verifier: Verifier, data: bytes, question: Question, statement: bytes | None) -> Found:
    if statement is not None:
        return verifier.verify(data, question, statement=statement)
    if not holds_many(data):
        return verifier.verify(data, question)
    for is_one, verify in _KINDS:
        if is_one(data):
            return verify(verifier, data)
    day = None if question.as_of is None else date.fromisoformat(question.as_of)
    return verify_history(verifier, data, day)
