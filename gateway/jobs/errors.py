"""What a failure means for the job that met it.

transient   the world is not ready (signer, chain, database, disk): wait; no attempt of the job's
permanent   what was sent is wrong: answer it, which the domain does
poison      nobody knows, perhaps it kills the process: count, then set aside, and keep the content
"""

from __future__ import annotations

from gateway.base.errors import TRANSIENT, NotReady
from ledger.core.errors import LedgerError

MAX_PAUSE = 60
"""Seconds after which what is in the way is looked for again, at the latest."""
PAUSE = 5
"""Seconds, where it is not said when asking again makes sense."""


class TakenOver(LedgerError):
    """Another worker has gone on with this job meanwhile."""


def transient(error: BaseException) -> int | None:
    """After how many seconds to try again; None where waiting does not help."""
    if not isinstance(error, TRANSIENT):
        return None
    return min(max(error.retry_after, 1), MAX_PAUSE) if isinstance(error, NotReady) else PAUSE


def code_of(error: BaseException) -> str:
    """A word for the operator: the error's code, or its type."""
    code = getattr(error, "code", None)
    return (
        code if isinstance(code, str) and isinstance(error, LedgerError) else type(error).__name__
    )
