"""What a failure means for the job that met it.

transient   the world is not ready (signer, chain, database, disk): wait; no attempt of the job's
permanent   what was sent is wrong: answer it, which the domain does
poison      nobody knows, perhaps it kills the process: count, then set aside, and keep the content
"""

from __future__ import annotations

from gateway.base.errors import NotReady
from gateway.base.transient import TRANSIENT
from ledger.core.errors import LedgerError

MAX_PAUSE = 60
"""Seconds after which what is in the way is looked for again, at the latest."""
PAUSE = 5
"""Seconds, where it is not said when asking again makes sense."""
MAX_DOUBLED = 6
"""Times that a pause is doubled: beyond it every pause is the longest."""


class NotBegun(NotReady):
    """What is in the way was seen before any work was done, so looking again costs nothing."""


class TakenOver(LedgerError):
    """Another worker has gone on with this job meanwhile."""


def transient(error: BaseException, waits: int = 0) -> int | None:
    """After how many seconds to try again; None where waiting does not help. waits: times that the
    job was put off before. Each try may read a whole file anew, so they become rarer."""
    if not isinstance(error, TRANSIENT):
        return None
    pause = max(error.retry_after, 1) if isinstance(error, NotReady) else PAUSE
    if not isinstance(error, NotBegun):
        pause *= 2 ** min(waits, MAX_DOUBLED)
    return min(pause, MAX_PAUSE)


def code_of(error: BaseException) -> str:
    """A word for the operator: the error's code, or its type."""
    code = getattr(error, "code", None)
    return (
        code if isinstance(code, str) and isinstance(error, LedgerError) else type(error).__name__
    )
