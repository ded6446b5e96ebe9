"""What judges: a verifier that lives as long as the gateway, and places for files in memory.

It goes by the network file and the chain alone, as `credit-ledger verify` does; nothing that this
gateway holds has a word in it.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Final

import structlog

from gateway.base.context import Context
from gateway.base.errors import NotReady
from gateway.chain.verifiers import Verifiers
from ledger.core.ids import RecordId
from ledger.core.receipt import Receipt
from ledger.core.status import RecordedAct
from ledger.core.verdict.facts import Question, Trust
from ledger.core.verdict.verdict import Verdict
from ledger.core.verdict.verdicts import EXIT_UNKNOWN
from ledger.files.judge import Found, judge_file
from ledger.verify import trust_of

TOKENS: Final = (32, 8, 2, 2)
"""Files that are held in memory, of all tokens; of these, those of one token: others find room; of
these, files that hold many receipts; of these, those of one token."""
STRANGERS: Final = (16, 2, 2, 1)
"""The same of those who show no token, by address."""
DEADLINE_SECONDS: Final = 60.0
"""For what is asked of the chain about one receipt; whoever waits for the answer waits no longer
than proxies do."""
RETRY_SECONDS: Final = 5

_log = structlog.get_logger(__name__)


class Places:
    """Places for files. at_once: of all. of_one: of these, those of one who asks. large: of these,
    those for files that hold many receipts. large_of_one: of these, those of one who asks, so that
    one who sends drop by drop does not keep the others out. Safe in threads; a place may be left in
    another thread than it was taken in."""

    def __init__(self, at_once: int, of_one: int, large: int, large_of_one: int) -> None:
        self.all = Counted(at_once, of_one)
        self.large = Counted(large, large_of_one)

    def hold(self, asker: int | str) -> AbstractContextManager[None]:
        """One for a token, or an address. Raises NotReady where it, or all, have none left."""
        return self.all.hold(asker)

    def hold_large(self, asker: int | str) -> AbstractContextManager[None]:
        """One for a file that holds many receipts, beside the other. Raises NotReady."""
        return self.large.hold(asker)


class Counted:
    """Places of one kind, in all and of one who asks. Safe in threads."""

    def __init__(self, most: int, of_one: int) -> None:
        self.most = most
        self.of_one = of_one
        self._lock = threading.Lock()
        self._of: Counter[int | str] = Counter()

    @contextmanager
    def hold(self, asker: int | str) -> Iterator[None]:
        """One of them. Raises NotReady."""
        with self._lock:
            if self._of.total() >= self.most or self._of[asker] >= self.of_one:
                raise NotReady("busy-verifying", RETRY_SECONDS)
            self._of[asker] += 1
        try:
            yield
        finally:
            with self._lock:
                self._of[asker] -= 1
                self._of += Counter()  # drops those of none


class Verifying:
    """Judges files; safe in threads. The verifier is made when it is first asked for."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._verifiers = Verifiers(ctx, deadline=DEADLINE_SECONDS)
        self.places = Places(*TOKENS)
        self.strangers = Places(*STRANGERS)

    def verdict(
        self,
        data: bytes,
        question: Question,
        *,
        older: float | None = None,
        receipt: Receipt | None = None,
    ) -> Found:
        """The verdict on the bytes of a file. older: seconds after which the chain is read anew;
        None: as the verifier does. receipt: of the statement of a report; it is checked like all
        that is in the file. Raises NotReady where there are too few nodes for any verdict."""
        verifier = self._verifiers.current()
        if older is not None:
            verifier.renew(older)
        found = judge_file(verifier, data, question, receipt=receipt)
        if older and found.exit == EXIT_UNKNOWN:  # what it needs may have come to the chain since
            verifier.renew(0.0)
            found = judge_file(verifier, data, question, receipt=receipt)
        if isinstance(found, Verdict):
            codes = (check.code for check in found.checks)
            if "verifier-error" in codes:  # what it says is for whoever asked, and for no log
                _log.error("verify.failed")
        return found

    def acts(self, record: RecordId) -> Sequence[RecordedAct]:
        """All acts on a record, in their order. Raises CouldNotCheck, NotReady."""
        return self._verifiers.current().acts(record)

    @property
    def trust(self) -> Trust:
        """What of the network file verdicts are judged by."""
        return trust_of(self._ctx.network)

    def close(self) -> None:
        """Drop the connections."""
        self._verifiers.close()
