"""Receipts of other members, judged as anybody's."""

from __future__ import annotations

import threading
from collections.abc import Callable

from gateway.base.context import Context
from ledger.chain.nodes.quorum import QuorumReader
from ledger.core.verdict.facts import Question
from ledger.core.verdict.statement import StatementVerdict
from ledger.core.verdict.verdict import Verdict
from ledger.verify import Verifier

UNDETERMINED = "undetermined"


class Judge:
    """Verifies by the head that was read last, and where that does not do by the latest: a record
    that was anchored a moment ago lies beyond the other. Safe to share between threads."""

    def __init__(self, ctx: Context) -> None:
        development = ctx.settings.env == "development"
        self._reader = QuorumReader(ctx.network, now=ctx.clock.of_chain, development=development)
        self._make: Callable[[], Verifier] = lambda: Verifier(
            ctx.network,
            schemas=ctx.schemas.latest(),
            now=ctx.clock.of_chain,
            reader=self._reader,
            development=development,
        )
        self._lock = threading.Lock()
        self._verifier: Verifier | None = None

    def verify(self, data: bytes, question: Question) -> Verdict:
        """The verdict on the bytes of a receipt file, or of an opening."""
        with self._lock:
            held = self._verifier
        verdict = None if held is None else held.verify(data, question)
        if verdict is None or _may_be_better(verdict):
            with self._lock:
                fresh = self._verifier = self._make()
            verdict = fresh.verify(data, question)
        return verdict

    def close(self) -> None:
        """Drop the connections."""
        self._reader.close()


def _may_be_better(verdict: Verdict) -> bool:
    """Whether a newer head may say more: not of what is promised alone."""
    promised = isinstance(verdict, StatementVerdict) and verdict.is_promised
    return verdict.verdict == UNDETERMINED and not promised
