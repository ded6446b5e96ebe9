"""The thread that makes the daily batch."""

from __future__ import annotations

import threading

import structlog

from gateway.base.errors import NotReady
from gateway.base.threads import Step
from gateway.statements.batch import DailyBatch

EVERY = 20.0
"""Seconds between two looks at the clock. A batch that cannot go now is tried again then; its
promises leave it hours."""

_log = structlog.get_logger(__name__)


def batcher(batch: DailyBatch) -> Step:
    """One step of the thread that does it."""

    def step(_stop: threading.Event) -> float:
        try:
            batch.step()
        except NotReady as error:  # said again and again, as long as it waits
            _log.warning("statements.wait", reason=error.code)
        return EVERY

    return step
