"""Forgetting what the access log has kept long enough."""

from __future__ import annotations

import threading

from gateway.accesses.services import AccessLog
from gateway.base.threads import Step

EVERY = 3600.0
"""Seconds between two looks."""


def tidier(log: AccessLog, days: int) -> Step:
    """One step of the thread that does it. days: how long lines are kept."""

    def tidy(stop: threading.Event) -> float:
        log.forget(days, stop)
        return EVERY

    return tidy
