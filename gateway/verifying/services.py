"""What judges: a verifier that lives as long as the gateway, and places for files in memory.

It goes by the network file and the chain alone, as `credit-ledger verify` does; nothing that this
gateway holds has a word in it.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog

from gateway.base.context import Context
from gateway.base.errors import NotReady
from gateway.chain.verifiers import Verifiers
from ledger.core.verdict.facts import Question
from ledger.core.verdict.verdict import Verdict
from ledger.files.judge import Found, judge_file

AT_ONCE: Final = 32
"""Files that are held in memory, of all tokens."""
OF_ONE: Final = 8
"""Of these, those of one token: others find room."""
LARGE: Final = 2
"""Of these, files that hold many receipts."""
DEADLINE_SECONDS: Final = 60.0
"""For what is asked of the chain about one receipt; whoever waits for the answer waits no longer
than proxies do."""
RETRY_SECONDS: Final = 5

_log = structlog.get_logger(__name__)


class Places:
    """Places for files. Safe in threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of: Counter[int] = Counter()
        self._large = threading.BoundedSemaphore(LARGE)

    @contextmanager
    def hold(self, token: int) -> Iterator[None]:
        """One for a token. Raises NotReady where it, or all, have none left."""
        with self._lock:
            if self._of.total() >= AT_ONCE or self._of[token] >= OF_ONE:
                raise NotReady("busy-verifying", RETRY_SECONDS)
            self._of[token] += 1
        try:
            yield
        finally:
            with self._lock:
                self._of[token] -= 1
                self._of += Counter()  # drops those of none

    @contextmanager
    def hold_large(self) -> Iterator[None]:
        """One for a file that holds many receipts, beside the other. Raises NotReady."""
        if not self._large.acquire(blocking=False):
            raise NotReady("busy-verifying", RETRY_SECONDS)
        try:
            yield
        finally:
            self._large.release()


class Verifying:
    """Judges files; safe in threads. The verifier is made when it is first asked for."""

    def __init__(self, ctx: Context) -> None:
        self._verifiers = Verifiers(ctx, deadline=DEADLINE_SECONDS)
        self.places = Places()

    def verdict(self, data: bytes, question: Question) -> Found:
        """The verdict on the bytes of a file. Raises NotReady where there are too few nodes for any
        verdict."""
        found = judge_file(self._verifiers.current(), data, question)
        if isinstance(found, Verdict):
            codes = (check.code for check in found.checks)
            if "verifier-error" in codes:  # what it says is for whoever asked, and for no log
                _log.error("verify.failed")
        return found

    def close(self) -> None:
        """Drop the connections."""
        self._verifiers.close()
