"""Dying on purpose at a named stage, so that tests can prove what survives.

`CREDIT_LEDGER_CRASH_AT=STAGE:before|after` makes the process kill itself there, as `kill -9`
would: nothing is flushed, no handler runs. Production settings refuse the variable.
"""

from __future__ import annotations

import os
import signal
from typing import Literal, get_args

Stage = Literal[
    "intake.stored",
    "statement.batched",
    "log.integrated",
    "mirror.kept",
    "anchor.signed",
    "anchor.sent",
    "anchor.mined",
    "anchor.recorded",
    "message.sent",
    "follower.applied",
    "ack.sent",
    "case.stored",
    "query.stated",
    "use.kept",
    "product.stored",
    "product.signed",
    "product.sent",
    "product.recorded",
    "product.noticed",
    "product.noticed-anew",
    "outcome.stated",
    "report.kept",
    "case-file.taken",
    "case-file.judged",
    "act.signed",
    "act.sent",
    "act.recorded",
    "authorisation.stored",
    "authorisation.taken",
    "authorisation.handed",
    "revocation.requested",
    "revocation.signed",
    "revocation.sent",
    "revocation.recorded",
    "record.erased",
    "record.swept",
    "subject.taken",
    "webhook.sent",
]
When = Literal["before", "after"]

VARIABLE = "CREDIT_LEDGER_CRASH_AT"
POINTS = frozenset(f"{stage}:{when}" for stage in get_args(Stage) for when in get_args(When))
"""Every value the variable may have."""


def crash_point(stage: Stage, when: When) -> None:
    """Kill this process where the environment asks for it; otherwise do nothing."""
    if os.environ.get(VARIABLE) == f"{stage}:{when}":
        os.kill(os.getpid(), signal.SIGKILL)
